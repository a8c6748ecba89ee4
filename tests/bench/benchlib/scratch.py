"""Scratch folders that are gone afterwards, also after Ctrl-C or `kill`."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path


def remove(path):
    """Removes a tree, quickly and also when its paths are too long for Python."""
    subprocess.run(["rm", "-rf", "--", str(path)], check=False)


@contextlib.contextmanager
def scratch(parent):
    """A new folder in `parent` (default: TMPDIR or /var/tmp)."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parent = parent or os.environ.get("TMPDIR") or "/var/tmp"
    Path(parent).mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix="atalaya-bench-", dir=parent))
    try:
        yield path
    finally:
        remove(path)


def room(path, need):
    """Refuses to start what would fill the disk."""
    free = shutil.disk_usage(path).free
    if free < need:
        sys.exit(f"{path} has {free >> 20} MiB free, this wants {need >> 20}; choose another with --scratch")


def warm(path):
    """Reads a whole tree once, so that every tool finds it in the page cache."""
    subprocess.run(["sh", "-c", 'find "$1" -type f -print0 | xargs -0 cat > /dev/null', "sh", path], check=True)
