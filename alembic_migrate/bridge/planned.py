"""``upgrade --plan``: what was planned is run, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_migrate.bridge.job import Job
from alembic_migrate.bridge.journal import file_hash
from alembic_migrate.bridge.previewing import upgrades
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.errors import OutdatedPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.bridge.progress import Progress
    from alembic_migrate.events import Report
    from alembic_migrate.plans import Plan
    from alembic_migrate.results import Run
    from alembic_migrate.targets import Target


def upgrade_as_planned(target: Target, plans: Sequence[Plan], report: Report) -> Run:
    """Run exactly the revisions of a plan; nothing where they are all applied.

    Args:
        target: the base.
        plans: its plans: one, or one for each database that its environment script runs.
        report: is told what happens.

    Raises:
        OutdatedPlan: database or revision files are not those that it was made for. That is looked
            at before the lock is taken, and again while it is held.
        AlembicMigrateError: as ``upgrade``.
    """
    scripts = Scripts(target)
    destination = tuple(sorted({each for plan in plans for each in plan.after}))
    planned = _Planned(target, scripts, plans)
    asked = ", ".join(destination) or "base"
    job = Job(target, scripts, "upgrade", report, asked=asked, plan=planned.steps)
    job.tag, planned.progress = plans[0].tag, job.progress
    return job.run(destination)


class _Planned:
    """Compares plans with what is there, and gives Alembic's steps.

    Attributes:
        progress: what has run so far.
    """

    progress: Progress

    def __init__(self, target: Target, scripts: Scripts, plans: Sequence[Plan]) -> None:
        self.target = target
        self.scripts = scripts
        self.plans = plans

    def steps(self, heads: Sequence[str]) -> list[Any]:
        """Return what is left of the plan for a database.

        Args:
            heads: ids in its version table.

        Raises:
            OutdatedPlan: it was made for another one.
        """
        there = self.scripts.applied(heads)
        # A run may be tried again: what it has done itself has moved no database behind its back.
        # Before the lock is ours, another process may be running the same plan right now.
        own = {step.revision for step in self.progress.steps}
        for plan in self.plans:
            steps = self._checked(plan)
            before = self.scripts.applied(plan.before)
            ids = {step.revision.revision for step in steps}
            if there >= before | ids:
                return []
            mine = ids & own if self.progress.guard is not None else ids
            if there >= before and there - before <= mine:
                return [each for each in steps if each.revision.revision not in there]
        raise self._outdated(
            f"the database has moved since the plan was made: from {self._planned_heads()} to "
            f"{_ids(heads)}",
            before=[sorted(plan.before) for plan in self.plans],
            now=sorted(heads),
        )

    def _checked(self, plan: Plan) -> list[Any]:
        """Return the steps of a plan, whose revision files are compared with what they were."""
        self._check_dialect(plan)
        known = {script.revision: Path(script.path) for script in self.scripts.walk_revisions()}
        for each in plan.revisions:
            file = known.get(each.revision)
            if file is None or not file.is_file():
                raise self._outdated(
                    f"revision {each.revision} of the plan has no file any more",
                    revision=each.revision,
                )
            if file_hash(str(file)) != each.file_hash:
                raise self._outdated(
                    f"{file} has changed since the plan was made",
                    revision=each.revision,
                    file=str(file),
                )
        with self.scripts.explained(plan.asked):
            steps = upgrades(self.scripts, plan.asked).steps(plan.before)
        self._compare(plan, [step.revision.revision for step in steps], known)
        return steps

    def _compare(self, plan: Plan, now: list[str], files: dict[str, Path]) -> None:
        planned = [each.revision for each in plan.revisions]
        added = [each for each in now if each not in planned]
        if added:
            listed = ", ".join(str(files[each]) for each in added)
            raise self._outdated(f"revisions were added since the plan was made: {listed}")
        if now != planned:
            raise self._outdated(
                f"the revisions run in another order than planned: {', '.join(now)}, and the plan "
                f"has {', '.join(planned)}"
            )

    def _check_dialect(self, plan: Plan) -> None:
        if self.target.environment != "builtin" or plan.dialect is None:
            return
        dialect = self.target.url.get_dialect().name
        if dialect != plan.dialect:
            said = f"the plan was made for {plan.dialect}, and the database is {dialect}"
            raise self._outdated(said)

    def _planned_heads(self) -> str:
        return " or ".join(dict.fromkeys(_ids(plan.before) for plan in self.plans))

    def _outdated(self, message: str, **data: Any) -> OutdatedPlan:
        asked = self.plans[0].asked
        more = f" {asked}" if asked != "head" else ""
        ran = "" if self.progress.steps else "; nothing was run"
        return OutdatedPlan(
            f"{self.target.prefix}{message}{ran}",
            hint=f"look at what would run now: alembic-db plan{self.target.flag}{more} --out FILE",
            data={"base": self.target.name, **data},
        )


def _ids(heads: Sequence[str]) -> str:
    return ", ".join(sorted(heads)) or "base"
