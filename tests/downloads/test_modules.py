"""Archives of models from this machine, and TF Hub's modules from a server."""

import io
import pathlib
import shutil
import tarfile

import pytest

from keras_bert.downloads.archives import _as_archive
from keras_bert.presets import resolve_preset

ARCHIVE = pathlib.Path(__file__).parents[1] / "golden" / "tf_models" / "encoder.tar.gz"


def test_an_archive_is_unpacked_into_the_cache_once(server, tmp_path):
    shutil.copy(ARCHIVE, tmp_path / "encoder.tar.gz")
    folder = resolve_preset(tmp_path / "encoder.tar.gz")
    assert (folder / "saved_model.pb").is_file()
    assert (folder / "variables" / "variables.index").is_file()
    assert tmp_path / "cache" in folder.parents
    (folder / "mark").touch()
    shutil.move(tmp_path / "encoder.tar.gz", tmp_path / "renamed.tgz")
    assert resolve_preset(tmp_path / "renamed.tgz") == folder
    assert (folder / "mark").exists()


@pytest.mark.parametrize("suffix", ["", "/model.tar.gz"])
def test_a_module_is_fetched_from_its_address_once(server, suffix):
    path = f"/google/small_bert/1{suffix}"
    server.files[path] = ARCHIVE.read_bytes()
    folder = resolve_preset(server.url + path)
    assert (folder / "saved_model.pb").is_file()
    asked = len(server.requests)
    assert resolve_preset(server.url + path) == folder
    assert len(server.requests) == asked


def test_the_archive_of_a_module_is_asked_for_as_tf_hub_wants():
    page = "https://tfhub.dev/google/small_bert/1"
    assert _as_archive(page) == f"{page}?tf-hub-format=compressed"
    assert _as_archive(f"{page}?a=b") == f"{page}?a=b&tf-hub-format=compressed"
    assert _as_archive(f"{page}/model.tar.gz") == f"{page}/model.tar.gz"


def test_what_is_no_model_or_not_safe_is_refused(server, tmp_path):
    def archive(name):
        path = tmp_path / "odd.tar.gz"
        with tarfile.open(path, "w:gz") as file:
            entry = tarfile.TarInfo(name)
            entry.size = 2
            file.addfile(entry, io.BytesIO(b"{}"))
        return path

    with pytest.raises(ValueError, match=r"expected a model \(.*saved_model.pb.*\['readme.txt'\]"):
        resolve_preset(archive("readme.txt"))
    with pytest.raises(ValueError, match=r"expected names inside the folder .*'\.\./x'"):
        resolve_preset(archive("../x"))
    server.files["/m/1.tar.gz"] = archive("../x").read_bytes()
    with pytest.raises(ValueError, match=r"expected names inside the folder .*'\.\./x'"):
        resolve_preset(f"{server.url}/m/1.tar.gz")
    server.files["/m/1.tar.gz"] = ARCHIVE.read_bytes()  # is asked for again
    assert (resolve_preset(f"{server.url}/m/1.tar.gz") / "saved_model.pb").is_file()
    (tmp_path / "text.tar.gz").write_text("no archive")
    with pytest.raises(ValueError, match=r"expected a .zip, .tar or .tar.gz archive"):
        resolve_preset(tmp_path / "text.tar.gz")


def test_without_a_network_a_missing_module_says_so(server, monkeypatch):
    monkeypatch.setenv("KERAS_BERT_OFFLINE", "1")
    with pytest.raises(FileNotFoundError, match=r"since KERAS_BERT_OFFLINE leaves the network"):
        resolve_preset(f"{server.url}/absent/1")
