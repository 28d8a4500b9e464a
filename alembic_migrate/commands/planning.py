"""plan, upgrade --plan: what would run, kept in a file, and run as it was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.bridge import planned, previewing
from alembic_migrate.commands.each import Over, each, is_symbol, one
from alembic_migrate.commands.linting import judge_of
from alembic_migrate.commands.running import check_upgrade
from alembic_migrate.errors import OutdatedPlan, UsageError
from alembic_migrate.plans import Plan, read, write
from alembic_migrate.replacing import replace_file

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from alembic_migrate.events import Report
    from alembic_migrate.results import Run
    from alembic_migrate.targets import Target


def plan(
    targets: Sequence[Target],
    revision: str,
    *,
    tag: str | None,
    lint: bool,
    out: Path | None,
    report: Report,
) -> tuple[Plan, ...]:
    """Return what ``upgrade`` would run on each database; nothing is changed.

    Args:
        targets: the bases, in the order in which they would run.
        revision: as ``upgrade`` takes it.
        tag: for the environment script.
        lint: judge the revisions too.
        out: a file that keeps the plan for ``upgrade --plan``.
        report: is told what happens.

    Raises:
        UsageError: the file cannot be written.
        AlembicMigrateError: as ``each``; no file is written then.
    """
    if not is_symbol(revision):
        one(targets, f"the revision {revision}")
    found = each(
        targets,
        lambda t: previewing.preview(
            t, revision, tag=tag, judge=judge_of(t) if lint else None, report=report
        ),
        keep_going=True,
    )
    plans = tuple(plan for of_base in found for plan in of_base)
    if out is not None:
        _keep(plans, out, targets[0].config.root)
    return plans


def _keep(plans: Sequence[Plan], out: Path, root: Path) -> None:
    try:
        replace_file(out, write(plans, root).encode())
    except OSError as error:
        raise UsageError(
            f"the plan cannot be written to {out}: {error.strerror}",
            hint="name a file in a folder that is there: --out plan.json",
        ) from error


def read_plan(file: Path) -> tuple[Plan, ...]:
    """Return the plans that a file keeps.

    Raises:
        UsageError: it cannot be read, is no plan, or was changed after it was written.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(
            f"the plan {file} cannot be read: {said}",
            hint="write a plan: alembic-db plan --out FILE",
        ) from error
    return read(text, str(file))


def of_tenants(targets: Sequence[Target], plans: Sequence[Plan]) -> tuple[Target, ...]:
    """Return the targets without those of tenants that no plan is for.

    Raises:
        OutdatedPlan: a tenant that a plan is for is not there.
    """
    bases = {target.name: target.is_named for target in targets}
    wanted = {_label(plan) for plan in plans if plan.tenant is not None and plan.base in bases}
    lost = [plan for plan in plans if _label(plan) in wanted - {each.label for each in targets}]
    gone = sorted({_name(plan, named=bases[plan.base]) for plan in lost})
    if gone:
        raise OutdatedPlan(
            f"the plan is for tenants that are not there any more: {', '.join(gone)}; nothing was "
            "run",
            hint="look at what would run now: alembic-db plan --out FILE",
            data={"tenants": gone},
        )
    return tuple(each for each in targets if each.tenant is None or each.label in wanted)


def _label(plan: Plan) -> str:
    """Return what tells whose plan it is, as a target does."""
    return plan.base if plan.tenant is None else f"{plan.base}/{plan.tenant}"


def _name(plan: Plan, *, named: bool) -> str:
    """Return how a message calls what a plan is for."""
    return _label(plan) if named else plan.tenant or plan.base


def upgrade(
    targets: Sequence[Target],
    plans: Sequence[Plan],
    *,
    confirm: Collection[str],
    over: Over[Run],
    report: Report,
) -> tuple[Run, ...]:
    """Run what plans hold.

    Args:
        targets: the bases, in the order in which they run.
        plans: as ``read_plan`` returns them; those of other bases are left alone.
        confirm: protected bases on which a rehearsal is meant.
        over: goes over the bases, in this process.
        report: is told what happens.

    Raises:
        UsageError: there is no plan for a base.
        OutdatedPlan: databases or files are not those that the plan was made for.
        AlembicMigrateError: as ``upgrade``.
    """
    of_label = {t.label: [plan for plan in plans if _label(plan) == t.label] for t in targets}
    named = any(target.is_named for target in targets)
    lacking = [
        each.label if named else each.tenant or each.name
        for each in targets
        if not of_label[each.label]
    ]
    if lacking:
        there = ", ".join(dict.fromkeys(_name(each, named=named) for each in plans)) or "none"
        raise UsageError(
            f"the plan has nothing for {', '.join(lacking)}; it is for {there}",
            hint="leave --base, --all and --tenant away: the plan says what it is for",
        )
    check_upgrade(targets, confirm, report)

    def work(target: Target, report: Report) -> Run:
        return planned.upgrade_as_planned(target, of_label[target.label], report)

    return over(targets, work)
