"""``compiled = true``: before many tenants are migrated, the SQL that they share is looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.commands.each import owned
from alembic_migrate.commands.settling import done_already, settled
from alembic_migrate.errors import AlembicMigrateError
from alembic_migrate.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alembic_migrate.databases.sharing import Sharing
    from alembic_migrate.events import Report
    from alembic_migrate.results import Run
    from alembic_migrate.targets import Target


def prepared(
    targets: Sequence[Target], revision: str, report: Report
) -> Mapping[str, Outcome[Run]]:
    """Return what is known of tenants already, as ``settled``, and let the others share their SQL.

    Args:
        targets: which would be upgraded. What those of a base with ``compiled`` can share is noted
            in them.
        revision: where to, as it was typed.
        report: is told why nothing is shared.

    Raises:
        AlembicMigrateError: as ``settled``.
        Interrupted: it was asked to end meanwhile.
    """
    found = dict(settled(targets, revision))
    asked: dict[str, list[Target]] = {}
    for target in targets:
        if target.label not in found and _may_share(target):
            asked.setdefault(target.name, []).append(target)
    for tenants in asked.values():
        found |= _share(tenants, revision, report)
    return found


def _may_share(target: Target) -> bool:
    asked = target.tenant is not None and bool(target.config["compiled"])
    return asked and target.environment == "builtin"


def _share(tenants: list[Target], revision: str, report: Report) -> dict[str, Outcome[Run]]:
    """Look for a tenant that is behind, and for what it can share with those after it."""
    found: dict[str, Outcome[Run]] = {}
    for place, target in enumerate(tenants):
        done = None if target.behind else done_already(target, revision)
        if done is not None:
            found[target.label] = Outcome(target.name, owned(done, target), tenant=target.tenant)
            continue
        sharing = _sharing(target, len(tenants) - place, report)
        for each in tenants[place:]:
            each.compiled = sharing
        break
    return found


def _sharing(target: Target, tenants: int, report: Report) -> Sharing | None:
    from alembic_migrate.bridge.proving import Proof  # noqa: PLC0415 - imports Alembic

    try:
        proof = Proof(target)
    except AlembicMigrateError:  # a broken history, which is told of the first tenant
        return None
    if not proof.pays(tenants):
        return None
    return target.shared("compiled", lambda: proof.found(report))
