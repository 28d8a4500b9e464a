"""Draws what ``tests.benchmarks.fleets`` measured.

    python -m tests.benchmarks.plotting RESULTS.json PLOT.svg

Two panels, a tenant's share of the time by the number of tenants: from nothing, and at head. It
needs matplotlib.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

COLOURS = {
    "alembic-db": "#1b6ac9",
    "driver": "#8a8a8a",
    "compiled": "#12a5b5",
    "loop": "#d1720f",
    "shell": "#b3261e",
    "django-standard": "#7a5bb5",
    "django-multiprocessing": "#2e8b57",
}

MARKS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)  # milliseconds


def main() -> None:
    """Read the results and write the plot."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("plot", type=Path)
    given = parser.parse_args()
    results = json.loads(given.results.read_text())
    # The same results give the same file; text stays text.
    mpl.rcParams.update({"svg.hashsalt": "fleets", "svg.fonttype": "none", "font.size": 9})
    drawn(results).savefig(given.plot, metadata={"Date": None})


def drawn(results: dict[str, Any]) -> Figure:
    """Return the figure."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    works = list(dict.fromkeys(each["work"] for each in results["taken"]))
    for axes, work in zip(figure.subplots(1, len(works)), works, strict=True):
        for tool, colour in COLOURS.items():
            its = [e for e in results["taken"] if (e["tool"], e["work"]) == (tool, work)]
            if its:
                shares = [each["seconds"] / each["tenants"] * 1000 for each in its]
                numbers = [each["tenants"] for each in its]
                width = 2.2 if tool == "alembic-db" else 1.2
                axes.plot(numbers, shares, marker="o", ms=4, lw=width, color=colour, label=tool)
        axes.set(title=work, xscale="log", yscale="log", xlabel=results["kind"])
        axes.set_ylabel("milliseconds a tenant")
        ticks = sorted({each["tenants"] for each in results["taken"]})
        axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        axes.set_yticks(MARKS, [f"{mark:,}" for mark in MARKS])
        axes.set_ylim(MARKS[0], MARKS[-1])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right upper")
    return figure


if __name__ == "__main__":
    main()
