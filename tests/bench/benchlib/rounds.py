"""One round of one tool over one corpus, and all rounds interleaved."""

import json
import os
import subprocess
import sys
from collections import defaultdict

from . import place as where
from .measure import Failed, tree_size
from .scratch import remove, warm

OPERATIONS = ("first backup", "unchanged backup", "restore", "full check")


def interleaved(tools, corpora, places, scratch, runner, options):
    """Results by (place, corpus, tool, operation): lists of `Cost`; and sizes by (place, corpus, tool)."""
    results, sizes = defaultdict(list), defaultdict(list)
    for place_name, parent in places.items():
        place = where.choose(place_name, parent)
        for corpus_name, corpus in corpora.items():
            for number in range(options.runs):
                # Another one first each time: no tool always follows the same one.
                turn = number % len(tools)
                for tool in tools[turn:] + tools[:turn]:
                    key = (place_name, corpus_name, tool.name)
                    say(f"run {number + 1}/{options.runs}: {' '.join(key)}")
                    one_round(tool, corpus, place, scratch, runner, options, key, results, sizes)
                bare(corpus, place, runner, results[place_name, corpus_name, "bare loop", "restore"])
                walk(corpus, runner, results[place_name, corpus_name, "find -printf", "unchanged backup"])
    return results, sizes


def one_round(tool, corpus, place, scratch, runner, options, key, results, sizes):
    """Everything from an empty repository on; what fails is reported and has no figure."""
    state = scratch / "state"
    try:
        with place() as work:
            operations(tool(corpus, work, state), corpus, runner, options, key, results, sizes)
    except Failed as err:
        say(f"FAILED {' '.join(key)}: {err}")
    finally:
        remove(state)


def operations(job, corpus, runner, options, key, results, sizes):
    """All of one round, in order."""
    for words in job.init():
        runner.run(words, job.env)
    # A tool before may have told the kernel to forget what it read.
    warm(corpus)
    for number, operation in enumerate(OPERATIONS[:2]):
        words, cwd = job.backup(number)
        results[(*key, operation)].append(runner.run(words, job.env, cwd))
        if number == 0:
            sizes[key].append(tree_size(job.repo))
    job.target.mkdir()
    words, cwd = job.restore()
    results[(*key, "restore")].append(runner.run(words, job.env, cwd))
    if options.verify:
        verify(runner, corpus, job.target)
    words, cwd = job.check()
    results[(*key, "full check")].append(runner.run(words, job.env, cwd))


def verify(runner, corpus, target):
    """Compares the restored tree; raises `Failed` where it is another."""
    words = [runner.program.parent / "treecmp", corpus, restored(corpus, target), "--ignore-root"]
    output = subprocess.run(words, stdout=subprocess.PIPE, check=False)
    told = output.stdout.decode(errors="replace").strip()[-600:]
    say("verify: " + told.replace("\n", "; "))
    if output.returncode != 0:
        raise Failed(f"what was restored differs from {corpus}")


def restored(corpus, target):
    """Where in `target` it lies: some tools put it there under its full path."""
    below = target / str(corpus).lstrip("/")
    return below if below.is_dir() else target


def bare(corpus, place, runner, costs):
    """The bare create-write-chown-chmod-utime loop; its own clock leaves out reading the source."""
    try:
        with place() as work:
            words = [runner.program.parent / "bareloop", corpus, work / "bare"]
            cost = runner.run(words, dict(os.environ))
        figures = json.loads((runner.scratch / "command.log").read_text().splitlines()[-1])
        cost.wall, cost.cpu, cost.peak = figures["wall_seconds"], None, None
        costs.append(cost)
    except Failed as err:
        say(f"FAILED bare loop: {err}")


def walk(corpus, runner, costs):
    """The least an unchanged backup can take: every entry looked at once."""
    words = ["sh", "-c", 'find "$1" -printf "%s %T@\\n" > /dev/null', "sh", corpus]
    costs.append(runner.run(words, dict(os.environ)))


def say(text):
    """Progress, beside the table."""
    print(text, file=sys.stderr, flush=True)
