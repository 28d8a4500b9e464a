"""Alembic's scripts as plain records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from alembic.runtime.migration import RevisionStep
from alembic.util import to_tuple

from alembic_migrate import results
from alembic_migrate.events import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alembic.runtime.migration import StampStep
    from alembic.script import Script
    from sqlalchemy.engine import Connection

    from alembic_migrate.events import Report
    from alembic_migrate.results import Revision
    from alembic_migrate.targets import Target


def record(script: Script, current: Iterable[str] | None = None) -> Revision:
    """Return a script as a record.

    Args:
        script: one of Alembic's.
        current: the ids in the version table, where the database was asked.
    """
    down = script._versioned_down_revisions  # noqa: SLF001 - what Alembic's own text shows
    # Alembic keeps labels and next revisions in sets, whose order changes from run to run.
    return results.Revision(
        revision=script.revision,
        down_revisions=tuple(down),
        depends_on=to_tuple(script.dependencies, default=()),
        branch_labels=tuple(sorted(script.branch_labels or ())),
        message=script.doc,
        doc=script.longdoc,
        path=Path(script.path),
        next_revisions=tuple(sorted(script.nextrev)),
        is_head=script.is_head,
        is_effective_head=script._is_real_head,  # noqa: SLF001
        is_branch_point=script.is_branch_point,
        is_merge_point=script.is_merge_point,
        is_current=None if current is None else script.revision in set(current),
    )


def function_of(
    step: RevisionStep | StampStep, connection: Connection | None, target: Target, report: Report
) -> Callable[..., Any]:
    """Return what a step calls: its own function, or what shares the SQL of an upgrade.

    Args:
        step: one of Alembic's.
        connection: where it runs; None where a script is written.
        target: whose ``compiled`` says what is done about revisions whose SQL tenants share.
        report: is told of a file that was changed since.
    """
    run: Callable[..., Any] = step.migration_fn
    sharing = target.compiled
    if sharing is None or connection is None or step.is_downgrade or not is_run(step):
        return run
    name, file = step.revision.revision, step.revision.path
    if sharing.is_outdated(name, file):
        said = f"{file} is not what it was when its SQL was proved: revision {name} runs as usual"
        report(Event("warning", said, target.label))
        return run
    return sharing.around(name, connection, run)


def is_run(step: RevisionStep | StampStep) -> TypeGuard[RevisionStep]:
    """Tell whether a step runs a function of a revision, and does not only note that it ran."""
    return isinstance(step, RevisionStep) and not getattr(step, "by_hand", False)


def announcement(step: RevisionStep | StampStep) -> str:
    """Return what is said of a step that begins, as Alembic has it for what runs."""
    if is_run(step):
        return f"Running {step}"
    come, go = (", ".join(ids) for ids in (step.from_revisions_no_deps, step.to_revisions_no_deps))
    return f"Stamping {come} -> {go}"
