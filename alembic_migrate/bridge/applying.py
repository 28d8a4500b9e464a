"""Revisions whose SQL tenants share, sent to PostgreSQL with one message each.

What Alembic does around a revision is done here as well: the version table moves with it, in the
same transaction and the same message. A message that fails is rolled back, and what is left is run
statement by statement, so that a failure is told as it always is.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from alembic.runtime.migration import HeadMaintainer
from sqlalchemy.exc import DBAPIError

from alembic_migrate.bridge.records import function_of, is_run
from alembic_migrate.bridge.session import StartAgain
from alembic_migrate.databases.faults import code_of, gave_way
from alembic_migrate.databases.sharing import Compiled, as_sent
from alembic_migrate.databases.statements import Together, ends_transaction, is_autocommit
from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep

    from alembic_migrate.bridge.progress import Progress
    from alembic_migrate.databases.sharing import Sharing

# Drivers that hand several statements to the server as they are.
_DRIVERS = frozenset({"psycopg", "psycopg2"})
_PLAIN_ID = pattern(r"[\w.-]+")
_CANCELLED = "57014"  # by statement_timeout, or by somebody who does not want it to run

_log = logging.getLogger("alembic.runtime.migration")


def applying(progress: Progress, sharing: Sharing) -> Applying | None:
    """Return what applies the revisions of a run; None while their SQL is only noted."""
    return Applying(progress, sharing) if isinstance(sharing, Compiled) else None


class Applying:
    """Applies the steps of a run, each in the transaction that Alembic would run it in.

    Args:
        progress: of the run.
        compiled: the SQL of revisions.
    """

    def __init__(self, progress: Progress, compiled: Compiled) -> None:
        self._progress = progress
        self._compiled = compiled
        self._refused = False
        self._sending = False

    def can(self, steps: Sequence[Any], context: MigrationContext) -> bool:
        """Tell whether it is to apply these steps, in place of Alembic.

        Args:
            steps: Alembic's, up to the end of the run.
            context: Alembic's, connected.
        """
        connection = context.connection
        if self._refused or connection is None or context.dialect.driver not in _DRIVERS:
            return False
        if is_autocommit(connection) or not self._compiled.fits(connection):
            return False
        # Where one transaction has them all, what a revision committed on its own would run again
        # after a refused message.
        alone = context._transaction_per_migration and not context._in_external_transaction  # noqa: SLF001
        return (any if alone else all)(self._is_shared(step) for step in steps)

    def _is_shared(self, step: RevisionStep | StampStep) -> bool:
        """Tell whether a step moves the version table from one id at most, by SQL that is known."""
        if not (is_run(step) and step.is_upgrade):
            return False
        script = step.revision
        if script.dependencies or len(script._versioned_down_revisions) > 1:  # noqa: SLF001
            return False
        name = str(script.revision)
        known = self._compiled.has(name) and not self._compiled.is_outdated(name, script.path)
        if not known or _PLAIN_ID.fullmatch(name) is None:
            return False
        # What it commits itself would stay where the message is refused, and run again.
        return not any(ends_transaction(each.sql) for each in self._compiled.revisions[name])

    def apply(
        self,
        steps: Sequence[RevisionStep | StampStep],
        heads: Sequence[str],
        context: MigrationContext,
    ) -> None:
        """Apply steps.

        Args:
            steps: Alembic's.
            heads: ids in the version table.
            context: Alembic's, connected.

        Raises:
            StartAgain: the server refused a message; ``can`` says no from now on.
        """
        maintainer = HeadMaintainer(context, heads)

        def run_of(step: RevisionStep | StampStep) -> Callable[..., None]:
            return self._function(step, maintainer)

        try:
            for step in self._progress.watch(steps, context, run_of):
                self._run(step, maintainer)
        except DBAPIError as error:
            lost = error.connection_invalidated or any(gave_way(error).values())
            if lost or not self._sending or code_of(error) == _CANCELLED:
                raise
            self._refused = True
            raise StartAgain(moved=True) from error

    def _run(self, step: RevisionStep | StampStep, maintainer: HeadMaintainer) -> None:
        """Do as Alembic does with a step, but for what a message has done already."""
        context = maintainer.context
        with context.begin_transaction(_per_migration=True):
            _log.info("Running %s", step)
            self._sending = False
            step.migration_fn()
            if not self._sending:
                maintainer.update_to_step(step)
            for callback in context.on_version_apply_callbacks:
                callback(ctx=context, step=step.info, heads=set(maintainer.heads), run_args={})

    def _function(
        self, step: RevisionStep | StampStep, maintainer: HeadMaintainer
    ) -> Callable[..., None]:
        """Return what a step calls: its message, where the version table is where it starts."""
        context = maintainer.context
        connection, progress = context.connection, self._progress
        assert connection is not None
        usual = function_of(step, connection, progress.target, progress.report)
        if not (self._is_shared(step) and is_run(step)):
            return usual
        name, before = step.revision.revision, step.revision._versioned_down_revisions  # noqa: SLF001

        def run(**given: Any) -> None:
            if not maintainer.heads.issuperset(before):  # another branch has left it
                usual(**given)
                return
            noted = [each.sql for each in self._compiled.revisions[name]]
            sent = [as_sent(each, connection) for each in noted]
            moving, shown = _moving(context, before, name)
            message = Together([*sent, moving], [*noted, shown])
            self._sending = True
            connection.exec_driver_sql(message, execution_options={"no_parameters": True})
            maintainer.heads = maintainer.heads.difference(before) | {name}

        return run


def _moving(context: MigrationContext, before: Sequence[str], after: str) -> tuple[str, str]:
    """Return the statement that moves the version table, and how it is shown.

    The one that is executed fails where it finds no row.
    """
    version = context._version  # noqa: SLF001 - there is no other way to its schema
    table = context.dialect.identifier_preparer.format_table(version)
    if not before:
        insert = f"INSERT INTO {table} (version_num) VALUES ('{after}')"  # noqa: S608 - plain ids
        return insert, insert
    update = (
        f"UPDATE {table} SET version_num='{after}' "  # noqa: S608 - as above
        f"WHERE {table}.version_num = '{before[0]}'"
    )
    return f"WITH moved AS ({update} RETURNING 1) SELECT 1 / count(*) FROM moved", update  # noqa: S608
