"""check: whether history, database and models agree, and where they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.bridge.autogenerate import differences
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.commands.each import each
from alembic_migrate.results import Check, Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.events import Report
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
    heads = scripts.get_heads()
    pending = scripts.pending(*found.heads)
    findings: list[Finding] = []
    if len(heads) > 1:
        findings.append(
            Finding(
                "several-heads",
                f"the history has {len(heads)} heads: {', '.join(sorted(heads))}",
                f'alembic-db merge{target.flag} -m "merge heads"',
                {"heads": sorted(heads)},
            )
        )
    findings += [
        Finding(
            "pending",
            f"revision {revision.revision} is not in the database: {revision.message}",
            f"alembic-db upgrade{target.flag}",
            {"revision": revision.revision, "file": str(revision.path)},
        )
        for revision in pending
    ]
    findings += [
        Finding(
            "model-change",
            f"no revision does this: {change.text}",
            f"alembic-db migrate{target.flag}",
            {"kind": change.kind, "table": change.table, "change": change.text},
        )
        for change in found.changes
    ]
    findings += [
        Finding("not-imported", one.message, one.hint, {"table": one.table, "file": one.file})
        for one in found.forgotten
    ]
    return Check(
        base=target.name,
        database=found.database,
        findings=tuple(findings),
        compared=not pending,
        left_out=found.left_out,
    )
