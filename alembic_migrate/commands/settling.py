"""What is known of tenants before they are upgraded: those at head, and those that are missing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from alembic_migrate.bridge.asking import of_one_database, stand
from alembic_migrate.bridge.histories import plain_history_of
from alembic_migrate.bridge.standing import nothing_to_do
from alembic_migrate.commands.each import owned
from alembic_migrate.errors import Interrupted, NoSuchDatabase
from alembic_migrate.history.headers import Unclear
from alembic_migrate.results import Outcome, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alembic_migrate.history.load import History
    from alembic_migrate.targets import Target

# About as long as it takes to start processes for what is left.
_SECONDS = 0.5


def settled(targets: Sequence[Target], revision: str) -> Mapping[str, Outcome[Run]]:
    """Return what becomes of those tenants on which an upgrade has nothing to do.

    Schemas of one database, seen through our own environment alone, are asked for together. The
    others are looked at one by one up to the first that is behind, and for half a second; those
    that follow are not in the answer.

    Args:
        targets: which would be upgraded.
        revision: where to, as it was typed. Those that are behind are marked so.

    Returns:
        By the target's label: that there is nothing to do, or that there is no such schema.

    Raises:
        DatabaseError: a database cannot be read.
    """
    found = dict(_together(targets, revision) if revision in {"head", "heads"} else ())
    others = (t for t in targets if t.tenant is not None and t.label not in found)
    return found | dict(_first(others, revision))


def _together(targets: Sequence[Target], revision: str) -> Iterator[tuple[str, Outcome[Run]]]:
    """Yield what few queries tell of schemas, and mark those that are behind."""
    quiet = [t for t in targets if not (t.config["journal"] or t.rehearsing or t.wait)]
    for together in of_one_database(quiet):
        history = plain_history_of(together[0])
        if history is None or not _is_plain(history, revision):
            continue
        for target, heads, _ in stand(together):
            if heads is None:
                error = _missing(target)
                yield target.label, Outcome(target.name, error=error, tenant=target.tenant)
            elif history.is_at_head(heads):
                run = _at_head(target, history, heads)
                yield target.label, Outcome(target.name, run, tenant=target.tenant)
            else:
                target.behind = True


def _first(targets: Iterable[Target], revision: str) -> Iterator[tuple[str, Outcome[Run]]]:
    """Yield the tenants that come before the first one with something to do."""
    until = time.monotonic() + _SECONDS
    for target in targets:
        run = None if target.behind or target.wait else done_already(target, revision)
        if run is None or time.monotonic() > until:
            return
        yield target.label, Outcome(target.name, owned(run, target), tenant=target.tenant)


def done_already(target: Target, revision: str) -> Run | None:
    """Return what an upgrade says that finds nothing to do; None where it does not.

    Raises:
        Interrupted: it was asked to end.
    """
    try:
        return nothing_to_do(target, revision)
    except Interrupted:
        raise
    except Exception:  # noqa: BLE001 - told when it is its turn
        return None


def _is_plain(history: History, revision: str) -> bool:
    try:
        heads = history.heads
    except Unclear:
        return False
    return bool(heads) and (revision == "heads" or len(heads) == 1)


def _missing(target: Target) -> NoSuchDatabase:
    place = target.tenant_place
    assert place is not None
    return NoSuchDatabase(
        f"{target.prefix}there is no schema {place.schema!r}", hint=target.how_to_make
    )


def _at_head(target: Target, history: History, heads: Sequence[str]) -> Run:
    at = tuple(sorted(heads))
    database = target.shown_url
    return Run(target.name, "upgrade", database, at, at, history.heads, tenant=target.tenant)
