"""Revisions that join others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.util import asbool, rev_id

from alembic_migrate.bridge.autogenerate import (
    NewRevision,
    check_message,
    revision_context,
    written_record,
)
from alembic_migrate.bridge.environment import Request, run_environment
from alembic_migrate.bridge.progress import Progress
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.results import Written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.events import Report
    from alembic_migrate.targets import Target


def merge(target: Target, revisions: Sequence[str], new: NewRevision, report: Report) -> Written:
    """Write a revision that joins others; with one head and none named there is nothing to do.

    Raises:
        AlembicMigrateError: a revision is unknown or no head, or the file cannot be written.
    """
    scripts = Scripts(target)
    asked = ", ".join(revisions)
    message = check_message(new.message)
    scripts.check_new(new.rev_id, new.version_path, new.branch_label)
    with Progress(target, scripts, report).explained(asked or "heads"):
        chosen = scripts.get_revisions(tuple(revisions) or "heads")
        ids = tuple(dict.fromkeys(script.revision for script in chosen))
        if len(ids) < 2:  # noqa: PLR2004
            reason = "one revision is no merge" if revisions else _why_not(scripts, ids)
            return Written(target.name, (), reason=f"nothing to merge: {reason}")
        arguments: dict[str, Any] = {}
        if asbool(target.config["revision_environment"]):
            request = Request("merge", lambda *_: [], report, reading=True)
            arguments = {"config": run_environment(target, scripts, request).config}
        else:
            arguments = {"config": revision_context(target, scripts, new, message).config}
        script = scripts.generate_revision(
            new.rev_id or rev_id(),
            message or f"merge {' and '.join(ids)}",
            refresh=True,
            head=ids,
            branch_labels=new.branch_label,
            splice=new.splice,
            **arguments,
        )
    return written_record(target, [script] if script is not None else [], report)


def _why_not(scripts: Scripts, ids: Sequence[str]) -> str:
    """Return why the heads need no merge: there is one, or one depends on the others."""
    if not ids:
        return "there are no revisions"
    others = sorted(set(scripts.get_heads()) - set(ids))
    return f"the head {ids[0]} depends on {', '.join(others)}" if others else "there is one head"
