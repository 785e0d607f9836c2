import io
import stat
import struct
import tarfile
import zipfile

import pytest

from keras_bert.checkpoints import atomic
from keras_bert.checkpoints.archive import is_archive, unpack_archive

FILES = {"model/bert_config.json": b"{}", "./model/vocab.txt": b"[PAD]\n", "empty": b""}


def make_zip(path, files, *, mode=0, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.mkdir("model")
        for name, content in files:
            info = zipfile.ZipInfo("placeholder")
            info.filename = name
            info.external_attr = mode << 16
            archive.writestr(info, content, method)
    return path


def make_tar(path, files, *, kind=tarfile.REGTYPE, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        folder = tarfile.TarInfo("model")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.type, info.mode = kind, 0o777
            info.size = len(content) if kind == tarfile.REGTYPE else 0
            info.linkname = "/etc/passwd"
            archive.addfile(info, io.BytesIO(content))
    return path


MAKERS = {"zip": make_zip, "tar.gz": make_tar}


@pytest.fixture(params=MAKERS)
def make(request, tmp_path):
    """Makes an archive of each kind, under a name that does not tell which."""
    return lambda files, **options: MAKERS[request.param](tmp_path / "archive", files, **options)


def tree(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def refused(archive, tmp_path, match, **options):
    """Nothing is written anywhere, and the message says why."""
    before = tree(tmp_path)
    with pytest.raises(ValueError, match=match):
        unpack_archive(archive, tmp_path / "out" / "deep", **options)
    assert tree(tmp_path) == before
    assert not (tmp_path / "out").exists()


def test_files_and_folders_are_unpacked(make, tmp_path):
    archive = make(FILES.items())
    assert is_archive(archive)
    assert unpack_archive(archive, tmp_path / "out") == tmp_path / "out"
    expected = {name.removeprefix("./"): content for name, content in FILES.items()}
    assert tree(tmp_path / "out") == expected


def test_a_plain_tar_too_and_no_permissions_of_the_archive(tmp_path):
    archive = make_tar(tmp_path / "plain", FILES.items(), mode="w")
    assert is_archive(archive)
    unpack_archive(archive, tmp_path / "out")
    assert not (tmp_path / "out" / "model" / "vocab.txt").stat().st_mode & stat.S_IXUSR


OUTSIDE = ["../evil", "model/../../evil", "/evil", "a\\..\\..\\evil", "C:evil", "a/..", "."]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_outside_is_refused_before_anything_is_written(make, tmp_path, name):
    archive = make([("fine", b"1"), (name, b"2")])
    refused(archive, tmp_path, "expected names inside the folder in .*: nothing is unpacked")


def test_a_name_with_a_nul_is_refused(tmp_path):
    archive = make_zip(tmp_path / "a", [("a\0b", b"1")])
    refused(archive, tmp_path, "expected names inside the folder in .*")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, b"3"])
def test_links_and_devices_of_a_tar_are_refused(tmp_path, kind):
    archive = make_tar(tmp_path / "a", [("link", b"")], kind=kind)
    refused(archive, tmp_path, "received 'link', a link or a device: nothing is unpacked")


def test_links_of_a_zip_are_refused(tmp_path):
    archive = make_zip(tmp_path / "a", [("link", b"/etc")], mode=stat.S_IFLNK | 0o777)
    refused(archive, tmp_path, "received 'link', a link or a device")


def test_a_password_is_refused(tmp_path):
    archive = make_zip(tmp_path / "a", [("secret", b"1")])
    content = bytearray(archive.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)
    refused(archive, tmp_path, "received 'secret', which needs a password")


@pytest.mark.parametrize("names", [("a", "a"), ("a", "./a"), ("a", "a/b"), ("a/b", "a")])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_again_is_refused(make, tmp_path, names):
    archive = make([(name, b"1") for name in names])
    refused(archive, tmp_path, "expected each name once in .*; received '.*' again")


def test_more_bytes_than_agreed_are_refused(make, tmp_path):
    archive = make([("a", bytes(600)), ("b", bytes(500))])
    assert archive.stat().st_size < 1000
    refused(archive, tmp_path, r"at most 1,000 bytes in .*; received 1,100", max_bytes=1000)
    unpack_archive(archive, tmp_path / "out", max_bytes=1100)


def test_a_zip_that_understates_a_size_writes_nothing(tmp_path):
    archive = make_zip(tmp_path / "a", [("bomb", bytes(100_000))])
    content = bytearray(archive.read_bytes())
    at = content.rindex(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<I", 10)
    archive.write_bytes(content)
    # zipfile gives no more than the size said, and then finds another checksum.
    refused(archive, tmp_path, "expected a whole archive .*Bad CRC-32")


def test_damaged_and_cut_archives_are_refused(make, tmp_path):
    archive = make([("a", bytes(range(256)) * 400)])
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    refused(archive, tmp_path, "expected a whole archive")
    archive.write_bytes(whole[:40] + b"\xff" * 60 + whole[100:])
    refused(archive, tmp_path, "expected")


@pytest.mark.parametrize("content", [b"", b"PK", b"text", b"\x80\x04." * 200])
def test_other_files_are_no_archives(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    assert not is_archive(tmp_path / "file")
    refused(tmp_path / "file", tmp_path, r"expected a .zip, .tar or .tar.gz archive; received .*")
    assert not is_archive(tmp_path / "none")
    assert not is_archive(tmp_path)


def test_a_full_disk_leaves_nothing(make, tmp_path, monkeypatch):
    def full(folder):
        raise OSError(28, "No space left on device")

    archive = make(FILES.items())
    monkeypatch.setattr(atomic, "_flush", full)
    with pytest.raises(OSError, match=r"room and permission to write .*No space left") as caught:
        unpack_archive(archive, tmp_path / "out")
    assert caught.value.errno == 28
    assert set(tree(tmp_path)) == {"archive"}


def test_a_folder_that_holds_something_stays(make, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(FileExistsError, match="expected no files yet"):
        unpack_archive(make(FILES.items()), tmp_path / "out")
    assert list(tree(tmp_path / "out")) == ["mine"]
