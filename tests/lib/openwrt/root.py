"""A stub root of OpenWrt."""

import os
import shutil
from pathlib import Path

from packages import busybox_root, run_in

HERE = Path(__file__).resolve().parent
INFO = "usr/lib/opkg/info"


def quoted(value):
    """As `uci set` writes it."""
    return "'" + value.replace("'", "'\\''") + "'"


class Root:
    def __init__(self, path):
        self.path = path
        folders = ["etc/config", "etc/init.d", "etc/rc.d", "lib/functions", "root", "var/run", "var/lock", INFO]
        busybox_root(path, folders)
        for name, place in [
            ("functions.sh", "lib/functions.sh"),
            ("procd.sh", "lib/functions/procd.sh"),
            ("rc.common", "etc/rc.common"),
            ("uci", "sbin/uci"),
            ("opkg", "bin/opkg"),
        ]:
            shutil.copy2(HERE / name, path / place)
        (path / "bin/logger").unlink()
        self.write("bin/logger", '#!/bin/sh\nwhile [ "${1#-}" != "$1" ]; do case $1 in -[tp]) shift ;; esac; shift; done\n'
                   'echo "$*" >> /tmp/log\n', 0o755)
        self.write("etc/passwd", "root:x:0:0:root:/root:/bin/ash\n")
        self.write("etc/group", "root:x:0:\n")
        self.write("etc/hosts", "127.0.0.1 localhost\n")
        self.write("tmp/log", "", 0o666)

    def write(self, name, text, mode=0o644):
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(mode)

    def read(self, name):
        place = self.path / name
        return place.read_text() if place.exists() else ""

    def run(self, *words, check=True, **env):
        return run_in(self.path, *words, env=env, check=check)

    def service(self, action, *words, check=True):
        return self.run("/etc/init.d/atalaya-agent", action, *words, check=check)

    def log(self):
        return self.read("tmp/log")

    def forget_log(self):
        (self.path / "tmp/log").write_text("")

    def pid(self):
        text = self.read("tmp/procd/atalaya-agent.pid").strip()
        return int(text) if text and Path(f"/proc/{text}").exists() else None

    def mode(self, name):
        there = os.lstat(self.path / name)
        return f"{there.st_mode & 0o7777:04o} {there.st_uid}:{there.st_gid}"

    def install(self, ipk):
        shutil.copy(ipk, self.path / "tmp")
        return self.run("/bin/opkg", "install", f"/tmp/{ipk.name}")

    def remove(self, name):
        return self.run("/bin/opkg", "remove", name)
