"""A stub root of DSM 7, and Package Center's part in it."""

import os
import shutil
import subprocess
from pathlib import Path

from packages import bring_libraries, busybox_root, members, run_in, unzipped

NAME = "atalaya-agent"
PLACES = {"target": "@appstore", "var": "@appdata", "etc": "@appconf", "home": "@apphome", "tmp": "@apptemp"}
UID = 261234
AS_PACKAGE = f"setpriv --reuid {UID} --regid {UID} --clear-groups"
SUDO = f"""#!/bin/sh
export PATH=/usr/local/bin:$PATH
if [ "$1" = -u ]; then shift 2; exec {AS_PACKAGE} "$@"; fi
exec "$@"
"""
SYNOPKG = f"""#!/bin/sh
for action in stop start; do SYNOPKG_TEMP_LOGFILE=/tmp/message {AS_PACKAGE} /var/packages/$2/scripts/start-stop-status $action || exit; done
"""


class Dsm:
    def __init__(self, path, program):
        self.path, self.package = path, path / "var/packages" / NAME
        bring_libraries(path, program)
        busybox_root(path, ["var/packages", "volume1", "etc"])
        (path / "tmp").chmod(0o1777)
        (path / "etc/passwd").write_text(f"root:x:0:0::/root:/bin/sh\n{NAME}:x:{UID}:{UID}::/var/packages/{NAME}/home:/bin/sh\n")
        (path / "etc/group").write_text(f"root:x:0:\n{NAME}:x:{UID}:\n")
        (path / "usr/local/bin").mkdir(parents=True)
        (path / "usr/local/bin" / NAME).symlink_to(f"/var/packages/{NAME}/target/bin/{NAME}")
        for name, text in [("sudo", SUDO), ("synopkg", SYNOPKG)]:
            (path / "bin" / name).write_text(text)
            (path / "bin" / name).chmod(0o755)
        self.message = path / "tmp/message"

    def script(self, name, *words, status=""):
        """Runs one as DSM does: as the package's own user, with its variables. Gives its exit code."""
        self.message.unlink(missing_ok=True)
        env = {"SYNOPKG_PKGNAME": NAME, "SYNOPKG_PKGDEST": f"/var/packages/{NAME}/target", "SYNOPKG_PKGVAR": f"/var/packages/{NAME}/var",
               "SYNOPKG_DSM_VERSION_MAJOR": "7", "SYNOPKG_TEMP_LOGFILE": "/tmp/message", "SYNOPKG_PKG_STATUS": status,
               "SUPERVISE_SECONDS": "1"}
        done = run_in(self.path, *AS_PACKAGE.split(), "--no-new-privs", "--bounding-set=-all",
                      f"/var/packages/{NAME}/scripts/{name}", *words, env=env, check=False)
        self.said = done.stdout + done.stderr
        return done.returncode

    def told(self):
        return self.message.read_text() if self.message.exists() else ""

    def unpack(self, spk):
        """Scripts and files of a package to their places, and the other folders that DSM makes and keeps."""
        outer = {one.name: (one, data) for one, data in members(spk.read_bytes())}
        self.package.mkdir(parents=True, exist_ok=True)
        for link, place in PLACES.items():
            folder = self.path / "volume1" / place / NAME
            folder.mkdir(parents=True, exist_ok=True)
            os.chown(folder, UID, UID)
            (self.package / link).unlink(missing_ok=True)
            (self.package / link).symlink_to(f"/volume1/{place}/{NAME}")
        for name, (one, data) in outer.items():
            if name.startswith(("scripts/", "conf/")) and one.isfile():
                place = self.package / name
                place.parent.mkdir(exist_ok=True)
                place.write_bytes(data)
                place.chmod(one.mode)
        subprocess.run(["tar", "--extract", "--no-same-owner", "--directory", self.path / "volume1/@appstore" / NAME],
                       input=unzipped(outer["package.tgz"][1]), check=True)

    def remove_files(self):
        shutil.rmtree(self.path / "volume1/@appstore" / NAME)
        shutil.rmtree(self.package)

    def install(self, spk):
        # preinst is run before the files are there; ours looks at nothing.
        self.unpack(spk)
        codes = [self.script(name, status="INSTALL") for name in ("preinst", "postinst")]
        told = self.told()
        return [*codes, self.script("start-stop-status", "start")], told

    def upgrade(self, spk):
        codes = [self.script("start-stop-status", "stop")]
        codes += [self.script(name, status="UPGRADE") for name in ("preupgrade", "preuninst", "postuninst")]
        self.remove_files()
        self.unpack(spk)
        codes += [self.script(name, status="UPGRADE") for name in ("preinst", "postinst", "postupgrade")]
        return [*codes, self.script("start-stop-status", "start")]

    def uninstall(self):
        codes = [self.script("start-stop-status", "stop")]
        codes += [self.script(name, status="UNINSTALL") for name in ("preuninst", "postuninst")]
        told = self.told()
        self.remove_files()
        return codes, told

    def inside(self, *words):
        return run_in(self.path, *AS_PACKAGE.split(), *words, check=False)

    def kept(self, name):
        """A file below /volume1."""
        place = self.path / "volume1" / name
        return place.read_text() if place.exists() else ""

    def processes(self):
        """Of the package's user: number and command line of each."""
        found = {}
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and entry.stat().st_uid == UID:
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    if line:
                        found[int(entry.name)] = line
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found
