"""Memory rows that no tree on disk makes: `synthetic` makes what they need.

Each is a function of (options, programs, runner, base) that gives a name and the
peak bytes by job, None where a job failed; jobs that make no sense are absent.
"""

import json
import os
import subprocess
import sys

from . import hard_cases, peers, scratch
from .measure import Failed

CHUNKS, CHUNKS_QUICK = 10_000_000, 100_000
# Chunks of this file are cut at their largest, so that so many bytes make 100,000 of them.
STREAM, STREAM_QUICK = 100_000 * (2 << 20), 500 * (2 << 20)
# What the agent asks of the allocator by itself.
ALLOCATOR = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "262144"}


def peak(runner, job, command, env, ok=(0,)):
    """Peak bytes, or None with a line on standard error."""
    try:
        return runner.run(command, env, ok=ok).peak
    except Failed as err:
        print(f"FAILED {job}: {err}", file=sys.stderr)
        return None


def seed(tool, work, runner):
    """A first small backup: the records that are made up point into its pack."""
    folder = work / "seed"
    folder.mkdir()
    (folder / "noise").write_bytes(os.urandom(1 << 20))
    runner.run([*tool.backup(0)[0][:-1], folder], tool.env)


def large_index(options, programs, runner, base):
    """Jobs on a mixed tree in a repository whose index holds ten million chunks."""
    count = CHUNKS_QUICK if options.quick else CHUNKS
    case = hard_cases.CASES[0]
    memory = ["--memory-max", options.memory_max]
    with hard_cases.made(case, programs, base, options.quick) as work:
        tool = peers.Atalaya(work / "source", work, base / "state")
        try:
            for words in tool.init():
                runner.run(words, tool.env)
            seed(tool, work, runner)
            state = tool.env["ATALAYA_STATE_DIR"]
            runner.run([programs / "synthetic", "index", tool.repo, state, count], tool.env)
            tool.target.mkdir()
            backup = tool.backup(0)[0] + memory
            commands = {"first backup": backup, "unchanged backup": backup, "restore": tool.restore()[0] + memory}
            peaks = {job: peak(runner, job, command, tool.env) for job, command in commands.items()}
            # It finds, rightly, that the chunks that are made up are not there.
            peaks["check"] = peak(runner, "check", tool.check()[0] + memory, tool.env, ok=(1,))
            return f"{case.name}, into an index of {count:,} chunks", peaks
        finally:
            scratch.remove(base / "state")


def stream(options, programs, runner, base):
    """A file of 100,000 distinct chunks that exists only while it is read; there is no room to restore it."""
    size = STREAM_QUICK if options.quick else STREAM
    work = base / "stream"
    work.mkdir()
    tool = peers.Atalaya(work, work, base / "state")
    try:
        for words in tool.init():
            runner.run(words, tool.env)
        state = tool.env["ATALAYA_STATE_DIR"]
        backup = [programs / "synthetic", "stream", tool.repo, state, size]
        check = tool.check()[0] + ["--memory-max", options.memory_max]
        return f"one file of {size // (2 << 20):,} distinct chunks, {size >> 30} GiB", {
            "first backup": peak(runner, "first backup", backup, tool.env | ALLOCATOR),
            "check": peak(runner, "check", check, tool.env),
        }
    finally:
        scratch.remove(work)
        scratch.remove(base / "state")


def years(options, programs, runner, base):
    """Ten million chunks in ten thousand snapshots, of which the older half is forgotten and pruned."""
    count = CHUNKS_QUICK if options.quick else CHUNKS
    work = base / "years"
    work.mkdir()
    tool = peers.Atalaya(work, work, base / "state")
    memory = ["--memory-max", options.memory_max]
    try:
        for words in tool.init():
            runner.run(words, tool.env)
        runner.run([programs / "synthetic", "years", tool.repo, tool.env["ATALAYA_STATE_DIR"], count], tool.env)
        agent = [tool.check()[0][0]]
        repo = ["--repo", tool.repo]
        listed = subprocess.run([*agent, "snapshots", "--json", *repo], env=tool.env, check=True, stdout=subprocess.PIPE)
        ids = [one["id"] for one in json.loads(listed.stdout)["snapshots"]]
        commands = {
            "check": tool.check()[0] + memory,
            "forget": [*agent, "forget", *repo, *memory, *ids[: len(ids) // 2]],
            "prune": [*agent, "prune", *repo, *memory, "--drop-max", "100"],
        }
        peaks = {job: peak(runner, job, command, tool.env) for job, command in commands.items()}
        return f"{count:,} chunks in {len(ids):,} snapshots", peaks
    finally:
        scratch.remove(work)
        scratch.remove(base / "state")


ROWS = {"index": large_index, "stream": stream, "years": years}
