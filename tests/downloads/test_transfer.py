import errno
import hashlib
import io
import os
import pathlib
import shutil
import urllib.request

import pytest

from keras_bert.downloads import transfer
from keras_bert.downloads.digests import Digest, digest_of
from keras_bert.downloads.progress import Progress
from keras_bert.downloads.transfer import RemoteFile, download, head

CONTENT = bytes(range(256)) * 5000


@pytest.fixture
def remote(server):
    server.files["/file"] = CONTENT
    digest = Digest("sha256", hashlib.sha256(CONTENT).hexdigest())
    return RemoteFile(f"{server.url}/file", len(CONTENT), digest)


def test_a_file_arrives_and_is_not_asked_for_again(server, remote, tmp_path):
    target = tmp_path / "made" / "file"
    download(remote, target)
    assert target.read_bytes() == CONTENT
    download(remote, target)
    assert server.asked() == [("file", 0)]
    assert [path.name for path in target.parent.iterdir()] == ["file"]


def test_without_size_and_checksum(server, remote, tmp_path):
    (tmp_path / "file.any.partial").write_bytes(b"of another version, perhaps")
    download(RemoteFile(remote.url), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked() == [("file", 0)]


def test_a_broken_connection_is_taken_up_where_it_broke(server, remote, tmp_path):
    server.faults = [("cut", 1000), ("cut", 300_000), ("status", 503)]
    download(remote, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked() == [("file", 0), ("file", 1000), *[("file", 301_000)] * 2]


def test_a_later_call_goes_on(server, remote, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(transfer, "ATTEMPTS", 1)
    server.faults = [("cut", 1000), ("cut", 0)]
    expected = "expected a connection to 127.0.0.1:.* received: .* what arrived is kept"
    with pytest.raises(ConnectionError, match=expected):
        download(remote, tmp_path / "file")
    assert not (tmp_path / "file").exists()
    server.faults = []
    download(remote, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked()[-1] == ("file", 1000)
    shown = capsys.readouterr().err
    assert "fetching file (1.3 MB)" in shown
    assert "fetching file (1.3 MB, 1,000 bytes of it here already)" in shown


def test_a_server_without_ranges_sends_the_whole_again(server, remote, tmp_path):
    server.faults = [("cut", 1000), ("whole",)]
    download(remote, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_the_rest_of_another_file_is_not_appended(server, remote, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "ATTEMPTS", 2)
    server.faults = [("cut", 1000), *[("other part",)] * 9]
    with pytest.raises(ConnectionError, match="received: another part: 'bytes 1000-"):
        download(remote, tmp_path / "file")


def test_parts_of_another_version_are_left_alone(server, remote, tmp_path):
    (tmp_path / f"file.{'0' * 16}.partial").write_bytes(b"other")
    download(remote, tmp_path / "file")
    assert server.asked() == [("file", 0)]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_parts_that_are_too_long_start_again(server, remote, tmp_path):
    partial = tmp_path / f"file.{remote.digest.value[:16]}.partial"
    partial.write_bytes(CONTENT + b"more")
    download(remote, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing(server, remote, tmp_path):
    server.faults = [("damage",)]
    with pytest.raises(
        ValueError, match=r"expected file of http.* with the sha256 checksum .* rec"
    ):
        download(remote, tmp_path / "file")
    assert not list(tmp_path.glob("file*"))
    download(remote, tmp_path / "file")


def test_a_wrong_size_leaves_nothing(server, remote, tmp_path):
    with pytest.raises(ValueError, match=r"expected 1,280,007 bytes of http.*; received 1,280,000"):
        download(RemoteFile(remote.url, len(CONTENT) + 7), tmp_path / "file")
    assert not list(tmp_path.glob("file*"))


def test_no_such_file(server, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"expected a file at .*/none; received HTTP 404"):
        download(RemoteFile(f"{server.url}/none"), tmp_path / "file")
    with pytest.raises(FileNotFoundError, match="HTTP 404"):
        head(RemoteFile(f"{server.url}/none"))


def test_a_server_that_only_fails(server, remote, tmp_path):
    server.faults = [("status", 503)] * 9
    with pytest.raises(ConnectionError, match=r"received: HTTP 503 .*\(after 5 attempts"):
        download(remote, tmp_path / "file")
    assert len(server.requests) == 5


def test_no_network(server, tmp_path):
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(ConnectionError, match=r"expected a connection to 127.0.0.1:.*refused"):
        download(RemoteFile(f"{server.url}/file"), tmp_path / "file")
    with pytest.raises(ConnectionError, match="expected a connection"):
        head(RemoteFile(f"{server.url}/file"))


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_is_full_while_writing(server, remote, tmp_path):
    """The part is a link to a device that has no room, ever."""
    partial = tmp_path / f"file.{remote.digest.value[:16]}.partial"
    partial.symlink_to("/dev/full")
    expected = "expected room and permission to write .*partial; received: No space left"
    with pytest.raises(OSError, match=expected) as caught:
        download(remote, tmp_path / "file")
    assert caught.value.errno == errno.ENOSPC
    assert not os.path.lexists(partial)
    assert server.asked() == [("file", 0)]  # a full disk is no reason to try again


def test_a_disk_with_too_little_room_is_not_filled(server, remote, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OSError, match=r"1,000 bytes free of 1,280,000 needed") as caught:
        download(remote, tmp_path / "file")
    assert caught.value.errno == errno.ENOSPC
    assert not server.requests


def test_another_host_does_not_get_the_token(server, remote, tmp_path):
    elsewhere = f"{server.url.replace('127.0.0.1', 'localhost')}/file"
    server.faults = [("status", 302, {"Location": elsewhere})]
    download(remote._replace(headers={"Authorization": "Bearer a-secret"}), tmp_path / "file")
    first, second = [headers for *_, headers in server.requests]
    assert first["Authorization"] == "Bearer a-secret"
    assert "Authorization" not in second
    assert second["Host"].startswith("localhost")


def test_a_redirect_away_from_https_is_refused():
    request = urllib.request.Request("https://hub.example/file")
    with pytest.raises(ConnectionError, match="expected a redirect to https from https://hub"):
        transfer._Redirects().redirect_request(
            request, None, 302, "Found", {}, "http://hub.example/file"
        )


def test_checksums(tmp_path):
    (tmp_path / "file").write_bytes(b"what is up, doc?")
    # The example of Git's own book.
    assert digest_of(tmp_path / "file", "git").value == "bd9dbf5aae1a3862dd1526723246b20206e5fc37"
    assert digest_of(tmp_path / "file", "md5").value == hashlib.md5(b"what is up, doc?").hexdigest()


def test_a_terminal_shows_how_far_it_is(monkeypatch):
    stream = io.StringIO()
    stream.isatty = lambda: True
    progress = Progress("file", 1_000_000, 250_000, stream)
    progress.advance(500_000)
    progress.close()
    assert stream.getvalue().startswith("\rfile:  75 %, 0.8 MB of 1.0 MB")
    assert stream.getvalue().endswith("\n")
    Progress("file", None, 0, other := io.StringIO()).close()
    assert other.getvalue() == "fetching file (unknown size)\n"
