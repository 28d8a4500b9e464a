"""What the commands return: frozen records of plain values.

Text, JSON and the library's users all read these; nothing here prints or imports Alembic.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from alembic_migrate.errors import AlembicMigrateError

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision file of a base.

    Attributes:
        revision: its id.
        down_revisions: the ids it follows; empty for a first revision.
        depends_on: ids or labels it depends on besides, as written in the file.
        branch_labels: its own and inherited branch labels, sorted.
        message: the first paragraph of the file's docstring.
        doc: the whole docstring.
        path: the file.
        next_revisions: the ids that follow it, sorted.
        is_head: nothing follows it.
        is_effective_head: nothing follows it, and nothing depends on it either (Alembic's "real"
            head). A head that is not effective is one that another branch depends on.
        is_branch_point: more than one revision follows it.
        is_merge_point: it follows more than one revision.
        is_current: the database is at it; None where the database was not asked.
    """

    revision: str
    down_revisions: tuple[str, ...]
    depends_on: tuple[str, ...]
    branch_labels: tuple[str, ...]
    message: str
    doc: str
    path: Path
    next_revisions: tuple[str, ...]
    is_head: bool
    is_effective_head: bool
    is_branch_point: bool
    is_merge_point: bool
    is_current: bool | None = None


@dataclass(frozen=True, slots=True)
class Revisions:
    """Revisions of one base: what ``heads``, ``history``, ``branches`` and ``show`` answer."""

    base: str
    revisions: tuple[Revision, ...]


@dataclass(frozen=True, slots=True)
class DatabaseRevisions:
    """What one database's version table says.

    Attributes:
        database: the URL with its password masked.
        revisions: the ids in the version table, those of the folder first resolved to records.
        unknown: ids in the version table that the folder does not have.
    """

    database: str
    revisions: tuple[Revision, ...]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Current:
    """Where the database of one base is.

    Attributes:
        base: the base's name.
        databases: one entry; more where the base's own ``env.py`` runs several databases.
        at_head: the version table holds exactly the heads of the folder.
        tenant: whose database it is, of a base that has tenants; else None.
    """

    base: str
    databases: tuple[DatabaseRevisions, ...]
    at_head: bool
    tenant: str | None = None


State = Literal[
    "at head",
    "behind",
    "empty",
    "unmanaged",
    "missing",
    "unknown revision",
    "unreachable",
    "error",
]


@dataclass(frozen=True, slots=True)
class Status:
    """One row of ``status``.

    Attributes:
        base: the base's name.
        database: the URL with its password masked; None where there is none to show.
        current: ids in the version table.
        heads: ids of the folder's heads.
        pending: revisions the folder has and the database does not, in the order they would run;
            None where the database could not be asked.
        state: ``at head``, ``behind``, ``empty`` (no tables, no version), ``unmanaged`` (tables,
            but no version), ``missing`` (a tenant's schema or database is not there), ``unknown
            revision`` (the version table names one that the folder does not have), ``unreachable``
            or ``error``.
        error: what is wrong, where the state is one of the last four.
        lock: who holds the migration lock now, or None.
        unknown: ids in the version table that the folder does not have.
        tenant: whose database it is, of a base that has tenants; else None.
    """

    base: str
    database: str | None
    current: tuple[str, ...]
    heads: tuple[str, ...]
    pending: tuple[Revision, ...] | None
    state: State
    error: AlembicMigrateError | None = None
    lock: str | None = None
    unknown: tuple[str, ...] = ()
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One revision that ran.

    Attributes:
        revision: the id that was applied, reverted or stamped.
        message: its message.
        seconds: how long it ran, in seconds of wall time.
    """

    revision: str
    message: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Run:
    """What ``upgrade``, ``downgrade``, ``stamp``, ``ensure-version`` or ``resolve`` did to a base.

    Attributes:
        base: the base's name.
        verb: the command.
        database: the URL with its password masked; several, with commas between them, where the
            base's own ``env.py`` runs several databases.
        before: ids in the version table before the run.
        after: ids in the version table after it.
        heads: ids of the folder's heads.
        steps: the revisions that ran, in their order.
        sql: the script, where ``--sql`` asked for it; nothing was run then.
        rehearsed: the steps ran and were rolled back; nothing changed.
        tenant: whose database it is, of a base that has tenants; else None.
    """

    base: str
    verb: Literal["upgrade", "downgrade", "stamp", "ensure-version", "resolve"]
    database: str | None
    before: tuple[str, ...]
    after: tuple[str, ...]
    heads: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    sql: str | None = None
    rehearsed: bool = False
    tenant: str | None = None


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


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the models and the database.

    Attributes:
        kind: Alembic's name for it: ``add_table``, ``remove_column``, ``modify_type``...
        text: the difference in words: ``add column book.year``.
        table: the table, with its schema in front where it has one.
        data: the same as plain JSON values, each key of every change: ``schema``, ``table``,
            ``column``, ``index``, ``constraint``, ``from`` (what the database has) and ``to`` (what
            the models have).
    """

    kind: str
    text: str
    table: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """What ``revision``, ``migrate`` or ``merge`` made of one base.

    Attributes:
        base: the base's name.
        revisions: the revisions written; empty where there was nothing to do.
        changes: what autogenerate detected.
        left_out: tables that are in the database, not in the models, and that no revision of this
            history ever made: their DROP was left out.
        sql: the script, where ``--sql`` asked for it.
        reason: why nothing was written, where nothing was.
    """

    base: str
    revisions: tuple[Revision, ...]
    changes: tuple[Change, ...] = ()
    left_out: tuple[str, ...] = ()
    sql: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that ``check`` has to say.

    Attributes:
        code: stable: ``several-heads``, ``pending``, ``model-change``, ``not-imported``, ``drift``.
        message: the finding in words.
        hint: the line that mends it.
        data: further facts, plain JSON values.
    """

    code: str
    message: str
    hint: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """What ``check`` found out about one base.

    Attributes:
        base: the base's name.
        database: the URL with its password masked; None where there is none (with ``scratch_url``
            alone), so that pending revisions were not looked for.
        findings: empty where models, history and database agree.
        compared: whether the models were compared. Without a scratch database they are not while
            revisions are pending, since each of these would look like a change of the models.
        left_out: tables that no revision made and no model knows.
        drift: whether the database was compared with its history.
        unowned: what else is in the database and not in the history, as in ``view titles``.
        tenant: whose database it is, of a base that has tenants; else None.
    """

    base: str
    database: str | None
    findings: tuple[Finding, ...]
    compared: bool
    left_out: tuple[str, ...] = ()
    drift: bool = False
    unowned: tuple[str, ...] = ()
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Initialised:
    """What ``init`` made.

    Attributes:
        base: the base's name.
        directory: the folder.
        files: the files written, in their order.
        configured: the pyproject.toml that was given a table, or None.
    """

    base: str
    directory: Path
    files: tuple[Path, ...]
    configured: Path | None = None


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant of a base: what ``tenants list`` and ``tenants create`` answer.

    Attributes:
        base: the base's name.
        tenant: the tenant's.
        database: the URL of its database with the password masked; None where none is configured.
        schema: its schema, where tenants are schemas of one database; else None.
        created: the database or schema was made now; it was there already, or nobody looked.
        run: what brought it to head; None where nothing was run.
    """

    base: str
    tenant: str
    database: str | None
    schema: str | None
    created: bool = False
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """One template that ``init`` can make a folder from: its name and its README's first line."""

    name: str
    summary: str


@dataclass(frozen=True, slots=True)
class ConfigRow:
    """One key of one base as ``config show`` tells it.

    Attributes:
        base: the base's name.
        key: the key.
        value: what it resolves to (plain JSON values), secrets masked; None where unset.
        origin: where the value came from, in words.
        error: what is wrong with it (an unset variable), or None.
    """

    base: str
    key: str
    value: Any
    origin: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What a command made of one base: a result, an error, or neither where it was not tried."""

    base: str
    result: T | None = None
    error: AlembicMigrateError | None = None
    tenant: str | None = None


def as_json(value: Any) -> Any:
    """Turn records into plain JSON values: dictionaries, lists, strings, numbers, None."""
    if isinstance(value, AlembicMigrateError):
        return value.as_dict()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = ((f.name, getattr(value, f.name)) for f in dataclasses.fields(value))
        # Only what belongs to a tenant says whose it is.
        return {k: as_json(v) for k, v in fields if (k, v) != ("tenant", None)}
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
