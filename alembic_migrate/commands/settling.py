"""What is known of many tenants from few queries: those at head, and those that are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.bridge.asking import of_one_database, stand
from alembic_migrate.bridge.histories import plain_history_of
from alembic_migrate.errors import NoSuchDatabase
from alembic_migrate.history.headers import Unclear
from alembic_migrate.results import Outcome, Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alembic_migrate.history.load import History
    from alembic_migrate.targets import Target


def settled(targets: Sequence[Target], revision: str) -> Mapping[str, Outcome[Run]]:
    """Return what becomes of those tenants on which an upgrade has nothing to do.

    These are schemas of one database, seen through our own environment alone. Of all others nothing
    is said, and they are looked at one by one.

    Args:
        targets: which would be upgraded.
        revision: where to, as it was typed. Those that are behind are marked so.

    Returns:
        By the target's label: that it is at head, or that there is no such schema.

    Raises:
        DatabaseError: a database cannot be read.
    """
    if revision not in {"head", "heads"}:
        return {}
    found: dict[str, Outcome[Run]] = {}
    quiet = [t for t in targets if not (t.config["journal"] or t.rehearsing or t.wait)]
    for together in of_one_database(quiet):
        history = plain_history_of(together[0])
        if history is None or not _is_plain(history, revision):
            continue
        for target, heads, _ in stand(together):
            if heads is None:
                found[target.label] = Outcome(
                    target.name, error=_missing(target), tenant=target.tenant
                )
            elif history.is_at_head(heads):
                found[target.label] = Outcome(
                    target.name, _at_head(target, history, heads), tenant=target.tenant
                )
            else:
                target.behind = True
    return found


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
