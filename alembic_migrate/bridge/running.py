"""Upgrade, downgrade, stamp: what changes a database."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from alembic.script.revision import RevisionError

from alembic_migrate.bridge.environment import (
    Request,
    heads_of,
    run_environment,
    version_table_of,
)
from alembic_migrate.bridge.progress import Progress
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.bridge.state import check_heads, connected_heads
from alembic_migrate.databases.state import schema_names, table_names
from alembic_migrate.errors import DatabaseError, HistoryError, RevisionNotFound, UsageError
from alembic_migrate.history import made_tables
from alembic_migrate.results import Run

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.engine import Connection

    from alembic_migrate.events import Report
    from alembic_migrate.targets import Target

Plan = Callable[[Any], list[Any]]
Verb = Literal["upgrade", "downgrade", "stamp"]


def upgrade(target: Target, revision: str, *, sql: bool, tag: str | None, report: Report) -> Run:
    """Bring a database up to a revision, or write the script that would.

    Raises:
        AlembicMigrateError: the revision is unknown, the history is broken, the database is
            unreachable or in a state that cannot be right, or a revision fails.
    """
    scripts = Scripts(target)
    start, destination = _range(revision, sql=sql)
    job = _Job(target, scripts, "upgrade", report, asked=destination)
    job.start, job.tag, job.sql = start, tag, sql
    return job.run(lambda heads: scripts._upgrade_revs(destination, heads), destination)  # noqa: SLF001


def downgrade(target: Target, revision: str, *, sql: bool, tag: str | None, report: Report) -> Run:
    """Take a database back to a revision, or write the script that would.

    Raises:
        AlembicMigrateError: as ``upgrade``.
    """
    scripts = Scripts(target)
    if sql and ":" not in revision:
        revision = f"head:{revision}"
    start, destination = _range(revision, sql=sql)
    job = _Job(target, scripts, "downgrade", report, asked=destination)
    job.start, job.tag, job.sql = start, tag, sql
    return job.run(lambda heads: scripts._downgrade_revs(destination, heads), destination)  # noqa: SLF001


def stamp(
    target: Target,
    revisions: Sequence[str],
    *,
    sql: bool,
    tag: str | None,
    purge: bool,
    report: Report,
) -> Run:
    """Write revisions into the version table without running anything.

    Raises:
        AlembicMigrateError: as ``upgrade``; also ``purge`` together with ``sql``.
    """
    if purge and sql:
        raise UsageError("--purge and --sql exclude each other", hint="leave one of them away")
    scripts = Scripts(target)
    ranges = [_range(revision, sql=sql) for revision in revisions]
    starts = {start for start, _ in ranges if start is not None}
    if len(starts) > 1:
        raise UsageError(f"stamp --sql takes one starting revision, not {sorted(starts)}")
    destinations = tuple(destination for _, destination in ranges)
    asked = ", ".join(destinations)
    with scripts.explained(asked):
        # Resolved before anything is purged.
        scripts.get_revisions(destinations)
    job = _Job(target, scripts, "stamp", report, asked=asked)
    job.start, job.tag, job.sql, job.purge = next(iter(starts), None), tag, sql, purge
    return job.run(lambda heads: scripts._stamp_revs(destinations, heads), destinations)  # noqa: SLF001


def ensure_version(target: Target, *, sql: bool, report: Report) -> Run:
    """Make the version table where there is none."""
    scripts = Scripts(target)
    progress = Progress(target, scripts, report)

    def work(heads: Any, context: MigrationContext) -> list[Any]:
        progress.before = tuple(heads)
        context._ensure_version_table()  # noqa: SLF001 - as Alembic's own command does
        return []

    request = Request("ensure_version", work, report, sql=sql)
    with progress.explained():
        ran = run_environment(target, scripts, request)
    return Run(
        base=target.name,
        verb="ensure-version",
        database=ran.database,
        before=progress.before,
        after=progress.before,
        heads=tuple(scripts.get_heads()),
        sql=ran.output.getvalue() if sql else None,
    )


class _Job:
    """One run of one verb on one target."""

    start: str | None = None
    tag: str | None = None
    sql = False
    purge = False

    def __init__(
        self, target: Target, scripts: Scripts, verb: Verb, report: Report, *, asked: str
    ) -> None:
        self.target = target
        self.scripts = scripts
        self.verb: Verb = verb
        self.asked = asked
        self.progress = Progress(target, scripts, report)

    def run(self, plan: Plan, destination: str | tuple[str, ...]) -> Run:
        """Run the steps that a plan gives for where the database is."""
        if not self.asked.strip():
            raise RevisionNotFound(
                f"{self.target.prefix}the revision is empty",
                hint="for example: head, base, +1, -1, or the beginning of an id",
            )
        with self.progress.explained(self.asked):
            # The whole history is loaded, and its errors told, before a database is touched.
            heads = tuple(self.scripts.get_heads())
            if self._nothing_to_do(plan):
                return self._result(heads, self.progress.before, self.target.shown_url)
            ran = run_environment(self.target, self.scripts, self._request(plan, destination))
        # With --purge the work began at an empty version table.
        after = heads_of(ran, self.progress.before)
        if self.purge:
            self.progress.before = ran.purged
        return self._result(
            heads,
            after,
            ran.database,
            ran.output.getvalue() if self.sql else None,
        )

    def _nothing_to_do(self, plan: Plan) -> bool:
        """Look whether there is work, where our own environment is known to be the one."""
        if self.sql or self.purge or self.target.environment != "builtin":
            return False
        heads = connected_heads(self.target, reading=True)
        self.progress.before = heads
        return not self._steps(plan, heads)

    def _steps(
        self, plan: Plan, heads: Sequence[str], version_table: str | None = None
    ) -> list[Any]:
        check_heads(self.target, self.scripts, heads, version_table)
        self._refuse_ambiguous(heads)
        try:
            return plan(tuple(heads))
        except AssertionError as error:
            # All that Alembic has to say to HEAD+1.
            raise RevisionError("Walked too far") from error
        except AttributeError as error:
            if error.name not in {"upgrade", "downgrade"}:
                raise
            file = getattr(error.obj, "__file__", None) or error.obj
            raise HistoryError(
                f"the revision file {file} has no {error.name}()",
                hint=f"add it:\ndef {error.name}() -> None:\n    ...",
            ) from None

    def _refuse_ambiguous(self, heads: Sequence[str]) -> None:
        """Refuse ``-1`` from several heads: Alembic takes the one that the database lists first."""
        ids = sorted(set(heads))
        if self.verb != "downgrade" or len(ids) < 2 or not re.fullmatch(r"-\d+", self.asked):  # noqa: PLR2004
            return
        raise UsageError(
            f"{self.target.prefix}{self.asked} may be one of several revisions: the database is at "
            f"{', '.join(ids)}",
            hint=f"name the branch: alembic-db downgrade{self.target.flag} {ids[0]}@{self.asked}",
        )

    def _request(self, plan: Plan, destination: str | tuple[str, ...]) -> Request:
        def work(heads: Any, context: MigrationContext) -> list[Any]:
            self.progress.before = tuple(heads)
            steps = self._steps(plan, heads, version_table_of(context))
            if not self.sql:
                if self.verb == "upgrade" and not heads:
                    self._refuse_unmanaged(context, steps)
                if steps and not heads:
                    context._ensure_version_table()  # noqa: SLF001 - only now is it needed
            return self.progress.watch(steps, context)

        more: dict[str, Any] = {"purge": True} if self.purge else {}
        return Request(
            self.verb,
            work,
            self.progress.report,
            sql=self.sql,
            context={
                "starting_rev": self.start,
                "destination_rev": destination,
                "tag": self.tag,
                **more,
            },
            options={"tag": self.tag, "revision": destination, "purge": self.purge},
        )

    def _refuse_unmanaged(self, context: MigrationContext, steps: Sequence[Any]) -> None:
        """Refuse to make tables that are there already, in a database without a version."""
        connection: Connection | None = context.connection
        if connection is None:
            return
        files = [Path(step.revision.path) for step in steps if hasattr(step, "revision")]
        will_make = {table for table in made_tables(files) if not table.guarded}
        schemas = {table.schema for table in will_make} & {None, *schema_names(connection)}
        there = sorted(
            name
            for schema in schemas
            for name in table_names(connection, schema)
            if any(table.may_be(name, schema) for table in will_make)
        )
        if there:
            raise DatabaseError(
                f"{self.target.prefix}the database has no version yet, and holds tables that "
                f"these revisions make: {', '.join(there)}",
                hint="if it was made by other means and is complete, say so: "
                f"alembic-db stamp{self.target.flag} head; or name the revision it corresponds to",
                data={"tables": there},
            )

    def _result(
        self,
        heads: tuple[str, ...],
        after: tuple[str, ...],
        database: str | None,
        sql: str | None = None,
    ) -> Run:
        return Run(
            base=self.target.name,
            verb=self.verb,
            database=database,
            before=tuple(sorted(self.progress.before)),
            after=tuple(sorted(after)),
            heads=heads,
            steps=tuple(self.progress.steps),
            sql=sql,
        )


def _range(revision: str, *, sql: bool) -> tuple[str | None, str]:
    start, colon, destination = revision.partition(":")
    if not colon:
        return None, revision
    if not sql:
        raise UsageError(
            f"the range {revision!r} needs --sql", hint="a database knows where it starts itself"
        )
    return start or None, destination
