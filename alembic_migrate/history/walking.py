"""The order of revisions: that in which Alembic lists them, and upgrades run the other way round.

Alembic walks down one line until it comes to a revision that another line still needs, and goes on
with that line. It looks through the ancestors of every open line at each step; here the revisions
above that are still to come are counted instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alembic_migrate.history.graph import Graph

_KEPT = 20  # names kept for each revision, at most


def newest_first(graph: Graph, left_out: Iterable[str] = ()) -> list[str]:
    """Return the revisions of a graph, each before all that it follows or depends on.

    Args:
        graph: the history.
        left_out: revisions that do not count, with all of their own ancestors.
    """
    walk = _Walk(graph, set(left_out))
    while walk.lines:
        walk.step()
    return walk.found


class _Walk:
    """A walk down a history along several lines.

    Attributes:
        lines: where each open line has come to; the walk goes on along one of them.
        found: the revisions that were passed.
    """

    def __init__(self, graph: Graph, left_out: set[str]) -> None:
        self.found: list[str] = []
        self.lines = [head for head in graph.effective_heads if head not in left_out]
        self._graph = graph
        self._at = 0
        self._open = set(self.lines)
        self._above: dict[str, Sequence[str]] = _above(graph, left_out)
        # How many revisions above each one were not passed yet.
        self._waiting = {name: len(above) for name, above in self._above.items()}
        # A walk comes back to the same fork from each of its lines.
        self._leading: dict[str, set[str]] = {}
        self._kept = 0

    def step(self) -> None:
        """Pass the revision that the walk is at, or go over to the line that comes first."""
        name = self.lines[self._at]
        if self._waiting[name]:
            self._at = self._line_above(name)
            return
        self.found.append(name)
        self._open.discard(name)
        del self._waiting[name]
        below = []
        for each in self._graph.nodes[name].links:
            if each in self._waiting:
                self._waiting[each] -= 1
                if each not in self._open:
                    below.append(each)
        if below:
            self._open.update(below)
            self.lines[self._at] = below[0]
            self.lines += below[1:]
        else:
            del self.lines[self._at]
            self._at = max(self._at - 1, 0)

    def _line_above(self, name: str) -> int:
        """Return the first line that leads down to a revision."""
        leading = self._leading.get(name)
        if leading is None:
            leading = self._all_above(name)
            if self._kept > _KEPT * len(self._above):
                self._leading.clear()
                self._kept = 0
            self._leading[name] = leading
            self._kept += len(leading)
        return next(at for at, line in enumerate(self.lines) if line in leading)

    def _all_above(self, name: str) -> set[str]:
        """Return what is above a revision and was not passed yet."""
        seen: set[str] = set()
        todo = [name]
        while todo:
            for each in self._above[todo.pop()]:
                if each not in seen and each in self._waiting:
                    seen.add(each)
                    todo.append(each)
        return seen


def _above(graph: Graph, left_out: set[str]) -> dict[str, Sequence[str]]:
    """Return what stands right above each revision: what links to it, without what is left out."""
    above: dict[str, list[str]] = {name: [] for name in graph.nodes if name not in left_out}
    for name in above:
        for each in graph.nodes[name].links:
            if each in above:
                above[each].append(name)
    return dict(above)
