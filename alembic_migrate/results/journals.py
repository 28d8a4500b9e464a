"""What the journal of a database says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of a database's journal.

    Attributes:
        revision: the id.
        direction: ``upgrade``, ``downgrade`` or ``stamp``.
        started: when it began, in UTC, as ISO 8601.
        finished: when it ended, or None.
        outcome: ``done``, ``failed`` (nothing of it is left), ``half applied``, ``running`` (it
            runs now, or its process was killed) or ``resolved`` (by hand).
        file_hash: the SHA-256 of the revision file's text.
        tool_version: the version that ran it.
        host: the machine that ran it.
    """

    revision: str
    direction: str
    started: str
    finished: str | None
    outcome: str
    file_hash: str | None
    tool_version: str
    host: str


@dataclass(frozen=True, slots=True)
class Applied:
    """A database's journal, newest first: what ``history --applied`` answers.

    Attributes:
        base: the base's name.
        entries: what it holds.
        tenant: whose database it is, of a base that has tenants; else None.
    """

    base: str
    entries: tuple[JournalEntry, ...]
    tenant: str | None = None
