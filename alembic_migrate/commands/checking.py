"""check: whether history, database and models agree, and where they do not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from alembic_migrate.bridge.comparing import Differences, differences
from alembic_migrate.bridge.drifting import Drift, Look, drift, look
from alembic_migrate.bridge.replaying import on_scratch, replay_for
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.bridge.state import read_databases
from alembic_migrate.commands.each import each
from alembic_migrate.commands.found import model_change, not_imported, several_heads
from alembic_migrate.errors import ConfigError
from alembic_migrate.events import quietly
from alembic_migrate.results import Check, Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.events import Report
    from alembic_migrate.results import Change, Revision
    from alembic_migrate.targets import Target


@dataclass(frozen=True)
class _Found:
    """What was found out about one base.

    Attributes:
        models: how the models differ from the database, or from the history.
        pending: revisions that a database lacks.
        drift: what was changed in the database by hand; None where nobody looked.
    """

    models: Differences
    pending: tuple[Revision, ...]
    drift: Drift | None = None


def check(
    targets: Sequence[Target], report: Report, *, scratch: bool = False, drift: bool = False
) -> tuple[Check, ...]:
    """Return what each base's history, database and models disagree about.

    Args:
        targets: the bases.
        report: is told what happens.
        scratch: compare the models with the history, replayed in a scratch database.
        drift: do that, and compare the database with the history too.

    Raises:
        AlembicMigrateError: as ``each``; findings are no errors.
    """

    def work(target: Target) -> Check:
        scripts = Scripts(target)
        if scratch or drift:
            found = _on_scratch(target, scripts, report, drifting=drift)
            return _check(target, scripts, found, scratch=True)
        return _check(target, scripts, _in_place(target, scripts, report), scratch=False)

    return each(targets, work, keep_going=True)


def _in_place(target: Target, scripts: Scripts, report: Report) -> _Found:
    """Compare the models with the database itself, where it is at head."""
    found = differences(target, scripts, report)
    return _Found(found, scripts.pending(*found.heads))


def _on_scratch(target: Target, scripts: Scripts, report: Report, *, drifting: bool) -> _Found:
    """Compare models, and the database where that is asked for, with the replayed history."""
    database = look(target, scripts, report) if drifting else None
    place, heads = _place(target, scripts, report, database)
    drifted: Drift | None = None
    with on_scratch(target) as there:
        if database is not None:
            replay_for(there, scripts, database.heads, report)
            drifted = drift(look(there, scripts, quietly(report)), database)
        replay_for(there, scripts, "heads", report)
        found = differences(there, scripts, report)
    left_out = tuple(sorted({*found.left_out, *(drifted.tables if drifted else ())}))
    models = replace(found, database=place, heads=heads, left_out=left_out)
    return _Found(models, scripts.pending(*heads), drifted)


def _place(
    target: Target, scripts: Scripts, report: Report, database: Look | None
) -> tuple[str | None, tuple[tuple[str, ...], ...]]:
    """Return the database and the ids in its version table; nothing where there is none at all."""
    if database is not None:
        return database.environment.database, (database.heads,)
    if target.config["scratch_url"] is not None and not _has_url(target):
        return None, ()
    found = read_databases(target, scripts, report)
    return found[0][0].database, tuple(heads for _, heads in found)


def _has_url(target: Target) -> bool:
    try:
        return target.configured_url() is not None
    except ConfigError:
        return False


def _check(target: Target, scripts: Scripts, found: _Found, *, scratch: bool) -> Check:
    models = found.models
    again = " --scratch" if found.pending else ""
    findings = (
        *several_heads(target, scripts.get_heads()),
        *(_pending(target, revision) for revision in found.pending),
        *(model_change(target, change, again) for change in models.changes),
        *(not_imported(forgotten) for forgotten in models.forgotten),
        *(_drift(change) for change in (found.drift.changes if found.drift else ())),
    )
    return Check(
        base=target.name,
        database=models.database,
        findings=findings,
        compared=scratch or not found.pending,
        left_out=models.left_out,
        drift=found.drift is not None,
        unowned=found.drift.others if found.drift else (),
    )


def _pending(target: Target, revision: Revision) -> Finding:
    return Finding(
        "pending",
        f"revision {revision.revision} is not in the database: {revision.message}",
        f"alembic-db upgrade{target.flag}",
        {"revision": revision.revision, "file": str(revision.path)},
    )


def _drift(change: Change) -> Finding:
    return Finding(
        "drift",
        f"changed by hand: {change.text}",
        "take it back in the database, or write a revision that does it",
        {"kind": change.kind, "change": change.text, **change.data},
    )
