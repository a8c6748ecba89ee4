"""A sidecar of its own on the loopback interface, and what its database has of a fleet that was played."""

import contextlib
import re
import signal
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

READY_SECONDS = 60
STOP_SECONDS = 60
FRAMES, RECORDS = 1, 2


def free_port():
    """One that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Sidecar:
    """Started, killed and started again with the same state and the same ports."""

    def __init__(self, program, folder, tls=False):
        self.program, self.folder, self.port = Path(program), Path(folder), free_port()
        self.log, self.child, self.config = self.folder / "log", None, None
        if tls:
            self.config, plain = self.folder / "sidecar.toml", free_port()
            lines = [f'listen = ["127.0.0.1:{plain}"]', f'listen_tls = ["127.0.0.1:{self.port}"]', "anonymous = true"]
            self.config.write_text("\n".join(["[broker]", *lines, "[nodes]", "accept = true", ""]))

    @property
    def state(self):
        """Its state folder."""
        return self.folder / "state"

    @property
    def ca(self):
        """What nodes trust that connect with TLS; there once it has started."""
        return self.state / "ca.pem" if self.config else None

    def start(self):
        """Until it is ready; gives the seconds that took."""
        words = [self.program, "run", "--state-dir", self.state, "--listen", "127.0.0.1:0"]
        began, seen = time.monotonic(), self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            words += ["--config", self.config] if self.config else ["--broker-listen", f"127.0.0.1:{self.port}"]
            self.child = subprocess.Popen([str(word) for word in words], stdout=log, stderr=log)
        while b" ready " not in self.log.read_bytes()[seen:]:
            if self.child.poll() is not None or time.monotonic() > began + READY_SECONDS:
                raise RuntimeError(f"the sidecar does not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.02)
        return time.monotonic() - began

    def kill(self):
        """As a power cut would end it, but that the system keeps what it was given."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def stop(self):
        """As a supervisor does; gives the seconds that took and what it ended with."""
        began = time.monotonic()
        self.child.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(STOP_SECONDS)
        if self.child.poll() is None:
            self.kill()
        return time.monotonic() - began, self.child.returncode

    def complaints(self):
        """Lines of its log that are warnings or worse, without time, each once."""
        lines = re.findall(r"^\S+\s+(?:WARN|ERROR) .*$", self.log.read_text(errors="replace"), re.MULTILINE)
        return sorted({line.split(maxsplit=1)[1] for line in lines})

    def read(self):
        """Its database, once it has stopped."""
        path = (self.state / "sidecar.db").resolve()
        return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)


def compare(database, ledgers):
    """What the database lacks of what each node knows to be acknowledged, has twice, or has of nobody."""
    found = {"missing": 0, "twice": 0, "gaps": 0, "frames_made": 0, "frames_stored": 0, "frames_missed": 0}
    with contextlib.closing(database):
        ids = dict(database.execute("SELECT name, id FROM node"))
        for ledger in ledgers:
            one = of_node(database, ids.get(ledger["node"]), ledger)
            for key, value in one.items():
                found[key] += value
        found["gaps"] = database.execute("SELECT count(*) FROM gap").fetchone()[0]
        found["of_nobody"] = len(set(ids) - {ledger["node"] for ledger in ledgers})
    return found


def of_node(database, node, ledger):
    """The same of one node."""
    acknowledged, made = ledger["records_acknowledged"], ledger["frames_made"]
    stream = bytes.fromhex(ledger["record_stream"])
    rows = database.execute("SELECT seq FROM record WHERE node = ? AND stream = ?", (node, stream))
    there = {seq for (seq,) in rows}
    # Each record says one thing, with its number, that stands in the list of events.
    query = "SELECT json_extract(body, '$.problem') FROM event WHERE node = ? AND kind = 'changed'"
    told = [text for (text,) in database.execute(query, (node,))]
    frames = database.execute("SELECT count(*) FROM frame WHERE node = ?", (node,)).fetchone()[0]
    row = database.execute("SELECT seq, length(missing) FROM stream WHERE node = ? AND kind = ?", (node, FRAMES))
    position, missed = row.fetchone() or (0, 0)
    return {
        "missing": len(set(range(1, acknowledged + 1)) - there) + len({f"number {n}" for n in there} - set(told)),
        "twice": len(told) - len(set(told)),
        "frames_made": made,
        "frames_stored": frames,
        # A list that is empty takes one byte.
        "frames_missed": max(0, made - position) + int(missed > 1),
    }
