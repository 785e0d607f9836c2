"""A server on this machine that speaks as the Hugging Face Hub and Google's storage do.

It can be told to break connections, to lie, and to leave out what it may leave out.
"""

import base64
import hashlib
import http.server
import json
import threading
import urllib.parse

import pytest

from keras_bert.downloads import transfer

COMMIT = "c0ffee" * 6 + "cafe"


class Server:
    """Files by path, repositories by name, and what happens to the next answers."""

    def __init__(self):
        self.commit, self.files, self.repositories, self.requests = COMMIT, {}, {}, []
        self.faults = []  # of the next GETs of files, in order
        self.wait = threading.Event()
        handler = type("Handler", (_Handler,), {"world": self})
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def add_repository(self, name, files, lies=()):
        """Files by name; those in `lies` are listed with another checksum."""
        self.repositories[name] = [self._sibling(n, c, n in lies) for n, c in files.items()]
        for file, content in files.items():
            self.files[f"/{name}/resolve/{COMMIT}/{file}"] = content

    def _sibling(self, name, content, lie):
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content + b"x" * lie).hexdigest()
        entry = {"rfilename": name, "size": len(content), "blobId": blob}
        if name.endswith((".safetensors", ".bin")):
            sha256 = hashlib.sha256(content + b"x" * lie).hexdigest()
            entry["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 130}
        return entry

    def asked(self, method="GET"):
        """Paths of files that were asked for, with the first byte."""
        return [(p.rpartition("/")[2], r) for m, p, r, _ in self.requests if m == method]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self.answer(False)

    def do_GET(self):
        self.answer(True)

    def answer(self, with_body):
        parts = urllib.parse.urlsplit(self.path)
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.world.requests.append((self.command, parts.path, start, self.headers))
        if parts.path.startswith("/api/models/"):
            return self.answer_api(parts.path)
        content = self.world.files.get(parts.path)
        if content is None:
            return self.send(404, b"no such file")
        fault = self.world.faults.pop(0) if with_body and self.world.faults else ("none",)
        if fault[0] == "status":
            return self.send(fault[1], b"", fault[2] if len(fault) > 2 else {})
        self.send_content(content, 0 if fault[0] == "whole" else start, with_body, fault)

    def answer_api(self, path):
        name, _, revision = path.removeprefix("/api/models/").partition("/revision/")
        if name not in self.world.repositories or revision not in ("main", COMMIT):
            return self.send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        siblings = self.world.repositories[name]
        info = {"_id": "1", "id": name, "modelId": name, "sha": COMMIT, "siblings": siblings}
        info |= {"private": False, "tags": [], "downloads": 1, "likes": 1}
        self.send(200, json.dumps(info).encode(), {"Content-Type": "application/json"})

    def send_content(self, content, start, with_body, fault):
        headers = {"x-goog-hash": "crc32c=AAAAAA==,md5=" + _md5(content)}
        headers |= {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha256(content).hexdigest()}"'}
        if start:
            end, total = len(content) - 1, len(content) + (fault[0] == "other part")
            headers["Content-Range"] = f"bytes {start}-{end}/{total}"
        if fault[0] == "damage":
            content = content[:-1] + bytes([content[-1] ^ 1])
        body = content[start:]
        cut = fault[1] if fault[0] in ("cut", "stall") else len(body)
        self.send(206 if start else 200, body, headers, body[:cut] if with_body else b"")
        if fault[0] == "stall":
            self.wfile.flush()
            self.world.wait.wait(20)
        if cut < len(body):
            self.close_connection = True

    def send(self, status, body, headers=None, sent=None):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if sent is None else sent)


def _md5(content):
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


@pytest.fixture
def server(monkeypatch, tmp_path):
    """The server, as the hub of this test, with a cache of its own and no pauses."""
    world = Server()
    monkeypatch.setenv("HF_ENDPOINT", world.url)
    monkeypatch.setenv("KERAS_BERT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", "a-secret")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for name in ("KERAS_BERT_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(transfer, "PAUSE", 0.001)
    yield world
    world.wait.set()
    world.http.shutdown()
    world.http.server_close()


@pytest.fixture
def tree():
    """What a folder holds: relative path → bytes."""

    def names(folder):
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    return names
