"""Servers of object stores for tests: Azurite from npm, which checks Azure's signatures, and gcp-storage-emulator from PyPI, which
keeps objects as Google does and asks nobody who they are; so whoever gives tokens is made here, and looks at who signs.
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from email.utils import formatdate

# The newest that runs on Debian's node.
AZURITE = "azurite@3.35.0"
GOOGLE = "gcp-storage-emulator==2026.7.19"
ACCOUNT = "nasaccount"

# It cuts the connection when it is sent an object of no bytes, which Google's servers take.
WITH_EMPTY = """
import gcp_storage_emulator.server as server
from gcp_storage_emulator.__main__ import main
read = server._read_data
server._read_data = lambda handler, query: read(handler, query) or b""
main()
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


class Program:
    """A server that is started, waited for, and killed."""

    def __init__(self, words, port, log, env=None):
        self.port, self.log = port, log
        with open(log, "w") as out:
            self.process = subprocess.Popen(words, stdout=out, stderr=out, env={**os.environ, **(env or {})})
        end = time.monotonic() + 60
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.kill()
                    sys.exit(f"{words[0]} does not start:\n{log.read_text()}")
                time.sleep(0.1)

    def kill(self):
        self.process.kill()
        self.process.wait()


class Azure:
    """Azurite with an account and a container."""

    def __init__(self, work, container):
        folder = work / "azurite"
        folder.mkdir()
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", folder, AZURITE], check=True)
        self.key, port = base64.b64encode(os.urandom(64)).decode(), free_port()
        words = [folder / "node_modules/.bin/azurite-blob", "--blobPort", str(port), "--inMemoryPersistence", "--silent"]
        words += ["--disableTelemetry", "--skipApiVersionCheck"]
        self.program = Program(words, port, work / "azurite.log", {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{self.key}"})
        self.port = port
        self.make(container)

    def url(self, container, prefix, port=None):
        return f"az+http://127.0.0.1:{port or self.port}/{ACCOUNT}/{container}/{prefix}"

    def sign(self, text):
        return base64.b64encode(hmac.digest(base64.b64decode(self.key), text.encode(), hashlib.sha256)).decode()

    def make(self, container):
        path, date = f"/{ACCOUNT}/{container}", formatdate(usegmt=True)
        own = f"x-ms-date:{date}\nx-ms-version:2021-12-02\n"
        text = "PUT\n" + "\n" * 11 + own + f"/{ACCOUNT}{path}\nrestype:container"
        headers = {"x-ms-date": date, "x-ms-version": "2021-12-02", "Authorization": f"SharedKey {ACCOUNT}:{self.sign(text)}"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}?restype=container", b"", headers, method="PUT")
        request.add_unredirected_header("Content-Type", "")
        with urllib.request.urlopen(request, timeout=10):
            pass

    def signature(self, rights):
        """A shared access signature for an hour, to do so much."""
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        text = f"{ACCOUNT}\n{rights}\nb\nco\n\n{end}\n\nhttps,http\n2021-12-02\n\n"
        parts = {"sv": "2021-12-02", "ss": "b", "srt": "co", "sp": rights, "se": end, "spr": "https,http", "sig": self.sign(text)}
        return urllib.parse.urlencode(parts)


class Google:
    """gcp-storage-emulator with a bucket, and an authority that gives tokens to one service account."""

    def __init__(self, work, bucket):
        venv = work / "google"
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", GOOGLE]
        subprocess.run(pip, check=True)
        self.work, self.port = work, free_port()
        words = [venv / "bin/python", "-c", WITH_EMPTY, "start", "--quiet", "--host=127.0.0.1", f"--port={self.port}"]
        words += ["--in-memory", f"--default-bucket={bucket}"]
        self.program = Program(words, self.port, work / "google.log")
        self.given, self.authority = 0, None
        self.serve()

    def url(self, bucket, prefix, port=None):
        return f"gs+http://127.0.0.1:{port or self.port}/{bucket}/{prefix}"

    def serve(self):
        google = self

        class Authority(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                good = google.is_signed(form["assertion"][0])
                google.given += good
                body = json.dumps({"access_token": "t", "expires_in": 3600} if good else {"error": "invalid_grant"}).encode()
                self.send_response(200 if good else 400)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.authority = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Authority)
        threading.Thread(target=self.authority.serve_forever, daemon=True).start()
        pem = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA"], check=True, capture_output=True).stdout
        (self.work / "account.pem").write_bytes(pem)
        words = ["openssl", "pkey", "-pubout", "-in", self.work / "account.pem", "-out", self.work / "public.pem"]
        subprocess.run(words, check=True)

    def account(self, key=None):
        """A service account's file, as Google gives it."""
        pem = key or (self.work / "account.pem").read_text()
        uri = f"http://127.0.0.1:{self.authority.server_port}/token"
        return json.dumps({"type": "service_account", "client_email": "nas@p.iam", "private_key": pem, "token_uri": uri})

    def is_signed(self, jwt):
        def decoded(text):
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

        signed, signature = jwt.rsplit(".", 1)
        claims = json.loads(decoded(signed.split(".")[1]))
        (self.work / "signature").write_bytes(decoded(signature))
        words = ["openssl", "dgst", "-sha256", "-verify", self.work / "public.pem", "-signature", self.work / "signature"]
        verified = subprocess.run(words, input=signed.encode(), capture_output=True, check=False).returncode == 0
        return verified and claims["iss"] == "nas@p.iam" and claims["iat"] <= time.time() + 1 < claims["exp"]
