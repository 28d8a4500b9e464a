"""How far many databases are, in one line of a terminal that changes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

if TYPE_CHECKING:
    from alembic_migrate.events import Tally


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


class Bar:
    """A bar on stderr; what is written there meanwhile stands above it.

    Args:
        colour: whether it has colours.
    """

    def __init__(self, *, colour: bool) -> None:
        self._progress = Progress(
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=Console(file=sys.stderr, no_color=not colour, force_terminal=True),
            redirect_stdout=False,
            transient=True,
        )
        self._task: TaskID | None = None

    def show(self, tally: Tally) -> None:
        """Show how far things are."""
        finished = tally.done + tally.failed
        failed = f"{tally.failed} failed" if tally.failed else ""
        if self._task is None:
            self._task = self._progress.add_task(failed, total=tally.total, completed=finished)
            self._progress.start()
        else:
            self._progress.update(self._task, completed=finished, description=failed)

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()
