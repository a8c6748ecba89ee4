"""OpenSSH's server for tests: keys, configuration and folders of its own, on a free port of loopback, and what stands
between it and a client: a line that is cut, or slow. For root the login is another user, who is only in this test's
mount namespace.
"""

import contextlib
import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

SFTP_SERVER = "/usr/lib/openssh/sftp-server"
USER, UID, PASSWORD = "atalaya-test", 47110, "a password with blanks"


def enter(script):
    """Goes on in a mount namespace of its own where that is possible, as root is there."""
    if "--inside" in sys.argv:
        sys.argv.remove("--inside")
        return True
    words = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0 or subprocess.run([*words, "true"], capture_output=True).returncode != 0:
        return False
    os.execvp(words[0], [*words, sys.executable, script, "--inside", *sys.argv[1:]])


def add_user(folder):
    """A user with a password, whom only this namespace knows."""
    crypted = subprocess.run(["openssl", "passwd", "-6", PASSWORD], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    lines = {
        "passwd": f"{USER}:x:{UID}:{UID}::{folder}/home:/bin/sh\n",
        "group": f"{USER}:x:{UID}:\n",
        "shadow": f"{USER}:{crypted}:19000:0:99999:7:::\n",
    }
    for name, line in lines.items():
        copy = folder / name
        shutil.copyfile(f"/etc/{name}", copy)
        os.chmod(copy, 0o600 if name == "shadow" else 0o644)
        with open(copy, "a") as file:
            file.write(line)
        subprocess.run(["mount", "--bind", copy, f"/etc/{name}"], check=True)
    home = folder / "home"
    home.mkdir()
    os.chown(home, UID, UID)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def keygen(path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)


class Sshd:
    """A server that can be killed and started again."""

    def __init__(self, folder, another_user):
        self.folder, self.port, self.process = Path(folder), free_port(), None
        self.user = USER if another_user else pwd.getpwuid(os.getuid()).pw_name
        for name in ("host", "user", "stranger"):
            keygen(self.folder / name)
        shutil.copyfile(self.folder / "user.pub", self.folder / "authorized")
        os.chmod(self.folder / "authorized", 0o644)
        (self.folder / "config").write_text(
            f"ListenAddress 127.0.0.1:{self.port}\nHostKey {self.folder}/host\nAuthorizedKeysFile {self.folder}/authorized\n"
            "PidFile none\nStrictModes no\nUsePAM no\nKbdInteractiveAuthentication no\nMaxStartups 100\n"
            f"PasswordAuthentication {'yes' if another_user else 'no'}\nSubsystem sftp {SFTP_SERVER}\n"
        )
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(parents=True, exist_ok=True)
        self.start()

    def forced(self, key, command):
        """Another key may log in, and whoever has it is served by this command alone."""
        keygen(self.folder / key)
        public = (self.folder / f"{key}.pub").read_text()
        with open(self.folder / "authorized", "a") as file:
            file.write(f'command="{command}",restrict {public}')

    def start(self):
        self.process = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-e", "-f", self.folder / "config"], stderr=subprocess.DEVNULL, start_new_session=True
        )
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                if time.monotonic() > end:
                    sys.exit("sshd does not listen")
                time.sleep(0.02)

    def kill(self):
        """All of it at once, with what serves connections: they stay in no session of ours, so they are found by their parent."""
        victims = [self.process.pid, *below(self.process.pid)]
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def known_hosts(self, name="known_hosts", key="host", port=None):
        """A list of known keys, with that key."""
        path = self.folder / name
        public = (self.folder / f"{key}.pub").read_text()
        path.write_text(f"[127.0.0.1]:{port or self.port} {public}")
        return path

    def fingerprint(self):
        words = ["ssh-keygen", "-lf", self.folder / "host.pub"]
        return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[1]

    def url(self, path, port=None):
        return f"sftp://{self.user}@127.0.0.1:{port or self.port}{path}"


def below(pid):
    """Processes below one, whichever they are."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += [int(child), *below(int(child))]
    return found


class Line:
    """A line between a client and a server: `cut_after` so many bytes it breaks, `cuts` times; `delay` in seconds each way."""

    def __init__(self, port, cut_after=None, cuts=0, delay=0.0):
        self.target, self.cut_after, self.cuts, self.delay = port, cut_after, cuts, delay
        self.made = 0
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            client.close()
            return
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.delay:
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self.carry_late, args=pair, daemon=True).start()
            return
        self.carry_until_cut(client, server)

    def carry_until_cut(self, client, server):
        carried = 0
        with client, server:
            while True:
                for one in select.select([client, server], [], [])[0]:
                    try:
                        data = one.recv(1 << 16)
                        if not data:
                            return
                        (server if one is client else client).sendall(data)
                    except OSError:
                        return
                    carried += len(data)
                    if self.made < self.cuts and carried > self.cut_after:
                        self.made += 1
                        return

    def carry_late(self, source, sink):
        """What comes goes on after `delay`, at whatever rate it came."""
        waiting, ready = [], threading.Condition()

        def send():
            while True:
                with ready:
                    while not waiting:
                        ready.wait()
                    due, data = waiting.pop(0)
                time.sleep(max(0.0, due - time.monotonic()))
                try:
                    if not data:
                        sink.shutdown(socket.SHUT_WR)
                        return
                    sink.sendall(data)
                except OSError:
                    return

        threading.Thread(target=send, daemon=True).start()
        while True:
            try:
                data = source.recv(1 << 18)
            except OSError:
                data = b""
            with ready:
                waiting.append((time.monotonic() + self.delay, data))
                ready.notify()
            if not data:
                return

    def close(self):
        self.socket.close()
