"""What the tests of packages share: archives as they are, and folders that stand for another system's root."""

import gzip
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
# What every package has of licences.
TERMS = ["LICENSE-APACHE", "LICENSE-MIT", "NOTICES.gz"]


def enter(script):
    """Goes on as root with mounts of its own, or says that this cannot be had here."""
    words = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0:
        words = ["sudo", "--non-interactive", f"PATH={os.environ['PATH']}", *words]
    if not shutil.which(words[0]) or subprocess.run([*words, "true"], capture_output=True).returncode != 0:
        print("skipped: needs root, for owners of files and for mounts")
        sys.exit(0)
    os.execvp(words[0], [*words, sys.executable, script, "--inside"])


def need(*packages):
    """Installs Debian packages that are missing, as other tests do."""
    script = f'. "{TOP}/tests/lib/packages.bash"; need_packages "for {Path(sys.argv[0]).name}" "$@"'
    subprocess.run(["bash", "-euo", "pipefail", "-c", script, "need", *packages], check=True)


class Check:
    """Collects what is wrong, so that one run tells all of it."""

    def __init__(self, name):
        self.name, self.wrong, self.count = name, [], 0

    def that(self, holds, what):
        self.count += 1
        if not holds:
            self.wrong.append(what)
            print(f"{self.name}: {what}", file=sys.stderr)
        return holds

    def same(self, found, expected, what):
        return self.that(found == expected, f"{what}: found {found!r}, expected {expected!r}")

    def end(self):
        if self.wrong:
            sys.exit(f"{self.name}: {len(self.wrong)} of {self.count} checks failed")
        print(f"{self.name}: {self.count} checks, all as it should be")


def unzipped(data):
    return gzip.decompress(data)


def members(data):
    """Of a tar archive: each member with its content, in order."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return [(one, archive.extractfile(one).read() if one.isfile() else b"") for one in archive.getmembers()]


def listed(found):
    """Name, mode and owners of members, as a test can write them down."""
    return [f"{one.mode:04o} {one.uid}:{one.gid} {one.name}{'/' if one.isdir() else ''}" for one, _ in found]


def instructions(page):
    """The commands of a page that tests follow, by the name that stands before each."""
    found = re.findall(r"<!-- test: (\w+) -->\n```sh\n(.*?)```", (TOP / page).read_text(), re.DOTALL)
    return dict(found)


def until(seconds, condition):
    """Waits for the condition; tells whether it came."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def bring(root, program, where=None):
    """Puts a program with the libraries it asks for into a root."""
    program = Path(shutil.which(program) or program).resolve()
    target = root / (where or str(program)).lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(program, target)
    bring_libraries(root, program)


def bring_libraries(root, program):
    told = subprocess.run(["ldd", str(program)], capture_output=True, text=True).stdout
    for word in told.split():
        if word.startswith("/"):
            library = root / word.lstrip("/")
            library.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(word, library)


def busybox_root(root, folders):
    """A root whose only programs are busybox' and setpriv, with /proc and /dev."""
    for folder in ["bin", "sbin", "dev", "proc", "tmp", *folders]:
        (root / folder).mkdir(parents=True, exist_ok=True)
    bring(root, "busybox", "/bin/busybox")
    for applet in subprocess.check_output(["busybox", "--list"], text=True).split():
        (root / "bin" / applet).symlink_to("busybox")
    (root / "bin/setpriv").unlink(missing_ok=True)
    bring(root, "setpriv", "/bin/setpriv")
    subprocess.run(["mount", "--bind", "/proc", root / "proc"], check=True)
    subprocess.run(["mount", "--rbind", "/dev", root / "dev"], check=True)


def run_in(root, *words, env=None, check=True):
    """Runs words in the root, with nothing of the environment here."""
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", **(env or {})}
    done = subprocess.run(
        ["/usr/sbin/chroot", str(root), *words], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if check and done.returncode != 0:
        raise RuntimeError(f"{words} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done
