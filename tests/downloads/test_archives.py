import hashlib
import io
import pathlib
import zipfile

import pytest

from keras_bert.checkpoints import read_checkpoint
from keras_bert.downloads.places import Archive

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "google_tf1"
FILES = {
    path.name: path.read_bytes()
    for path in GOLDEN.iterdir()
    if path.name == "bert_config.json" or ".ckpt" in path.name
}
CONFIG = hashlib.sha256(FILES["bert_config.json"]).hexdigest()


def zipped(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


@pytest.fixture
def archive(server):
    """Makes the place of an archive with these files."""

    def make(files, **sums):
        server.files["/2018/tiny.zip"] = zipped(files)
        return Archive(f"{server.url}/2018/tiny.zip", sums.get("sha256", {}))

    return make


@pytest.mark.parametrize("inside", ["", "tiny_L-2/"])
def test_a_folder_of_google_arrives_flat_or_nested(archive, server, tmp_path, inside):
    place = archive(
        {f"{inside}{n}": c for n, c in FILES.items()}, sha256={"bert_config.json": CONFIG}
    )
    assert place.present() is None
    folder = place.get("tiny")
    assert folder == tmp_path / "cache" / "models" / "2018--tiny" / inside.rstrip("/")
    assert place.present() == folder
    assert "mlm" in read_checkpoint(folder).heads
    before = len(server.requests)
    assert place.get("tiny") == folder
    assert len(server.requests) == before
    assert not list((tmp_path / "cache" / "downloads").glob("*/*"))


def test_damage_on_the_way_is_seen_by_the_servers_own_checksum(archive, server, tmp_path):
    place = archive(FILES)
    server.faults = [("damage",)]
    with pytest.raises(ValueError, match="with the md5 checksum"):
        place.get("tiny")
    assert place.present() is None
    assert place.get("tiny").is_dir()


def test_an_archive_is_taken_up_where_it_broke(archive, server, tmp_path):
    server.faults = [("cut", 1000)]
    archive(FILES).get("tiny")
    assert server.asked() == [("tiny.zip", 0), ("tiny.zip", 1000)]


def test_another_archive_than_the_known_one_is_refused(archive, tmp_path):
    place = archive(FILES, sha256={"bert_config.json": "0" * 64})
    expected = "expected bert_config.json in .*tiny.zip with the sha256 checksum 000.*; received"
    with pytest.raises(ValueError, match=expected):
        place.get("tiny")
    assert place.present() is None
    place = archive(FILES, sha256={"vocab.txt": "0" * 64})
    with pytest.raises(ValueError, match=r"expected vocab.txt in .*; received an archive without"):
        place.get("tiny")


@pytest.mark.parametrize("name", ["../../../evil", "/evil"])
def test_an_archive_writes_nothing_outside(archive, tmp_path, tree, name):
    place = archive({**FILES, name: b"x"})
    with pytest.raises(ValueError, match="expected names inside the folder in"):
        place.get("tiny")
    assert not [path for path in tree(tmp_path) if path.endswith("evil")]
    assert place.present() is None


def test_an_archive_without_a_model(archive, tmp_path):
    with pytest.raises(ValueError, match=r"expected one bert_config.json in .*; received 0"):
        archive({"readme": b"x"}).get("tiny")
    two = {f"{folder}/bert_config.json": b"{}" for folder in "ab"}
    with pytest.raises(ValueError, match="received 2"):
        archive(two).get("tiny")


def test_no_such_archive_and_no_network(server, monkeypatch):
    with pytest.raises(FileNotFoundError, match="HTTP 404"):
        Archive(f"{server.url}/2018/none.zip").get("none")
    monkeypatch.setenv("KERAS_BERT_OFFLINE", "1")
    with pytest.raises(FileNotFoundError, match="since KERAS_BERT_OFFLINE leaves the network"):
        Archive(f"{server.url}/2018/none.zip").get("none")
