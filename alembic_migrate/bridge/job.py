"""One run of one verb on one target: planned, locked, run, tried again, and told."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING, Any, Literal

from alembic_migrate.bridge.asking import ask, await_start, connected_heads
from alembic_migrate.bridge.environment import (
    Environment,
    Request,
    heads_of,
    run_environment,
    version_table_of,
)
from alembic_migrate.bridge.guarding import Guard, guarding
from alembic_migrate.bridge.journal import GOING_ON, is_open
from alembic_migrate.bridge.leftovers import refuse_half_applied
from alembic_migrate.bridge.planning import Plan, Planning
from alembic_migrate.bridge.progress import Progress
from alembic_migrate.bridge.refusals import refuse_empty, refuse_unmanaged
from alembic_migrate.bridge.rehearsing import refuse_rehearsal
from alembic_migrate.bridge.session import StartAgain
from alembic_migrate.bridge.sites import Sites
from alembic_migrate.bridge.truth import look
from alembic_migrate.bridge.waiting import Waiting, pause_before_retry
from alembic_migrate.errors import AlembicMigrateError, MigrationError
from alembic_migrate.events import Event, Report, ignore
from alembic_migrate.results import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.runtime.migration import MigrationContext

    from alembic_migrate.bridge.applying import Applying
    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.targets import Target

Verb = Literal["upgrade", "downgrade", "stamp", "ensure-version"]


class Job:
    """One run of one verb on one target.

    Args:
        target: what to work on.
        scripts: its revision files.
        verb: what is done.
        report: is told what happens.
        asked: the revision as it was typed.
        plan: gives the steps that lead there from the ids in a version table.

    Attributes:
        start: where a script begins.
        tag: for the environment script.
        sql: write a script instead of connecting.
        purge: empty the version table first.
    """

    start: str | None = None
    tag: str | None = None
    sql = False
    purge = False

    def __init__(
        self,
        target: Target,
        scripts: Scripts,
        verb: Verb,
        report: Report,
        *,
        asked: str,
        plan: Plan,
    ) -> None:
        self.target = target
        self.scripts = scripts
        self.verb: Verb = verb
        self.asked = asked
        self.progress = Progress(target, scripts, report)
        self.planning = Planning(target, scripts, verb, asked, plan)
        self._heads: tuple[str, ...] = ()
        self._applying: Applying | None = None
        if verb == "upgrade" and target.compiled is not None:
            from alembic_migrate.bridge.applying import applying  # noqa: PLC0415 - for tenants alone

            self._applying = applying(self.progress, target.compiled)

    def run(self, destination: str | tuple[str, ...]) -> Run:
        """Run the steps that lead to a destination from where the database is.

        Raises:
            AlembicMigrateError: the revision is empty or unknown, the history is broken, the
                database cannot be used, the lock is not to be had, or a revision fails.
        """
        refuse_empty(self.target, self.asked)
        with self.progress.explained(self.asked):
            # The whole history is loaded, and its errors told, before a database is touched.
            heads = tuple(self.scripts.get_heads())
            if not self.sql:
                await_start(self.target)
            if self.target.rehearsing:
                refuse_rehearsal(self.target, self.scripts, self._first_look())
            self._look_through_script()
            if not self.target.behind and self._nothing_to_do() and not self._is_half_applied():
                return self._result(heads, self._heads, self.target.shown_url)
            ran = self._run(destination)
        if ran is None:
            return self._result(heads, self._heads, self.target.shown_url)
        after = self._heads if self.target.rehearsing else heads_of(ran, self._heads)
        if self.purge:
            # The work itself began at an empty version table.
            self.progress.before = ran.purged
        sql = ran.output.getvalue() if self.sql else None
        return self._result(heads, after, ran.database, sql)

    def _run(self, destination: str | tuple[str, ...]) -> Environment | None:
        if self.sql:
            return self._once(destination, None)
        waiting = Waiting(self.target, self.progress.report)
        with ExitStack() as stack:
            with waiting.counted():
                guard = stack.enter_context(guarding(self.target, self.progress.report))
            self.progress.statements = guard.statements
            self.progress.guard = guard
            rehearsed = self.target.rehearsing and self.target.config["journal"]
            if guard.journal is not None or rehearsed:
                refuse_half_applied(self.target, guard.journal, self.scripts, self.verb)
            return self._until_done(destination, guard, waiting)

    def _is_half_applied(self) -> bool:
        """Tell whether a revision may be half applied, although the version table is right."""
        asked = self.verb in GOING_ON and self.target.config["journal"]
        return asked and ask(self.target, lambda c: is_open(self.target, c))

    def _until_done(
        self, destination: str | tuple[str, ...], guard: Guard, waiting: Waiting
    ) -> Environment | None:
        """Run under the gate; again where somebody else moved the database or held its tables."""
        retries = 0
        while True:
            if self._nothing_to_do(guard):
                return None
            try:
                with self.progress.explained(self.asked):
                    return self._once(destination, guard)
            except StartAgain as why:
                waiting.begin_again(why, guard.session.awaited)
            except MigrationError as error:
                if not self._may_retry(error, retries):
                    raise
                self._tell_retry(error, retries)
                pause_before_retry(retries)
                retries += 1
            finally:
                guard.session.leave()
            self._begin_again()

    def _begin_again(self) -> None:
        """Forget of the attempt before what is not in the database any more."""
        tried = self.progress.sites.begin_again()
        if self.target.environment == "builtin":
            stays = set(connected_heads(self.target)) != set(self._heads)
        else:
            stays = any(look(site)[0].moved for site in tried)
        self.progress.begin_again(keep=stays)

    def _once(self, destination: str | tuple[str, ...], guard: Guard | None) -> Environment:
        ran = run_environment(self.target, self.scripts, self._request(destination, guard))
        try:
            self.progress.finish()
        except AlembicMigrateError as error:  # all is done: no failure any more
            said = f"all was done, but the journal does not tell so: {error.message}"
            self.progress.report(Event("warning", said, self.target.label))
        return ran

    def _may_retry(self, error: MigrationError, retries: int) -> bool:
        """Tell whether a revision gave way to another session, and left nothing that runs twice."""
        gave_way = error.data.get("lock_timeout") or error.data.get("deadlock")
        if retries >= int(self.target.config["lock_retries"]) or not gave_way:
            return False
        statements = self.progress.statements
        left = statements.kept or statements.perhaps or error.data.get("invalid_indexes")
        return not left and not statements.failed_alone

    def _tell_retry(self, error: MigrationError, retries: int) -> None:
        blocked = error.data.get("blocked_by")
        by = f" (held by {blocked})" if blocked else ""
        what = "a deadlock" if error.data["deadlock"] else "lock_timeout"
        self.progress.report(
            Event(
                "warning",
                f"revision {error.data['revision']} ran into {what}{by} and changed nothing; "
                f"try {retries + 2} of {int(self.target.config['lock_retries']) + 1} follows",
                self.target.label,
            )
        )

    def _nothing_to_do(self, guard: Guard | None = None) -> bool:
        """Look whether there is work, where our own environment is known to be the one.

        Args:
            guard: what is held already; its connection is asked, where it has one.
        """
        if self.sql or self.purge or self.target.environment != "builtin":
            return False
        if self.verb == "ensure-version":
            return False
        beside = guard.gate.connection if guard is not None else None
        heads = connected_heads(self.target, beside)
        self._note_before(heads)
        return not self.planning.steps(heads)

    def _first_look(self) -> list[Any]:
        if self.target.environment != "builtin":
            return []
        return self.planning.steps(connected_heads(self.target))

    def _look_through_script(self) -> None:
        """Plan what counts from where the database is now, before anybody is waited for."""
        if self.sql or self.target.environment == "builtin" or not self.planning.is_relative:
            return
        sites = Sites(self.target)

        def work(heads: Any, context: MigrationContext) -> list[Any]:
            site = sites.come_to(context, heads)
            self.planning.steps(heads, site and site.key, version_table_of(context))
            return []

        request = Request("current", work, ignore, reading=True)
        run_environment(self.target, self.scripts, request)

    def _note_before(self, heads: Sequence[str]) -> None:
        self._heads = tuple(heads)
        if not self.progress.steps:  # what another process did while this one waited is not ours
            self.progress.before = self._heads

    def _request(self, destination: str | tuple[str, ...], guard: Guard | None) -> Request:
        def work(heads: Any, context: MigrationContext) -> list[Any]:
            self._note_before(heads)
            if guard is not None:
                guard.enter(context, heads)
            site = self.progress.sites.come_to(context, heads, keep=bool(self.progress.steps))
            steps = self.planning.steps(heads, site and site.key, version_table_of(context))
            if self.verb == "ensure-version":
                _make_version_table(context)
            elif not self.sql:
                if self.verb == "upgrade" and not heads:
                    refuse_unmanaged(self.target, context.connection, steps)
                if steps and not heads:
                    context._ensure_version_table()  # noqa: SLF001 - only now is it needed
            if self._applying is not None and self._applying.can(steps, context):
                self._applying.apply(steps, heads, context)
                return []
            return self.progress.watch(steps, context)

        more: dict[str, Any] = {"purge": True} if self.purge else {}
        return Request(
            self.verb.replace("-", "_"),
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
            guard=guard,
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
            steps=self.progress.steps,
            sql=sql,
            rehearsed=self.target.rehearsing,
        )


def _make_version_table(context: MigrationContext) -> None:
    """Make the version table and commit it: no revision follows that would."""
    # A script has its BEGIN and COMMIT here, where each revision would have its own.
    with context.begin_transaction(_per_migration=True) if context.as_sql else nullcontext():
        context._ensure_version_table()  # noqa: SLF001 - as Alembic's own command does
    connection = context.connection
    if connection is not None and not context.as_sql and connection.in_transaction():
        connection.commit()
