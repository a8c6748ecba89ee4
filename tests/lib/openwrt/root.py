"""A stub root of OpenWrt, and opkg's part in it."""

import os
import shutil
import subprocess
from pathlib import Path

from packages import busybox_root, members, run_in, unzipped

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
        ]:
            shutil.copy2(HERE / name, path / place)
        (path / "bin/logger").unlink()
        self.write("bin/logger", '#!/bin/sh\nwhile [ "${1#-}" != "$1" ]; do case $1 in -[tp]) shift ;; esac; shift; done\n'
                   'echo "$*" >> /tmp/log\n', 0o755)
        self.write("etc/passwd", "root:x:0:0:root:/root:/bin/ash\n")
        self.write("etc/group", "root:x:0:\n")
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
        """opkg's steps: control files, data with configuration that was changed left alone, postinst."""
        outer = dict((one.name, content) for one, content in members(unzipped(ipk.read_bytes())))
        control = dict((one.name, content) for one, content in members(unzipped(outer["./control.tar.gz"])))
        name = ipk.name.split("_")[0]
        upgrade = {"PKG_UPGRADE": "1"} if (self.path / INFO / f"{name}.list").exists() else {}
        if upgrade:
            self.run(f"/{INFO}/{name}.prerm", "upgrade", **upgrade)
        kept = {file: (self.path / file.lstrip("/")).read_bytes()
                for file in control["./conffiles"].decode().split() if (self.path / file.lstrip("/")).exists()}
        data = unzipped(outer["./data.tar.gz"])
        subprocess.run(["tar", "--extract", "--same-owner", "--preserve-permissions", "--directory", self.path],
                       input=data, check=True)
        for file, content in kept.items():
            place = self.path / file.lstrip("/")
            if place.read_bytes() != content:
                place.rename(f"{place}-opkg")
                place.write_bytes(content)
        for member, content in control.items():
            if member not in (".", "./"):
                place = self.path / INFO / f"{name}.{member.removeprefix('./')}"
                place.write_bytes(content)
                place.chmod(0o755)
        files = [one.name.removeprefix(".") for one, _ in members(data) if not one.isdir()]
        (self.path / INFO / f"{name}.list").write_text("".join(f"{file}\n" for file in files))
        return self.run(f"/{INFO}/{name}.postinst", "configure", **upgrade)

    def remove(self, name):
        """prerm, then all files but configuration that was changed."""
        self.run(f"/{INFO}/{name}.prerm", "remove")
        info = self.path / INFO
        conffiles = (info / f"{name}.conffiles").read_text().split()
        for file in (info / f"{name}.list").read_text().split():
            if file not in conffiles:
                (self.path / file.lstrip("/")).unlink()
        for file in info.glob(f"{name}.*"):
            file.unlink()
