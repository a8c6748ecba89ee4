"""Medians, as a markdown table and as JSON."""

from statistics import median

from .rounds import OPERATIONS


def middle(values):
    """The median of what is known, or None."""
    values = [value for value in values if value is not None]
    return median(values) if values else None


def rows(results, sizes):
    """One dictionary for each line of the table."""
    places = list(dict.fromkeys((place, corpus) for place, corpus, _, _ in results))
    for place, corpus in places:
        tools = list(dict.fromkeys(tool for p, c, tool, _ in results if (p, c) == (place, corpus)))
        for operation in OPERATIONS:
            ours = middle([cost.wall for cost in results.get((place, corpus, "atalaya", operation), [])])
            for tool in tools:
                costs = results.get((place, corpus, tool, operation))
                if costs:
                    yield row(place, corpus, operation, tool, costs, ours, sizes)


def row(place, corpus, operation, tool, costs, ours, sizes):
    """The medians of one tool's runs of one operation."""
    wall = middle([cost.wall for cost in costs])
    return {
        "place": place,
        "corpus": corpus,
        "operation": operation,
        "tool": tool,
        "runs": len(costs),
        "wall_seconds": wall,
        "wall_seconds_all": [cost.wall for cost in costs],
        "ratio_to_atalaya": wall / ours if ours else None,
        "cpu_seconds": middle([cost.cpu for cost in costs]),
        "peak_rss_bytes": middle([cost.peak for cost in costs]),
        "repository_bytes": middle(sizes.get((place, corpus, tool), [])) if operation == "first backup" else None,
    }


def markdown(lines):
    """The table for people."""
    head = ["repository on", "corpus", "operation", "tool", "time", "× Atalaya", "CPU", "peak memory", "repository"]
    out = ["| " + " | ".join(head) + " |", "|---|---|---|---|--:|--:|--:|--:|--:|"]
    for line in lines:
        cells = [
            line["place"],
            line["corpus"],
            line["operation"],
            line["tool"],
            number(line["wall_seconds"], "{:.2f} s"),
            number(line["ratio_to_atalaya"], "{:.2f}"),
            number(line["cpu_seconds"], "{:.2f} s"),
            mib(line["peak_rss_bytes"]),
            mib(line["repository_bytes"]),
        ]
        out.append("| " + " | ".join(cells) + " |")
    return "\n".join(out)


def number(value, form):
    """A figure, or nothing where there is none."""
    return "" if value is None else form.format(value)


def mib(value):
    """Bytes for people."""
    return "" if value is None else f"{value / (1 << 20):.1f} MiB"
