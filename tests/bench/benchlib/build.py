"""Builds Atalaya and the test tools, and finds where cargo put them."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CARGO_BIN = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo")) / "bin"


def add_cargo_to_path():
    """What `cargo install` put there is found, even from a bare environment."""
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:{CARGO_BIN}"


# As tests/run and quickstart build them: each alone would be compiled with other features, and once more.
TOGETHER = ("atalaya-agent", "atalaya-test-tools")


def build(package):
    """A release build of a package, with what belongs to it; gives the folder of its programs."""
    packages = TOGETHER if package in TOGETHER else (package,)
    words = [word for name in packages for word in ("--package", name)]
    subprocess.run(["cargo", "build", "--release", "--locked", *words], cwd=ROOT, check=True)
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    metadata = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    return Path(json.loads(metadata)["target_directory"]) / "release"
