"""How each backup program is told to do the same thing.

All encrypt, and compress with zstd at level 3 or what stands nearest to it. Each
keeps its caches and state in a folder of its own that is new for every round,
and writes as durably as it does by itself. bupstash saves no extended
attributes unless told to, and is left at that; it is told to restore owners,
as the others do.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import build

PASSPHRASE = "correct horse battery staple"


class Tool:
    """One program and one round: a repository, a state folder, four operations."""

    name = program = ""

    def __init__(self, source, place, state):
        self.source, self.repo, self.state = Path(source), Path(place) / "repo", Path(state)
        self.target = Path(place) / "restored"
        self.state.mkdir(parents=True)
        keep = {key: os.environ[key] for key in ("PATH", "LANG", "TERM") if key in os.environ}
        self.env = {**keep, "HOME": str(self.state), "XDG_CACHE_HOME": str(self.state / "cache"), **self.variables()}

    def variables(self):
        """Environment beside the usual."""
        return {}

    def init(self):
        """Commands that make the repository."""
        raise NotImplementedError

    def backup(self, number):
        """The command, and the folder to run it in."""
        raise NotImplementedError

    def restore(self):
        """The same for restoring the last backup to `target`, which exists and is empty."""
        raise NotImplementedError

    def check(self):
        """The same for reading and verifying everything."""
        raise NotImplementedError

    @classmethod
    def available(cls):
        """Whether the program is there."""
        return shutil.which(cls.program) is not None

    @classmethod
    def version(cls):
        """As the program says."""
        output = subprocess.run([cls.program, *cls.version_words], stdout=subprocess.PIPE, check=False).stdout
        return output.decode().splitlines()[0].split(" compiled")[0] if output else cls.name

    version_words = ("--version",)


class Atalaya(Tool):
    name, program = "atalaya", "atalaya-agent"

    def variables(self):
        return {"ATALAYA_PASSPHRASE": PASSPHRASE, "ATALAYA_STATE_DIR": str(self.state / "atalaya")}

    @property
    def key(self):
        return self.state / "writer.key"

    def init(self):
        # Backups with a writer's key in a file, as a NAS has it and as bupstash does; the rest with the passphrase.
        add = ["atalaya-agent", "key", "add", "--repo", self.repo, "--role", "writer", "--label", "bench", "--out", self.key]
        return [["atalaya-agent", "init", "--repo", self.repo], add]

    def backup(self, number):
        return ["atalaya-agent", "-q", "backup", "--repo", self.repo, "--key-file", self.key, self.source], None

    def restore(self):
        return ["atalaya-agent", "restore", "--repo", self.repo, "latest", "--target", self.target], None

    def check(self):
        return ["atalaya-agent", "check", "--repo", self.repo, "--read-data"], None

    @classmethod
    def install(cls):
        os.environ["PATH"] = f"{build.build('atalaya-agent')}:{os.environ['PATH']}"


class Restic(Tool):
    name, program, version_words = "restic", "restic", ("version",)

    def variables(self):
        return {"RESTIC_PASSWORD": PASSPHRASE, "RESTIC_CACHE_DIR": str(self.state / "restic")}

    def init(self):
        return [["restic", "init", "--repo", self.repo]]

    def backup(self, number):
        return ["restic", "backup", "--quiet", "--repo", self.repo, self.source], None

    def restore(self):
        return ["restic", "restore", "--quiet", "--repo", self.repo, "latest", "--target", self.target], None

    def check(self):
        return ["restic", "check", "--quiet", "--repo", self.repo, "--read-data"], None

    @classmethod
    def install(cls):
        apt("restic")


class Borg(Tool):
    name, program = "borg", "borg"

    def variables(self):
        return {"BORG_PASSPHRASE": PASSPHRASE, "BORG_BASE_DIR": str(self.state)}

    def init(self):
        return [["borg", "init", "--encryption", "repokey-blake2", self.repo]]

    def backup(self, number):
        self.last = f"{self.repo}::backup-{number}"
        return ["borg", "create", "--compression", "zstd,3", self.last, "."], self.source

    def restore(self):
        return ["borg", "extract", self.last], self.target

    def check(self):
        return ["borg", "check", "--verify-data", self.repo], None

    @classmethod
    def install(cls):
        apt("borgbackup")


class Bupstash(Tool):
    name, program = "bupstash", "bupstash"

    def variables(self):
        return {"BUPSTASH_REPOSITORY": str(self.repo), "BUPSTASH_KEY": str(self.state / "key")}

    def init(self):
        return [["bupstash", "new-key", "--output", self.state / "key"], ["bupstash", "init"]]

    def backup(self, number):
        log = self.state / "send-log"
        words = ["bupstash", "put", "--quiet", "--send-log", log, f"number={number}", "::", self.source]
        self.query = f"number={number}"
        return words, None

    def restore(self):
        return ["bupstash", "restore", "--quiet", "--ownership", "--into", self.target, self.query], None

    def check(self):
        # It has no check of its own: this reads, decrypts and hashes all data of the last backup.
        return ["sh", "-c", f"exec bupstash get --quiet {self.query} > /dev/null"], None

    @classmethod
    def install(cls):
        apt("libsodium-dev", "pkg-config")
        run("cargo", "install", "bupstash", "--locked")


TOOLS = {tool.name: tool for tool in (Atalaya, Restic, Borg, Bupstash)}


def find(names):
    """The tools named, installed where they are missing; Atalaya always built anew."""
    build.add_cargo_to_path()
    tools = [TOOLS[name] for name in names]
    for tool in tools:
        if tool is Atalaya or not tool.available():
            tool.install()
        if not tool.available():
            sys.exit(f"{tool.name} could not be installed")
    return tools


def apt(*packages):
    """Debian's packages."""
    run("apt-get", "install", "--yes", "--no-install-recommends", *packages)


def run(*words):
    """Runs an installer and says so."""
    print("+", *words, file=sys.stderr)
    subprocess.run(words, check=True, stdout=sys.stderr)
