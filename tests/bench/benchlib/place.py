"""Where a round's repository and restored tree lie.

On disk each round gets a new ext4 of its own, on a loop device with direct I/O,
when that is permitted. Otherwise ext4 would slow whoever comes after a large
`rm`: for minutes it avoids the inode numbers that were freed, and searches long for others.
"""

import contextlib
import os
import subprocess
import sys

from .scratch import remove

IMAGE_BYTES = 40 << 30


@contextlib.contextmanager
def folder(parent):
    """An empty folder, removed afterwards."""
    work = parent / "round"
    work.mkdir()
    try:
        yield work
    finally:
        remove(work)


@contextlib.contextmanager
def new_file_system(parent, *features):
    """An empty file system of its own, as `folder` where mounting is not permitted."""
    image, mount = parent / "round.img", parent / "round"
    with open(image, "wb") as file:
        file.truncate(IMAGE_BYTES)
    device = None
    mount.mkdir()
    try:
        call("mkfs.ext4", "-q", "-F", "-m", "0", *features, image)
        device = call("losetup", "--find", "--show", "--direct-io=on", image)
        # Or the kernel would write inode tables all the while.
        call("mount", "-o", "noinit_itable", device, mount)
        yield mount
    finally:
        subprocess.run(["umount", mount], check=False, stderr=subprocess.DEVNULL)
        if device:
            subprocess.run(["losetup", "--detach", device], check=False)
        mount.rmdir()
        image.unlink()


def call(*words):
    """The output of a command that must succeed."""
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE).stdout.decode().strip()


def choose(name, parent):
    """How a round at this place gets its folder: a function that gives a context manager."""
    if name == "ram":
        return lambda: folder(parent)
    if os.geteuid() != 0:
        print("not root: rounds on disk share one file system and disturb each other", file=sys.stderr)
        return lambda: folder(parent)
    return lambda: new_file_system(parent)
