"""The processes that work: each with a pipe of its own, and started anew when it was killed."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from alembic_migrate.errors import ConfigError, MigrationError
from alembic_migrate.events import Event
from alembic_migrate.fleet.frames import receive, send
from alembic_migrate.fleet.worker import Answer, Task

if TYPE_CHECKING:
    from alembic_migrate.events import Report

_START = "import sys; sys.path[:] = {path!r}; from alembic_migrate.fleet.worker import main; main()"
_LAST = 2_000  # characters of what a dead process said last


class Process:
    """One process that works on one target after another.

    A file takes what the project's own Python prints there, so that no full pipe makes it wait.
    """

    def __init__(self) -> None:
        if not sys.executable:
            raise ConfigError(
                "no processes can be started: this Python does not know its own program",
                hint="leave --jobs away",
            )
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process does
        self._read = 0
        self._process = subprocess.Popen(
            # -P: the working directory is no place to look for modules.
            [sys.executable, "-P", "-c", _START.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        self.alive = True

    def do(self, task: Task, report: Report) -> Answer:
        """Have a task done, and return what became of it.

        Args:
            task: what to do.
            report: is told what happens.
        """
        label = task.target.label
        try:
            send(self._requests, task)
            while isinstance(message := receive(self._answers), Event):
                report(message)
        except (EOFError, OSError):
            self.alive = False
            return Answer(error=self._died(task))
        if said := self._said():
            report(Event("output", said, label))
        answer: Answer = message
        return answer

    def end(self) -> None:
        """Ask it to cancel what it does, to roll back, and to leave."""
        with contextlib.suppress(OSError):
            self._process.terminate()

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        """Let it go, and wait until it is gone."""
        with contextlib.suppress(OSError):
            self._requests.close()
        self._process.wait()
        self._answers.close()
        self._log.close()

    def _said(self) -> str:
        self._log.seek(self._read)
        said = self._log.read()
        self._read += len(said)
        return said.decode(errors="replace").rstrip("\n")

    def _died(self, task: Task) -> MigrationError:
        status = self._process.wait()
        how = f"ended with status {status}"
        if status < 0:
            with contextlib.suppress(ValueError):
                how = f"was killed ({signal.Signals(-status).name})"
        hint = "what was committed stays; run the command again"
        if said := self._said():
            hint += f"\nit said last:\n{said[-_LAST:]}"
        return MigrationError(
            f"{task.target.prefix}its process {how}",
            hint=hint,
            data={"base": task.target.name, "process": status},
        )
