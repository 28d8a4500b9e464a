"""Alembic's operations, each of which is noted: what ``alembic.op`` is while one captures."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from alembic.operations import BatchOperations, Operations
from alembic.util import CommandError

from alembic_migrate.bridge.recording import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.operations.ops import MigrateOperation
    from alembic.runtime.migration import MigrationContext

    from alembic_migrate.bridge.recording import Call


def recording(context: MigrationContext) -> Recorder:
    """Note from now on what is done in a context, until Alembic ends the run of its environment.

    Args:
        context: Alembic's, offline.
    """
    recorder = Recorder(context)
    _Noted(context, recorder).install()
    return recorder


class _Noted(Operations):
    """Alembic's operations, each of which is noted."""

    def __init__(self, context: MigrationContext, recorder: Recorder) -> None:
        super().__init__(context)
        self._recorder = recorder

    def install(self) -> None:
        """Stand behind ``alembic.op``, until Alembic ends the run of its environment."""
        self._install_proxy()

    def invoke(self, operation: MigrateOperation) -> Any:
        """Note an operation and run it."""
        _, made = self._recorder.invoked(operation, super().invoke, self.migration_context)
        return made

    @contextmanager
    def batch_alter_table(self, *args: Any, **given: Any) -> Iterator[BatchOperations]:
        """Note a batch: its operations where they are called, their SQL where it ends."""
        recorder, line = self._recorder, self._recorder.line()
        batch: _Batch | None = None
        with ExitStack() as stack:
            try:
                with super().batch_alter_table(*args, **given) as plain:
                    batch = _Batch(plain, recorder)
                    yield batch
                    last = batch.end()
                    if last is not None:
                        stack.enter_context(recorder.inside(last))
            except CommandError:
                if batch is None or not batch.needs_table:
                    raise
                recorder.needs_table(line, batch.table)


class _Batch(BatchOperations):
    """A batch of Alembic's, each operation of which is noted.

    Args:
        plain: Alembic's own.
        recorder: notes them.

    Attributes:
        needs_table: it has ended, and what is left is to read the table that it copies.
    """

    def __init__(self, plain: BatchOperations, recorder: Recorder) -> None:
        super().__init__(plain.migration_context, impl=plain.impl)
        self._recorder = recorder
        self._calls: list[Call] = []
        self.needs_table = False

    @property
    def table(self) -> str:
        """Return the table."""
        return str(self.impl.table_name)

    def invoke(self, operation: MigrateOperation) -> Any:
        """Note an operation, and put it into the batch."""
        call, made = self._recorder.invoked(operation, super().invoke, self.migration_context)
        call.facts["batch"] = True
        self._calls.append(call)
        return made

    def end(self) -> Call | None:
        """Return the call that the SQL of the whole batch stands with; None where there is none."""
        batch: Any = self.impl
        recreates = bool(batch._should_recreate())  # noqa: SLF001 - there is no public way
        self.needs_table = recreates and batch.copy_from is None
        if recreates and not self._calls:
            call = self._recorder.begin("batch_alter_table")
            call.facts |= {"batch": True, "table": self.table, "schema": batch.schema}
            self._calls.append(call)
        for call in self._calls:
            call.facts["recreates"] = recreates
        # What is executed in a batch does not wait for its end.
        waiting = [call for call in self._calls if call.facts["kind"] != "execute"]
        return waiting[-1] if waiting else None


# Alembic keeps the modules that stand in for operations by their class.
_Noted._setups[_Noted] = Operations._setups[Operations]  # noqa: SLF001
