import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest

from keras_bert.checkpoints import read_checkpoint
from keras_bert.downloads import cache, transfer
from keras_bert.downloads.repositories import cache_key
from keras_bert.presets import resolve_preset

pytest.importorskip("huggingface_hub")

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "sentence_transformers"
NAME = "someone/An-Encoder_v1.5"
HANDLE = f"hf://{NAME}"
NOT_ASKED = {
    "pytorch_model.bin": b"\x80\x04cos\nsystem\n",
    "modeling_custom.py": b"raise SystemExit",
    "onnx/model.onnx": b"x" * 100,
    "README.md": b"# card",
    "1_Pooling/../../evil/config.json": b"{}",
    "../config.json": b"{}",
}


@pytest.fixture
def files():
    paths = [path for path in GOLDEN.rglob("*") if path.is_file()]
    named = {path.relative_to(GOLDEN).as_posix(): path.read_bytes() for path in paths}
    del named["embeddings.json"]
    return named


@pytest.fixture
def folder(tmp_path):
    """Where the model comes to lie."""
    return tmp_path / "cache" / "models" / cache_key(NAME, "main")


def test_the_files_of_a_model_arrive_and_are_read(server, files, folder, tree):
    server.add_repository(NAME, files | NOT_ASKED)
    assert resolve_preset(HANDLE) == folder
    record = json.loads((folder / "fetched.json").read_text())
    assert tree(folder).keys() == {*files, "fetched.json"}
    assert {name: tree(folder)[name] for name in files} == files
    assert (record["repository"], record["revision"]) == (NAME, "main")
    assert record["files"]["vocab.txt" if "vocab.txt" in files else "tokenizer.json"]["git"]
    assert record["files"]["model.safetensors"]["sha256"]
    assert read_checkpoint(folder).metadata["class_name"] == "BertSentenceEncoder"
    ours = [(path, headers) for _, path, _, headers in server.requests if NAME in path]
    asked = {path.partition("/resolve/")[2].partition("/")[2] for path, _ in ours}
    assert asked == {*files, ""}  # and the list of files
    assert {headers.get("Authorization") for _, headers in ours} == {"Bearer a-secret"}
    # Here for good: neither a network nor a list is needed again.
    before = len(server.requests)
    assert resolve_preset(HANDLE) == folder
    assert len(server.requests) == before
    assert not list((folder.parents[1] / "downloads").glob("*/*"))


def test_a_commit_has_a_place_of_its_own(server, files, folder):
    server.add_repository(NAME, files)
    resolve_preset(HANDLE)
    commit = json.loads((folder / "fetched.json").read_text())["commit"]
    assert resolve_preset(f"{HANDLE}@{commit}") == folder.with_name(cache_key(NAME, commit))


def test_huggingface_hub_fetches_the_same(server, files, folder, tree, tmp_path, monkeypatch):
    """Its own client understands the server of these tests; and its cache is made use of."""
    import huggingface_hub

    server.add_repository(NAME, files)
    options = {"revision": server.commit, "endpoint": server.url, "cache_dir": tmp_path / "hub"}
    paths = {name: huggingface_hub.hf_hub_download(NAME, name, **options) for name in files}
    assert {name: pathlib.Path(path).read_bytes() for name, path in paths.items()} == files
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    pathlib.Path(paths["model.safetensors"]).write_bytes(b"damaged since")
    server.requests.clear()
    resolve_preset(HANDLE)
    assert [path for path, _ in server.asked() if path != "main"] == ["model.safetensors"]
    assert {name: tree(folder)[name] for name in files} == files


@pytest.mark.parametrize("change", [{"size": None}, {"blobId": None}])
def test_a_list_without_checksums_is_refused(server, files, folder, change):
    server.add_repository(NAME, files)
    entry = server.repositories[NAME][0]
    entry |= change
    expected = rf"a size and a checksum for each file of {NAME}; received .*{entry['rfilename']}"
    with pytest.raises(ValueError, match=expected):
        resolve_preset(HANDLE)
    assert not folder.exists()


def test_a_wrong_checksum_leaves_no_model(server, files, folder, tree):
    server.add_repository(NAME, files, lies=("model.safetensors",))
    with pytest.raises(ValueError, match=r"expected model.safetensors of http.* sha256 checksum"):
        resolve_preset(HANDLE)
    assert not folder.exists()
    # What the hub has put right is fetched; what came whole before is not asked for again.
    server.add_repository(NAME, files)
    server.requests.clear()
    resolve_preset(HANDLE)
    assert sorted(path for path, _ in server.asked()) == ["main", "model.safetensors"]


def test_a_small_file_that_was_changed_on_the_way(server, files, folder):
    server.add_repository(NAME, files, lies=("config.json",))
    with pytest.raises(ValueError, match=r"with the git checksum [0-9a-f]{40}; received"):
        resolve_preset(HANDLE)
    assert not folder.exists()


def test_a_broken_download_goes_on_in_a_later_call(server, files, folder, monkeypatch):
    server.add_repository(NAME, files)
    monkeypatch.setattr(transfer, "ATTEMPTS", 1)
    smaller = sum(len(content) < len(files["model.safetensors"]) for content in files.values())
    server.faults = [("none",)] * smaller + [("cut", 20_000), ("cut", 0)]
    with pytest.raises(ConnectionError, match="what arrived is kept"):
        resolve_preset(HANDLE)
    assert not folder.exists()
    server.requests.clear()
    server.faults.clear()
    resolve_preset(HANDLE)
    assert [entry for entry in server.asked() if entry[0] != "main"] == [
        ("model.safetensors", 20_000)
    ]


FETCH = f"from keras_bert.presets import resolve_preset; resolve_preset({HANDLE!r})"


def test_a_killed_process_leaves_parts_and_no_model(server, files, folder):
    server.add_repository(NAME, files)
    smaller = sum(len(content) < len(files["model.safetensors"]) for content in files.values())
    server.faults = [("none",)] * smaller + [("stall", 20_000)]
    process = subprocess.Popen([sys.executable, "-c", FETCH], env=os.environ.copy())
    parts = folder.parents[1] / "downloads"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        partial = list(parts.glob("*/*/model.safetensors.*.partial"))
        if partial and partial[0].stat().st_size == 20_000:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not folder.exists()
    server.requests.clear()
    assert resolve_preset(HANDLE) == folder  # and the lock died with its process
    assert ("model.safetensors", 20_000) in server.asked()
    assert read_checkpoint(folder).heads == ("embedding",)


def test_two_at_once_fetch_once(server, files, folder):
    server.add_repository(NAME, files)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(resolve_preset(HANDLE))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [folder, folder]
    assert [path for path, _ in server.asked()].count("tokenizer.json") == 1


def test_shards_are_fetched_with_their_index(server, files, folder):
    names = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    index = {"weight_map": {"a": names[0], "b": names[1]}}
    files["model.safetensors.index.json"] = json.dumps(index).encode()
    files |= dict.fromkeys(names, files.pop("model.safetensors"))
    server.add_repository(NAME, files)
    resolve_preset(HANDLE)
    assert {*names, "model.safetensors.index.json"} <= {path.name for path in folder.iterdir()}


def test_a_pickle_alone_is_refused_before_anything_is_fetched(server, files, folder):
    del files["model.safetensors"]
    server.add_repository(NAME, files | NOT_ASKED)
    expected = r"expected config.json and model.safetensors in someone/.*pytorch_model.bin.*pickle"
    with pytest.raises(ValueError, match=expected):
        resolve_preset(HANDLE)
    assert [path for path, _ in server.asked()] == ["main"]


def test_no_such_repository_or_revision(server, files):
    expected = "expected a public repository someone/none with the revision main at .*HTTP 404"
    with pytest.raises(FileNotFoundError, match=expected):
        resolve_preset("hf://someone/none")
    server.add_repository(NAME, files)
    with pytest.raises(FileNotFoundError, match="with the revision v9 at"):
        resolve_preset(f"{HANDLE}@v9")


@pytest.mark.parametrize("name", ["noowner", "a/b/c", "../x/y", "a/b@..\\c", "a b/c", "/", "../.."])
def test_names_that_no_repository_has(server, name):
    with pytest.raises(ValueError, match="expected OWNER/NAME, or OWNER/NAME@REVISION; received"):
        resolve_preset(f"hf://{name}")
    assert not server.requests


def test_without_a_network(server):
    server.http.shutdown()
    server.http.server_close()
    expected = f"expected an answer of {server.url} about {NAME}; received: .*Without a network"
    with pytest.raises(ConnectionError, match=expected):
        resolve_preset(HANDLE)


@pytest.mark.parametrize("variable", cache.OFFLINE_VARIABLES)
def test_offline_asks_nobody(server, files, folder, monkeypatch, variable):
    server.add_repository(NAME, files)
    monkeypatch.setenv(variable, "1")
    expected = f"expected '{HANDLE}' in .*, since {variable} leaves the network alone; received no"
    with pytest.raises(FileNotFoundError, match=expected):
        resolve_preset(HANDLE)
    assert not server.requests
    monkeypatch.setenv(variable, "0")
    resolve_preset(HANDLE)
    monkeypatch.setenv(variable, "1")
    assert resolve_preset(HANDLE) == folder


def test_without_huggingface_hub(server, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    expected = r'expected huggingface_hub, .*: pip install "keras-bert-text\[download\]"'
    with pytest.raises(ModuleNotFoundError, match=expected):
        resolve_preset(HANDLE)


def test_a_disk_that_is_full(server, files, folder, monkeypatch):
    from keras_bert.checkpoints import atomic

    def full(_):
        raise OSError(28, "No space left on device")

    server.add_repository(NAME, files)
    with monkeypatch.context() as patch:
        patch.setattr(atomic, "_flush", full)
        with pytest.raises(OSError, match=r"expected room and permission .*No space left"):
            resolve_preset(HANDLE)
    assert not list((folder.parent).glob("*"))
    assert resolve_preset(HANDLE) == folder


def test_where_the_cache_lies(monkeypatch):
    monkeypatch.delenv("KERAS_BERT_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache.cache_folder() == pathlib.Path("/x/keras_bert")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache.cache_folder() == pathlib.Path.home() / ".cache" / "keras_bert"
