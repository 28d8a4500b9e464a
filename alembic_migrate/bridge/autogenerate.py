"""New revisions, with what models and database differ in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.api import RevisionContext

from alembic_migrate.bridge.changes import changes
from alembic_migrate.bridge.config import make_config
from alembic_migrate.bridge.environment import (
    Environment,
    Request,
    run_environment,
    version_table_of,
)
from alembic_migrate.bridge.forgetting import tell_forgotten
from alembic_migrate.bridge.progress import Progress
from alembic_migrate.bridge.records import record
from alembic_migrate.bridge.replaying import on_scratch, replay_for
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.bridge.state import check_heads
from alembic_migrate.errors import DatabaseError, UsageError
from alembic_migrate.events import Event, Report
from alembic_migrate.results import Change, Written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.runtime.migration import MigrationContext
    from alembic.script import Script

    from alembic_migrate.targets import Target


@dataclass(frozen=True)
class NewRevision:
    """What a new revision is to be, under Alembic's names.

    With ``scratch`` the models are compared with the history, replayed in a scratch database.
    """

    message: str | None = None
    autogenerate: bool = False
    sql: bool = False
    head: str = "head"
    splice: bool = False
    branch_label: str | None = None
    version_path: str | None = None
    rev_id: str | None = None
    depends_on: tuple[str, ...] = ()
    scratch: bool = False


def write_revision(target: Target, new: NewRevision, report: Report) -> Written:
    """Write a revision file, with what autogenerate finds where that is asked for.

    Raises:
        AlembicMigrateError: several heads, a database that is behind, a name that cannot be.
    """
    scripts = Scripts(target)
    message = check_message(new.message)
    scripts.check_new(new.rev_id, new.version_path, new.branch_label)
    progress = Progress(target, scripts, report)
    with progress.explained(new.head):
        if new.head == "head" and len(scripts.get_heads()) > 1:
            raise scripts.several_heads(scripts.get_heads(), writing=True)
        context = revision_context(target, scripts, new, message)
        environment = _compared(target, scripts, context, new, report)
        if environment is not None:
            tell_forgotten(environment, report)
        found = found_changes(context) if new.autogenerate else ()
        left_out = tuple(sorted(environment.ownership.left_out)) if environment is not None else ()
        if new.autogenerate and _is_empty(context):
            return Written(target.name, (), (), left_out, reason="no changes detected")
        written = [script for script in context.generate_scripts() if script is not None]
    return written_record(target, written, report, found, left_out)


def _compared(
    target: Target, scripts: Scripts, context: RevisionContext, new: NewRevision, report: Report
) -> Environment | None:
    if not new.scratch:
        return _run(target, scripts, context, new, report)
    if not new.autogenerate or new.sql:
        raise UsageError(
            "--scratch is for autogenerate, which compares the models with a real database",
            hint=f"alembic-db migrate{target.flag} --scratch",
        )
    with on_scratch(target) as there:
        replay_for(there, scripts, "heads", report)
        return _run(there, scripts, context, new, report)


def _run(
    target: Target, scripts: Scripts, context: RevisionContext, new: NewRevision, report: Report
) -> Environment | None:
    if not new.autogenerate and not target.config["revision_environment"]:
        if new.sql:
            raise UsageError(
                "revision --sql needs revision_environment = true",
                hint="leave --sql away: without --autogenerate no database is asked",
            )
        return None
    if new.autogenerate and new.sql:
        raise UsageError(
            "--sql and autogenerate exclude each other: models are compared with a real database",
            hint="leave --sql away",
        )

    def work(heads: Any, migration: MigrationContext) -> list[Any]:
        if not new.autogenerate:
            context.run_no_autogenerate(heads, migration)
            return []
        check_heads(target, scripts, heads, version_table_of(migration))
        _refuse_behind(target, scripts, heads)
        context.run_autogenerate(heads, migration)
        return []

    request = Request(
        "revision",
        work,
        report,
        reading=True,
        sql=new.sql,
        context={"template_args": context.template_args, "revision_context": context},
        options={"autogenerate": new.autogenerate, "message": new.message, "rev_id": new.rev_id},
    )
    return run_environment(target, scripts, request)


def _refuse_behind(target: Target, scripts: Scripts, heads: Sequence[str]) -> None:
    if set(scripts.get_revisions(tuple(heads))) == set(scripts.get_revisions("heads")):
        return
    count = len(scripts.pending(heads))
    noun = "revision is" if count == 1 else "revisions are"
    raise DatabaseError(
        f"{target.prefix}the database is behind: {count} {noun} pending, and models can only "
        "be compared with a database at head",
        hint=f"first: alembic-db upgrade{target.flag}; or compare with the history instead: "
        f"alembic-db migrate{target.flag} --scratch",
        data={"base": target.name, "pending": count},
    )


def revision_context(
    target: Target, scripts: Scripts, new: NewRevision, message: str | None
) -> RevisionContext:
    """Return Alembic's context for a new revision; no database is asked yet."""
    arguments = {
        "message": message,
        "autogenerate": new.autogenerate,
        "sql": new.sql,
        "head": new.head,
        "splice": new.splice,
        "branch_label": new.branch_label,
        "version_path": new.version_path,
        "rev_id": new.rev_id,
        "depends_on": list(new.depends_on) or None,
    }
    options = {"autogenerate": new.autogenerate}
    return RevisionContext(make_config(target, "revision", options), scripts, arguments)


def check_message(message: str | None) -> str | None:
    """Return a message for a new revision.

    Raises:
        UsageError: it is given, and nothing but blanks.
    """
    if message is not None and not message.strip():
        raise UsageError("the message is empty", hint='for example: -m "add users"')
    return message


def _is_empty(context: RevisionContext) -> bool:
    return all(
        ops.is_empty() for script in context.generated_revisions for ops in script.upgrade_ops_list
    )


def found_changes(context: RevisionContext) -> tuple[Change, ...]:
    """Return what autogenerate found in a context that it has run in."""
    return tuple(
        change
        for script in context.generated_revisions
        for ops in script.upgrade_ops_list
        for change in changes(ops.as_diffs())
    )


def written_record(
    target: Target,
    scripts: Sequence[Script],
    report: Report,
    found: tuple[Change, ...] = (),
    left_out: tuple[str, ...] = (),
) -> Written:
    """Report the files that were written, and return them as a record."""
    for script in scripts:
        report(Event("file", str(script.path), target.label))
    return Written(target.name, tuple(record(script) for script in scripts), found, left_out)
