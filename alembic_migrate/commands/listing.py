"""heads, history, branches, show: what the revision files say.

The files are read as text. Alembic is only imported where they do not let themselves be read, for
a range or a symbol that is not plain, and for an answer that a database has to give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.bridge.histories import history_of
from alembic_migrate.commands.each import each, is_symbol, one
from alembic_migrate.history.headers import Unclear
from alembic_migrate.results import Revisions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from alembic_migrate.events import Report
    from alembic_migrate.history.load import History
    from alembic_migrate.targets import Target

_EVERYTHING = {None, ":", "base:", ":heads", "base:heads"}


def heads(
    targets: Sequence[Target], *, resolve_dependencies: bool, report: Report
) -> tuple[Revisions, ...]:
    """Return the heads of each history."""

    def work(target: Target) -> Revisions:
        found = history_of(target, report)
        if found is None:
            from alembic_migrate.bridge import reading  # noqa: PLC0415 - imports Alembic

            return reading.heads(target, resolve_dependencies=resolve_dependencies)
        ids = found.effective_heads if resolve_dependencies else found.heads
        return _records(target, found, ids)

    return each(targets, work, keep_going=True)


def branches(targets: Sequence[Target], report: Report) -> tuple[Revisions, ...]:
    """Return each history's branch points, each followed by the revisions that leave it."""

    def work(target: Target) -> Revisions:
        found = history_of(target, report)
        if found is None:
            from alembic_migrate.bridge import reading  # noqa: PLC0415 - imports Alembic

            return reading.branches(target)
        nodes = found.graph.nodes
        forks = (name for name in found.newest_first if len(nodes[name].next) > 1)
        ids = [name for fork in forks for name in (fork, *sorted(nodes[fork].next))]
        return _records(target, found, ids)

    return each(targets, work, keep_going=True)


def show(targets: Sequence[Target], revision: str, report: Report) -> tuple[Revisions, ...]:
    """Return what a symbol names in each history."""
    if not is_symbol(revision):
        one(targets, f"the revision {revision}")

    def work(target: Target) -> Revisions:
        found = history_of(target, report)
        try:
            if found is not None and revision != "current":
                return _records(target, found, found.resolve(revision))
        except Unclear:
            pass
        from alembic_migrate.bridge import reading  # noqa: PLC0415 - imports Alembic

        return reading.show(target, revision, report)

    return each(targets, work, keep_going=True)


def history(
    targets: Sequence[Target], rev_range: str | None, *, indicate_current: bool, report: Report
) -> tuple[Revisions, ...]:
    """Return each history or a range of it, newest first."""
    if rev_range is not None and not is_symbol(rev_range):
        one(targets, f"the range {rev_range}")

    def work(target: Target) -> Revisions:
        found = history_of(target, report) if rev_range in _EVERYTHING else None
        if found is not None and not indicate_current:
            return _records(target, found, found.newest_first)
        from alembic_migrate.bridge import reading  # noqa: PLC0415 - imports Alembic

        if found is not None:
            from alembic_migrate.bridge.scripts import Scripts  # noqa: PLC0415 - imports Alembic

            current = reading.current_ids(target, Scripts(target), report)
            return _records(target, found, found.newest_first, current)
        return reading.history(target, rev_range, indicate_current=indicate_current, report=report)

    return each(targets, work, keep_going=True)


def _records(
    target: Target, found: History, ids: Iterable[str], current: Collection[str] | None = None
) -> Revisions:
    return Revisions(target.name, tuple(found.record(name, current) for name in ids))
