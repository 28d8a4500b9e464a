"""Every error that alembic-migrate raises, one class an exit status.

AlembicMigrateError
├── UsageError            2  what was typed
│   └── RevisionNotFound  2  a revision, branch or range that the folder does not have
├── ConfigError           2  what a file, a variable or a flag configures
│   └── DiscoveryError    2  the user's own module: missing, failing, or without what is asked of it
├── HistoryError          1  the revision files: several heads, broken files, a loop
├── DatabaseError         1  the database: unreachable, refusing, in a state that cannot be right
│   ├── NotAtHead         4  a database that was expected at head is not
│   └── NoSuchDatabase    1  the server has no database, or the database no schema, of that name
├── MigrationError        1  a revision failed while it ran
├── OutdatedPlan          1  what a plan was made for is not what is there any more
├── ConsentError          3  declined, or needs ``--confirm``
├── LockError             5  the migration lock could not be had, or was lost
├── ClusterError          1  the cluster that was to do the work: unreachable, empty, or unlike this
├── BasesFailed         1/6  several bases ran and some failed (6: others are done)
└── Interrupted    130/143  SIGINT, SIGTERM
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic_migrate.results import Outcome


class AlembicMigrateError(Exception):
    """The root of this package's errors.

    Args:
        message: what is wrong, where, and what was found; never a secret.
        hint: what is possible and, where there is one, a line to paste that mends it.
        data: further facts for programs (plain JSON values), shown with ``--format json``.
    """

    code: ClassVar[str] = "error"
    exit_status: int = 1

    def __init__(
        self, message: str, *, hint: str | None = None, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.data: dict[str, Any] = dict(data or {})

    def as_dict(self) -> dict[str, Any]:
        """Return the error as plain JSON values: code, message, hint and its further facts."""
        return {"code": self.code, "message": self.message, "hint": self.hint, **self.data}


class UsageError(AlembicMigrateError):
    """What was typed cannot be done."""

    code = "usage"
    exit_status = 2


class RevisionNotFound(UsageError):
    """No revision, branch or range of that name is in the folder."""

    code = "revision-not-found"


class ConfigError(AlembicMigrateError):
    """A file, a variable or a flag configures something that cannot be."""

    code = "configuration"
    exit_status = 2


class DiscoveryError(ConfigError):
    """The user's own Python is missing, fails, or lacks what is asked of it."""

    code = "discovery"


class HistoryError(AlembicMigrateError):
    """The revision files do not make a history that can be run."""

    code = "history"


class DatabaseError(AlembicMigrateError):
    """The database cannot be reached, refuses, or is in a state that cannot be right."""

    code = "database"


class NotAtHead(DatabaseError):
    """A database that was expected at head is not."""

    code = "not-at-head"
    exit_status = 4


class NoSuchDatabase(DatabaseError):
    """The server has no database of that name, or the database no such schema."""

    code = "no-such-database"


class MigrationError(AlembicMigrateError):
    """A revision failed while it ran."""

    code = "migration"


class OutdatedPlan(AlembicMigrateError):
    """A plan does not fit any more: the database has moved, or the revision files have changed."""

    code = "outdated-plan"


class ConsentError(AlembicMigrateError):
    """The user declined, or has to consent first."""

    code = "consent"
    exit_status = 3


class LockError(AlembicMigrateError):
    """The migration lock could not be had in time, or was lost on the way."""

    code = "lock"
    exit_status = 5


class ClusterError(AlembicMigrateError):
    """The cluster cannot do the work: unreachable, without workers, or with others than needed."""

    code = "cluster"


class Terminated(BaseException):
    """SIGTERM asked the process to end; raised by the command's handler, never by the library.

    No ``Exception``, so that a revision's own ``except Exception`` does not swallow it.
    """


class BasesFailed(AlembicMigrateError):
    """Several bases were worked on and at least one failed.

    Args:
        message: how many failed and what was not tried.
        outcomes: what happened to each base, in the order in which they ran.

    Attributes:
        named: the bases have names; else tenants are called by theirs alone.
    """

    code = "bases-failed"
    named = True

    def __init__(self, message: str, outcomes: tuple[Outcome[Any], ...]) -> None:
        super().__init__(message)
        self.outcomes = outcomes
        statuses = {o.error.exit_status for o in outcomes if o.error is not None}
        if len(outcomes) == 1 and statuses:
            self.exit_status = statuses.pop()

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how it is made again in another process."""
        return type(self), (self.message, self.outcomes), self.__dict__


class Interrupted(AlembicMigrateError):
    """The user or the system asked the run to end.

    Args:
        message: what ended.
        signal_number: 2 (SIGINT) or 15 (SIGTERM); the exit status is 128 more.
        hint: what was changed and what was not.
        data: the same for programs.
    """

    code = "interrupted"

    def __init__(
        self,
        message: str,
        signal_number: int = 2,
        *,
        hint: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, data=data)
        self.exit_status = 128 + signal_number
