"""What one run executed, and what of it is committed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from alembic_migrate.databases.statements import (
    commits_by_itself,
    is_autocommit,
    is_commit,
    is_read,
    may_change,
    may_commit,
    sets_autocommit,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

# Stands for what is not known: it was done on the driver's own connection.
_UNSEEN = "what was executed past SQLAlchemy, on the driver's own connection"


@dataclass(frozen=True, slots=True)
class Executed:
    """A statement that was executed.

    Attributes:
        text: on one line.
        certain: it is committed where it counts as committed; else it may be.
    """

    text: str
    certain: bool = True


class Statements:
    """What one run executed on its connections.

    Attributes:
        done: statements that changed something and whose revision the version table may not name.
        committed: how many of them are committed.
        commits: how often something was committed.
        unknown: the statement that was begun and of whose end nothing is known, where it commits by
            itself: the server may have finished it or not. None where there is none.
        failed_alone: a statement failed in the present revision that was to be committed by itself:
            it may have left something, as CREATE INDEX CONCURRENTLY does.
    """

    def __init__(self) -> None:
        self.done: list[Executed] = []
        self.committed = 0
        self.commits = 0
        self.unknown: str | None = None
        self.failed_alone = False
        self._begun: Executed | None = None  # what may leave something even where it fails
        self._begun_alone = False
        self._autocommit = False  # of the session, which MySQL's was set to by a statement
        self._doubtful: tuple[list[Executed], int, int, int] | None = None  # before the last commit
        self._whole = 0  # how many of them belong to revisions that came to their end

    def begin_step(self) -> None:
        """Note that another revision begins: what the ones before it did is whole.

        With one transaction for all revisions it is not committed yet, though, and what one of them
        committed in between stays when the others are rolled back.
        """
        self._whole = len(self.done)
        self.failed_alone = False
        self._forget_whole()

    @property
    def kept(self) -> list[str]:
        """The statements that are committed although their revision is not, whatever happens."""
        return [each.text for each in self.done[: self.committed] if each.certain]

    @property
    def perhaps(self) -> list[str]:
        """The statements that may be committed although their revision is not."""
        return [each.text for each in self.done[: self.committed] if not each.certain]

    @property
    def settled(self) -> bool:
        """Whether nothing waits for a commit."""
        return self.committed == len(self.done)

    def starts(self, connection: Connection, statement: str) -> None:
        """Note a statement that begins: DDL commits what was before it, even if it fails itself."""
        self._doubtful = None
        alone = commits_by_itself(connection, statement)
        if alone:
            self.commit()
        self._begun_alone = self._commits_each(connection) and _changes(statement)
        self._begun = None
        if may_commit(connection, statement):
            self._begun = Executed(_on_one_line(statement), certain=False)
        self.unknown = None
        # SQLite's are over when they return, however they do.
        if (alone or self._begun_alone) and connection.dialect.name != "sqlite":
            self.unknown = None if is_read(statement) else _on_one_line(statement)

    def executed(
        self, connection: Connection, statement: str, *, in_transaction: bool | None = None
    ) -> None:
        """Note a statement that succeeded.

        Args:
            connection: its own.
            statement: its text.
            in_transaction: whether one is open now, by the driver's word; None: it has none.
        """
        self.unknown = None
        at_once = self._commits_each(connection)
        commits = is_commit(statement, connection.dialect.name)
        if not is_read(statement):
            self.done.append(Executed(_on_one_line(statement)))
        elif at_once and may_change(statement):
            self.done.append(Executed(_on_one_line(statement), certain=False))
        elif sets_autocommit(statement) is not None:
            self._autocommit = bool(sets_autocommit(statement))
        elif not commits:
            return
        if commits:  # op.execute("COMMIT"), of which SQLAlchemy knows nothing
            self.commit()
        elif self._begun is not None and not at_once:
            self.escaped()
        if commits_by_itself(connection, statement) or at_once or in_transaction is False:
            self.committed = len(self.done)

    def failed(self) -> None:
        """Note that the server says that the statement failed which was begun last."""
        self.unknown = None
        self.failed_alone = self.failed_alone or self._begun_alone
        if self._begun is not None:
            self.done.append(self._begun)
            self.escaped()

    def escaped(self) -> None:
        """Note that a transaction has ended of which SQLAlchemy knew nothing: by a commit, perhaps.

        It was the driver's own ``commit()``, or a procedure.
        """
        waiting = self.done[self.committed :] or [Executed(_UNSEEN)]
        self.done[self.committed :] = [replace(each, certain=False) for each in waiting]
        self.commit()

    def _commits_each(self, connection: Connection) -> bool:
        of_mysql = self._autocommit and connection.dialect.name in {"mysql", "mariadb"}
        return of_mysql or is_autocommit(connection)

    def commit(self) -> None:
        """Note that what was executed so far is being committed."""
        self._doubtful = (self.done[:], self.committed, self.commits, self._whole)
        self.committed = len(self.done)
        self.commits += 1
        self._forget_whole()

    def commit_failed(self) -> None:
        """Note that the commit failed that was begun last, as one with deferred constraints may."""
        if self._doubtful is not None:
            self.done, self.committed, self.commits, self._whole = self._doubtful
            self.rollback()

    def rollback(self) -> None:
        """Note that what was not committed is gone."""
        self._doubtful = None
        del self.done[self.committed :]
        self._whole = min(self._whole, self.committed)

    def _forget_whole(self) -> None:
        """Forget the revisions that are committed up to their rows in the version table."""
        if self._whole <= self.committed:
            del self.done[: self._whole]
            self.committed -= self._whole
            self._whole = 0


def _changes(statement: str) -> bool:
    return not is_read(statement) or may_change(statement)


def _on_one_line(statement: str) -> str:
    return " ".join(statement.split())
