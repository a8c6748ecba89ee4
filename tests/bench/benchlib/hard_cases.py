"""The trees that memory must not grow with, one function each.

A case is made in a folder of its own, backed up, and removed; what it needs
mounted is mounted by the case.
"""

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Callable

from .place import folder, new_file_system


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    name: str
    corpus: str
    options: tuple
    quick: tuple
    # Gives the context manager of the folder that the corpus is made in.
    place: Callable = folder
    # Mounting is for root.
    root_only: bool = False


def with_large_xattrs(parent):
    """ext4 keeps values above a block only with this feature."""
    return new_file_system(parent, "-O", "ea_inode", "-I", "256")


CASES = (
    Case("mixed, 2 GB", "mixed", ("--size", "2G"), ("--size", "100M")),
    Case("200,000 tiny files", "tiny", ("--count", "200000"), ("--count", "5000")),
    Case("one folder of 1,000,000 files", "flat", ("--count", "1000000"), ("--count", "20000")),
    Case("one sparse file of 100 GB", "sparse", ("--size", "100G"), ("--size", "4G")),
    Case("xattrs of 64 KB on every file", "xattrs", ("--count", "2000"), ("--count", "200"), with_large_xattrs, True),
    Case("1,000,000 hard links", "hardlinks", ("--count", "1000000"), ("--count", "20000")),
    Case("1,000 folders deep", "deep", ("--count", "1000"), ("--count", "300")),
)


@contextlib.contextmanager
def made(case, programs, parent, quick):
    """The case's folder with `source` in it, and room for the rest beside it; None where that is not possible."""
    with contextlib.ExitStack() as stack:
        work = entered(case, parent, stack)
        if work is not None:
            options = case.quick if quick else case.options
            subprocess.run([programs / "corpus", case.corpus, work / "source", *options], check=True)
        yield work


def entered(case, parent, stack):
    """The case's folder; None where it needs a file system that cannot be had here."""
    if case.root_only and os.geteuid() != 0:
        return None
    try:
        return stack.enter_context(case.place(parent))
    except subprocess.CalledProcessError as err:
        # A container has no loop devices, for one.
        if not case.root_only:
            raise
        print(f"{case.name}: {err}", file=sys.stderr)
        return None
