"""Noting what a revision does while it runs offline: its operations, their lines, their SQL."""

from __future__ import annotations

import io
import sys
import traceback
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import CompileError

from alembic_migrate.bridge.describing import call_of, describe_operation
from alembic_migrate.databases.faults import first_line
from alembic_migrate.findings import Unrendered
from alembic_migrate.lint.operations import Operation
from alembic_migrate.plans import PlannedStatement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from alembic.operations.ops import MigrateOperation
    from alembic.runtime.migration import MigrationContext
    from alembic.script import Script


# Nothing that comes after depends on what these return.
_CARRIED_OUT = frozenset({"bulk insert", "execute"})


@dataclass(slots=True)
class Call:
    """A call of ``op`` while it is noted."""

    line: int
    name: str
    facts: dict[str, Any] = field(default_factory=lambda: {"kind": "other"})
    sql: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one function of a revision did.

    Attributes:
        operations: in their order.
        sql: every statement, those that no operation made too, without their semicolons.
        unrendered: why it did not run to its end, or None.
        without_sql: operations that are there, and whose SQL needs a connection.
        asks_offline: the line where it asks whether it runs offline, or None.
    """

    operations: tuple[Operation, ...]
    sql: tuple[str, ...]
    unrendered: Unrendered | None
    without_sql: tuple[Unrendered, ...]
    asks_offline: int | None


class _Output(io.StringIO):
    """What Alembic writes its script to: one call a statement."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write

    def write(self, text: str) -> int:
        self._write(text)
        return len(text)


class Recorder:
    """Notes what the functions of revisions do in a context that writes a script.

    Args:
        context: Alembic's, offline; whatever it writes from now on is noted.

    Attributes:
        script: every statement as it is written, with the line that it comes from.
    """

    def __init__(self, context: MigrationContext) -> None:
        self.context = context
        self.script: list[PlannedStatement] = []
        self._calls: list[Call] = []
        self._open: list[Call] = []
        self._sql: list[str] = []
        self._without_sql: list[Unrendered] = []
        self._revision: Script | None = None
        self._asks_offline: int | None = None
        self._autocommit = 0
        self._between = False
        context.impl.output_buffer = _Output(self._written)
        # These two are no operations: there is nothing of Alembic's to take their place.
        self._autocommit_block = context.autocommit_block
        vars(context)["autocommit_block"] = self._watched_autocommit_block
        vars(context.environment_context)["is_offline_mode"] = self._is_offline

    def record(self, revision: Script, run: Callable[..., None], **given: Any) -> Recorded:
        """Run a function of a revision and return what it did; what it raises is noted too.

        Args:
            revision: whose function it is.
            run: ``upgrade`` or ``downgrade``.
            given: its arguments.
        """
        self._calls, self._open, self._sql, self._without_sql = [], [], [], []
        self._revision, self._asks_offline, failed = revision, None, None
        try:
            run(**given)
        except Exception as error:  # noqa: BLE001 - a revision may raise whatever it likes
            failed = Unrendered(_line_of(error, revision), _said(error))
        finally:
            self._revision, self._autocommit, self._between = None, 0, False
        file = Path(revision.path)
        operations = (
            Operation(file=file, line=call.line, call=call.name, sql=tuple(call.sql), **call.facts)
            for call in self._calls
        )
        return Recorded(
            tuple(operations),
            tuple(self._sql),
            failed,
            tuple(self._without_sql),
            self._asks_offline,
        )

    def begin(self, name: str | None) -> Call:
        """Note that a call begins; None: its name is the method's that the file calls."""
        frame, method = self._frame()
        call = Call(frame.f_lineno if frame is not None else 1, name or method or "execute")
        call.facts["autocommit"] = self._autocommit > 0
        self._calls.append(call)
        return call

    def invoked(
        self,
        operation: MigrateOperation,
        invoke: Callable[[Any], Any],
        context: MigrationContext,
    ) -> tuple[Call, Any]:
        """Note an operation, invoke it, and return the call and what came of it."""
        call, made = self.begin(call_of(operation)), None
        if call.name == "invoke":
            call.name = type(operation).__name__
        try:
            with self.inside(call):
                made = invoke(operation)
        except Exception as error:
            with suppress(Exception):  # what made it fail may be in the way again
                call.facts |= describe_operation(operation, None, context)
            if not isinstance(error, CompileError) or call.facts["kind"] not in _CARRIED_OUT:
                raise
            self._without_sql.append(Unrendered(call.line, _said(error)))
            return call, None
        call.facts |= describe_operation(operation, made, context)
        return call, made

    @contextmanager
    def inside(self, call: Call) -> Iterator[None]:
        """Let what is written meanwhile belong to a call, unless another one begins in it."""
        self._open.append(call)
        try:
            yield
        finally:
            self._open.pop()

    def needs_table(self, line: int, table: str) -> None:
        """Note a batch that cannot be written without the table it copies."""
        said = f'the batch on "{table}" makes the table anew, and has to read first what it is now'
        self._without_sql.append(Unrendered(line, said))

    def line(self) -> int:
        """Return the line of the revision's file that is running: of its innermost function."""
        frame, _ = self._frame()
        return frame.f_lineno if frame is not None else 1

    def _frame(self) -> tuple[FrameType | None, str | None]:
        """Return the revision's innermost frame, and the method of Alembic's that it called."""
        module = vars(self._revision.module) if self._revision is not None else None
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - how inspect does it, but slowly
        method = None
        while frame is not None and frame.f_globals is not module:
            if str(frame.f_globals.get("__name__")).startswith("alembic."):
                method = frame.f_code.co_name
            frame = frame.f_back
        return frame, method

    def _written(self, text: str) -> None:
        """Note a statement: it belongs to the innermost call, or is one of its own."""
        call, statement = None, self._bare(text)
        if self._revision is not None and statement is not None:
            self._sql.append(statement)
            call = self._caller()
            if call is not None:
                call.sql.append(statement)
        line = call.line if call is not None else None
        self.script.append(PlannedStatement(text.strip(), line))

    def _caller(self) -> Call | None:
        """Return the call that a statement belongs to: one of its own where none is open."""
        if self._open:
            return self._open[-1]
        if self._between:
            return None
        # It was executed on op.get_bind() or on op.get_context().
        call = self.begin("execute")
        call.facts["kind"] = "execute"
        return call

    def _bare(self, text: str) -> str | None:
        statement = text.strip()
        if statement == getattr(self.context.impl, "batch_separator", None):
            return None
        return statement.removesuffix(self.context.impl.command_terminator).rstrip("; \n") or None

    @contextmanager
    def _watched_autocommit_block(self) -> Iterator[None]:
        # Alembic writes COMMIT before the block and BEGIN after it.
        self._between = True
        with self._autocommit_block():
            self._between = False
            self._autocommit += 1
            yield
            self._autocommit -= 1
            self._between = True
        self._between = False

    def _is_offline(self) -> bool:
        if self._revision is not None and self._asks_offline is None:
            self._asks_offline = self.line()
        return True


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"


def _line_of(error: BaseException, revision: Script) -> int | None:
    """Return the line of a revision's file where an exception came through last, or None."""
    module = vars(revision.module)
    lines = [
        line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_globals is module
    ]
    return lines[-1] if lines else None
