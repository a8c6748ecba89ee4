"""Runs a command under `measure` and reads what it took."""

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path


class Failed(Exception):
    """A measured command failed or took too long; the text says which and why."""


@dataclass
class Cost:
    """What one run of a command took."""

    wall: float
    cpu: float
    peak: int


class Runner:
    """Runs commands one at a time, each in its own session and with a time limit."""

    def __init__(self, tools, scratch, timeout):
        self.program = Path(tools) / "measure"
        self.scratch = Path(scratch)
        self.timeout = timeout

    def run(self, command, env, cwd=None, ok=(0,)):
        """What `command` took; output goes to a log that is shown when it fails."""
        report, log = self.scratch / "measure.json", self.scratch / "command.log"
        report.unlink(missing_ok=True)
        # What an earlier command left to be written must not slow this one.
        os.sync()
        words = [str(self.program), "--json", "--output", str(report), "--", *map(str, command)]
        with open(log, "wb") as out:
            process = subprocess.Popen(
                words, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
            self._wait(process, command)
        if process.returncode not in ok or not report.exists():
            tail = log.read_bytes()[-2000:].decode(errors="replace")
            raise Failed(f"{' '.join(map(str, command))}: exit {process.returncode}\n{tail}")
        figures = json.loads(report.read_text())
        cpu = figures["user_seconds"] + figures["system_seconds"]
        return Cost(figures["wall_seconds"], cpu, figures["peak_rss_bytes"])

    def _wait(self, process, command):
        try:
            process.wait(timeout=self.timeout)
        except BaseException as err:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if isinstance(err, subprocess.TimeoutExpired):
                raise Failed(f"{' '.join(map(str, command))}: more than {self.timeout} s") from err
            raise


def tree_size(path):
    """Bytes on disk below `path`."""
    output = subprocess.run(["du", "-s", "--block-size=1", path], check=True, stdout=subprocess.PIPE).stdout
    return int(output.split()[0])
