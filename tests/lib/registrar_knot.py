"""A registrar that speaks as much of GoDaddy's protocol as records need, and holds them in Knot DNS: PORT ZONE SOCKET."""

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

PORT, ZONE, SOCKET = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def knotc(*words):
    return subprocess.run(["knotc", "-s", SOCKET, *words], check=False, capture_output=True, text=True)


def rows(name, kind):
    """What the zone has: lines such as "[example.com.] nas.example.com. 600 A 203.0.113.7"."""
    lines = [line.split() for line in knotc("zone-read", ZONE, name, kind).stdout.splitlines()]
    return [{"data": line[4].strip('"'), "ttl": int(line[2])} for line in lines if len(line) > 4 and line[3] == kind]


class Registrar(BaseHTTPRequestHandler):
    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        path = self.path.split("?")[0].strip("/").split("/")
        domain = {"domain": ZONE, "status": "ACTIVE", "expires": "2035-01-01T00:00:00Z", "renewAuto": True, "nameServers": []}
        if path == ["v1", "domains"]:
            self.answer(200, [domain])
        elif path == ["v1", "domains", ZONE]:
            self.answer(200, domain)
        elif path[:4] == ["v1", "domains", ZONE, "records"]:
            self.answer(200, rows(path[5], path[4]))
        else:
            self.answer(404, {"code": "NOT_FOUND", "message": "no"})

    def change(self, name, kind, wanted):
        """Makes the set be this."""
        knotc("zone-begin", ZONE)
        knotc("zone-unset", ZONE, name, kind)
        for row in wanted:
            # A text may begin like an option.
            data = f'"{row["data"]}"' if kind == "TXT" else row["data"]
            knotc("zone-set", ZONE, name, str(row["ttl"]), kind, data)
        print("set", name, kind, *(row["data"] for row in wanted), flush=True)
        done = knotc("zone-commit", ZONE)
        self.answer(200 if done.returncode == 0 else 500, {})

    def body(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def do_PUT(self):
        _, _, _, _, kind, name = self.path.strip("/").split("/")
        self.change(name, kind, self.body())

    def do_PATCH(self):
        [row] = self.body()
        self.change(row["name"], row["type"], [*rows(row["name"], row["type"]), row])

    def do_DELETE(self):
        _, _, _, _, kind, name = self.path.strip("/").split("/")
        self.change(name, kind, [])

    def log_message(self, *_):
        pass


HTTPServer(("127.0.0.1", PORT), Registrar).serve_forever()
