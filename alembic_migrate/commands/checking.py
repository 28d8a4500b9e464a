"""check: whether history, database and models agree, and where they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.bridge.autogenerate import differences
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.commands.each import each
from alembic_migrate.results import Check, Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.bridge.autogenerate import Forgotten
    from alembic_migrate.events import Report
    from alembic_migrate.results import Change, Revision
    from alembic_migrate.targets import Target


def check(targets: Sequence[Target], report: Report) -> tuple[Check, ...]:
    """Return what each base's history, database and models disagree about.

    Raises:
        AlembicMigrateError: as ``each``; findings are no errors.
    """
    return each(targets, lambda target: _check(target, report), keep_going=True)


def _check(target: Target, report: Report) -> Check:
    found = differences(target, report)
    scripts = Scripts(target)
    pending = scripts.pending(*found.heads)
    findings = (
        *_several_heads(target, scripts.get_heads()),
        *(_pending(target, revision) for revision in pending),
        *(_model_change(target, change) for change in found.changes),
        *(_not_imported(forgotten) for forgotten in found.forgotten),
    )
    return Check(
        base=target.name,
        database=found.database,
        findings=findings,
        compared=not pending,
        left_out=found.left_out,
    )


def _several_heads(target: Target, heads: Sequence[str]) -> tuple[Finding, ...]:
    if len(heads) < 2:  # noqa: PLR2004 - several begin with two
        return ()
    return (
        Finding(
            "several-heads",
            f"the history has {len(heads)} heads: {', '.join(sorted(heads))}",
            f'alembic-db merge{target.flag} -m "merge heads"',
            {"heads": sorted(heads)},
        ),
    )


def _pending(target: Target, revision: Revision) -> Finding:
    return Finding(
        "pending",
        f"revision {revision.revision} is not in the database: {revision.message}",
        f"alembic-db upgrade{target.flag}",
        {"revision": revision.revision, "file": str(revision.path)},
    )


def _model_change(target: Target, change: Change) -> Finding:
    return Finding(
        "model-change",
        f"no revision does this: {change.text}",
        f"alembic-db migrate{target.flag}",
        {"kind": change.kind, "change": change.text, **change.data},
    )


def _not_imported(forgotten: Forgotten) -> Finding:
    data = {"table": forgotten.table, "file": forgotten.file}
    return Finding("not-imported", forgotten.message, forgotten.hint, data)
