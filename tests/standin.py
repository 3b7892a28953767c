"""A stand-in for the Hugging Face Hub on this machine: repositories of files, answered as huggingface_hub asks for them."""

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """`files`: repository → name → bytes, all of them at `revisions`. What it should do wrong is said in its attributes."""

    def __init__(self, files):
        self.files, self.asked = files, []
        self.revisions = {"main", "v1", COMMIT}
        self.lfs = True  # else files lie in git itself, and their ETag is git's hash of them
        self.says = {}  # name → the ETag it tells instead of the right one
        self.cut = False  # whether downloads break off half-way
        self.stall = None  # an event that is waited for half-way
        self.down = 0  # a status that everything gets
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self):
                outer.answer(self, False)

            def do_GET(self):
                outer.answer(self, True)

            def do_POST(self):
                outer.take(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request, body):
        path = unquote(request.path.partition("?")[0])
        self.asked.append(f"{request.command} {path}")
        if self.down:
            return self.say(request, self.down, body)
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path):
            repo, revision = found[1], found[2] or "main"
            if error := self.wrong(repo, revision):
                return self.say(request, 404, body, {"X-Error-Code": error})
            siblings = [{"rfilename": name} for name in self.files[repo]]
            return self.say(request, 200, body, {}, json.dumps({"id": repo, "sha": COMMIT, "siblings": siblings}).encode())
        if found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+(?:/pr/\d+)?)/(.+)", path):
            repo, revision, name = found.groups()
            if error := self.wrong(repo, revision, name):
                return self.say(request, 404, body, {"X-Error-Code": error, "X-Repo-Commit": COMMIT})
            data = self.files[repo][name]
            return self.say(request, 200, body, {"X-Repo-Commit": COMMIT, **self.named(name, data)}, data, self.cut, self.stall)
        return self.say(request, 404, body)

    def take(self, request):
        """What is sent to it: repositories that are made, files that are committed."""
        path = unquote(request.path.partition("?")[0])
        sent = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self.asked.append(f"POST {path}")
        if self.down:
            return self.say(request, self.down, True)
        answer = {}
        if path == "/api/repos/create":
            told = json.loads(sent)
            repo = f"{told['organization']}/{told['name']}" if told.get("organization") else told["name"]
            self.files.setdefault(repo, {})
            answer = {"url": f"{self.address}/{repo}"}
        elif path.endswith("/preupload/main"):
            answer = {
                "files": [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in json.loads(sent)["files"]]
            }
        elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/commit/main", path):
            for line in map(json.loads, sent.splitlines()):
                if line["key"] == "file":
                    self.files[found[1]][line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            answer = {"commitUrl": f"{self.address}/{found[1]}/commit/{COMMIT}", "commitOid": COMMIT, "success": True}
        elif path == "/api/validate-yaml":
            answer = {"errors": [], "warnings": []}
        return self.say(request, 200, True, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def wrong(self, repo, revision, name=None):
        if repo not in self.files:
            return "RepoNotFound"
        if revision not in self.revisions:
            return "RevisionNotFound"
        return "EntryNotFound" if name and name not in self.files[repo] else None

    def named(self, name, data):
        git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        told = self.says.get(name, hashlib.sha256(data).hexdigest() if self.lfs else git)
        return (
            {"ETag": f'"{git}"', "X-Linked-Etag": f'"{told}"', "X-Linked-Size": str(len(data))}
            if self.lfs
            else {"ETag": f'"{told}"'}
        )

    def say(self, request, status, body, headers=None, data=b"", cut=False, stall=None):
        request.send_response(status)
        for key, value in (headers or {}).items():
            request.send_header(key, value)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        if body and stall:
            request.wfile.write(data[: len(data) // 2])
            request.wfile.flush()
            stall.wait(60)
        elif body:
            request.wfile.write(data[: len(data) // 2] if cut else data)
            if cut:
                request.close_connection = True
