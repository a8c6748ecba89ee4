"""Stands in front of Pebble and adds what Debian's has not: renewal information (RFC 9773) from a table, `replaces` and
profiles in orders, and faults on demand.

    acme_shim.py PORT PEBBLE_PORT CERTIFICATE KEY FOLDER

In FOLDER: `windows.json` holds `{"start":…, "end":…, "retry":…}`; the first line of `fault`, if there is one, says what
becomes of requests; with `stuck` an order whose proof was refused stays pending; `orders.log` is what orders said beside
their names.
"""
import base64
import http.client
import http.server
import json
import os
import ssl
import sys
import time

PORT, PEBBLE, CERTIFICATE, KEY, FOLDER = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:6]
PROFILES = {"shortlived": "six days", "tlsserver": "45 days"}
RATE = {"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many certificates already issued"}
extras = {}


def read(name):
    try:
        with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


def payload(body):
    try:
        text = json.loads(body)["payload"]
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, KeyError, TypeError):
        return {}


class Shim(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body, **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def fault(self):
        """Whether this request was answered by a fault."""
        fault, _, where = read("fault").partition(" ")
        if not fault or (where and where not in self.path):
            return False
        if fault == "rate":
            self.say(429, RATE, Retry_After="1234", Content_Type="application/problem+json")
        elif fault == "away":
            self.say(503, b"<html>in maintenance", Retry_After="77")
        elif fault == "html":
            self.say(200, b"<html>log in to the hotel's network")
        elif fault == "huge":
            self.say(200, b"x" * (1 << 20))
        elif fault == "elsewhere":
            self.say(302, b"", Location="https://localhost:1/dir")
        elif fault == "half":
            self.send_response(200)
            self.send_header("Content-Length", "5000")
            self.end_headers()
            self.wfile.write(b"{")
        elif fault == "silent":
            time.sleep(90)
        self.close_connection = True
        return True

    def do_GET(self):
        if self.fault():
            return
        if self.path.startswith("/ari/"):
            table = json.loads(read("windows.json") or "{}")
            if "start" not in table:
                self.say(404, {"type": "urn:ietf:params:acme:error:malformed", "detail": "unknown certificate"})
                return
            window = {"suggestedWindow": {"start": table["start"], "end": table["end"]},
                      "explanationURL": "https://ca.example/why"}
            self.say(200, window, **({"Retry_After": table["retry"]} if "retry" in table else {}))
            return
        self.forward(b"")

    do_HEAD = do_GET

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.fault():
            self.forward(body)

    def forward(self, body):
        context = ssl._create_unverified_context()
        pebble = http.client.HTTPSConnection("127.0.0.1", PEBBLE, context=context, timeout=30)
        # Pebble makes addresses of this name, and checks that what is signed names the same.
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        pebble.request(self.command, self.path, body or None, {**headers, "Host": self.headers["Host"]})
        answer = pebble.getresponse()
        text = answer.read()
        kept = {name: value for name, value in answer.getheaders()
                if name.lower() not in ("content-length", "connection", "date", "transfer-encoding")}
        self.say(answer.status, self.changed(text, kept, body), **kept)

    def changed(self, text, headers, body):
        try:
            said = json.loads(text)
        except ValueError:
            return text
        if self.path == "/dir":
            said["renewalInfo"] = f"https://{self.headers['Host']}/ari"
            said.setdefault("meta", {})["profiles"] = PROFILES
            if read("stray"):
                said["newOrder"] = read("stray")
        elif isinstance(said, dict) and "finalize" in said:
            asked = {key: value for key, value in payload(body).items() if key in ("replaces", "profile")}
            if self.path == "/order-plz":
                with open(os.path.join(FOLDER, "orders.log"), "a", encoding="utf-8") as log:
                    print(json.dumps(asked, sort_keys=True), file=log)
                extras[headers.get("Location")] = asked
            if read("stuck") and said["status"] == "invalid":
                said["status"] = "pending"
                said.pop("error", None)
            own = extras.get(f"https://{self.headers['Host']}{self.path}", asked)
            said.update({} if read("forgetful") else own)
        return said


server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Shim)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(CERTIFICATE, KEY)
server.socket = tls.wrap_socket(server.socket, server_side=True)
server.serve_forever()
