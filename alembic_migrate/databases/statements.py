"""What a statement's text tells: whether it reads, commits, or changes the schema."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.engine import Connection

P = ParamSpec("P")
T = TypeVar("T")

# MySQL executes what stands in /*! */, and MariaDB what stands in /*M! */ too.
_COMMENTS = pattern(r"(\s+|--[^\n]*(\n|$)|#[^\n]*(\n|$)|/\*(?!M?!).*?\*/|/\*M?!\d*)*", re.DOTALL)
_READS = pattern(
    r"(SELECT|SHOW|PRAGMA|EXPLAIN|DESCRIBE|SET(?!\s+(PASSWORD|DEFAULT))|BEGIN(?!\s+NOT)|START"
    r"|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|KILL|USE|LOCK|UNLOCK|FLUSH|CHECK)\b",
    re.IGNORECASE,
)
_DDL = pattern(
    r"(CREATE|ALTER|DROP|RENAME|TRUNCATE|GRANT|REVOKE)(?!\s+(OR\s+REPLACE\s+)?TEMPORARY)",
    re.IGNORECASE,
)
_MYSQL = ("mysql", "mariadb")
_COMMITS_WITH_DDL = (*_MYSQL, "oracle")

# What MySQL and MariaDB commit for besides, each as their documentation has it and tried where
# MariaDB is at hand. SET STATEMENT ... FOR stands before another statement.
_BEFORE = pattern(r"SET\s+STATEMENT\b.*?\bFOR\s+", re.IGNORECASE | re.DOTALL)
_COMMITS = pattern(
    r"((ANALYZE|OPTIMIZE|REPAIR|CHECK)\s+((NO_WRITE_TO_BINLOG|LOCAL)\s+)?TABLES?|(UN)?LOCK\s+TABLES?"
    r"|BEGIN(?!\s+NOT)|START|(UN)?INSTALL|IMPORT|FLUSH|RESET|BACKUP|SHUTDOWN"
    r"|SET\s+(PASSWORD|DEFAULT\s+ROLE))\b",
    re.IGNORECASE,
)
# What commits on one of them, or where it calls something that does.
_MAY_COMMIT = pattern(
    r"(CALL|EXECUTE|BEGIN\s+NOT|CACHE\s+INDEX|LOAD\s+INDEX|STOP|CHANGE|XA|CLONE)\b", re.IGNORECASE
)
_AUTOCOMMIT = pattern(
    r"SET\b.*?\bautocommit\b`?\s*:?=\s*(?P<on>1|ON|TRUE|'ON')?", re.IGNORECASE | re.DOTALL
)
# What PostgreSQL runs as it likes where no transaction is open: with commits of its own in between.
_RUNS_CODE = pattern(r"(CALL|DO)\b", re.IGNORECASE)

# What stands in quotes or in a comment. A backslash escapes on MySQL, and on PostgreSQL behind E.
_NAMES = r'"(?:[^"]|"")*"|`[^`]*`'
_QUOTED = {
    False: pattern(
        rf"[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|{_NAMES}|(\$\w*\$).*?\1|--[^\n]*|/\*.*?\*/",
        re.DOTALL,
    ),
    True: pattern(
        r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`[^`]*`|--\s[^\n]*|#[^\n]*|/\*(?!!).*?\*/",
        re.DOTALL,
    ),
}
# COMMIT as a statement of its own, or behind others in one string; not in a routine's body, which
# stands in quotes on PostgreSQL and in none elsewhere.
_COMMIT = pattern(r"(COMMIT|END)\b|.*?;\s*COMMIT\b", re.IGNORECASE | re.DOTALL)
# The body of a routine may end so as well, where it stands in no quotes.
_ENDS = pattern(r"(.*?;)?\s*(END|PREPARE\s+TRANSACTION)\b", re.IGNORECASE | re.DOTALL)
_ROUTINE = pattern(
    r"(CREATE\b[^;]*?\b(FUNCTION|PROCEDURE|TRIGGER|EVENT)|BEGIN\s+NOT\s+ATOMIC)\b", re.IGNORECASE
)

_ASKS = pattern(r"(SELECT|EXPLAIN)\b", re.IGNORECASE)
_WRITES = pattern(r"SELECT\b.*\bINTO\b|EXPLAIN\b.*\bANALYZE\b", re.IGNORECASE | re.DOTALL)
_CALLS = pattern(r"(\w+)\s*\(")
# What may stand before a bracket and changes nothing, whoever calls it.
_HARMLESS = pattern(
    r"all|and|any|array|as|avg|between|by|case|cast|ceil|char_length|coalesce|concat|count"
    r"|current_database|current_schema|current_schemas|current_setting|current_user"
    r"|database|date|distinct|else|exists|extract|filter|first_value|floor|format_type"
    r"|from|group_concat|having|ifnull|in|is|isnull|join|lag|lateral|lead|left|length|like"
    r"|limit|lower|max|min|not|now|nullif|on|or|order|over|partition|pg_backend_pid"
    r"|pg_get_constraintdef|pg_get_expr|pg_get_indexdef|pg_get_serial_sequence"
    r"|pg_table_is_visible|pg_try_advisory_lock|pragma_\w+|quote_ident|rank|replace|right|round|row"
    r"|row_number|select|strftime|string_agg|substr|substring|sum|then|to_char|to_regclass"
    r"|trim|txid_current|txid_status|union|unnest|upper|using|values|varchar|version|when"
    r"|where|with|within",
    re.IGNORECASE,
)


_SHORT = 2_000  # characters


class Together(str):
    """Statements that are sent to the server in one string.

    Args:
        statements: what is sent.
        shown: what is told of each, where that is not the same.

    Attributes:
        shown: the statements as they are told.
    """

    __slots__ = ("shown",)
    shown: tuple[str, ...]

    def __new__(cls, statements: Iterable[str], shown: Iterable[str]) -> Self:
        """Return the string."""
        # A comment at the end of one ends with its line.
        made = super().__new__(cls, "\n;\n".join(statements))
        made.shown = tuple(shown)
        return made


def apart(statement: str) -> tuple[str, ...]:
    """Return the statements that were put together in a string; of another one itself."""
    return statement.shown if isinstance(statement, Together) else (statement,)


def _remembered(tell: Callable[P, T]) -> Callable[P, T]:
    """Let a function remember what it told of short statements: each tenant executes the same."""
    remembering = functools.lru_cache(maxsize=512)(tell)

    @functools.wraps(tell)
    def ask(*given: P.args, **named: P.kwargs) -> T:
        short = len(str(given[0])) <= _SHORT
        return (remembering if short else tell)(*given, **named)  # type: ignore[arg-type]

    return ask


@_remembered
def is_read(statement: str) -> bool:
    """Tell whether a statement changes nothing that a commit would keep."""
    return _READS.match(without_comments(statement)) is not None


@_remembered
def may_change(statement: str) -> bool:
    """Tell whether what looks like a question may change something all the same.

    It calls a function that may, as ``SELECT setval()``; or it is ``SELECT INTO``, or an EXPLAIN
    that executes.
    """
    text = _unquoted(statement, backslash=False).lstrip()
    if not _ASKS.match(text):
        return False
    unknown = not all(_HARMLESS.fullmatch(name) for name in _CALLS.findall(text))
    return unknown or _WRITES.match(text) is not None


@_remembered
def is_commit(statement: str, dialect: str = "") -> bool:
    """Tell whether a statement commits what came before it, by saying so.

    Args:
        statement: what is executed; it may be several in one string.
        dialect: SQLAlchemy's name of the kind of server.
    """
    text = _unquoted(statement, backslash=dialect in {"mysql", "mariadb"}).lstrip()
    if dialect != "postgresql" and _ROUTINE.match(text):
        return False
    return _COMMIT.match(text) is not None


@_remembered
def ends_transaction(statement: str) -> bool:
    """Tell whether a string for PostgreSQL may keep a part of it, whatever becomes of the rest."""
    text = _unquoted(statement, backslash=False)
    return is_commit(statement, "postgresql") or _ENDS.match(text) is not None


def commits_by_itself(connection: Connection, statement: str) -> bool:
    """Tell whether a statement commits because the server commits DDL, and some more."""
    dialect = connection.dialect.name
    if dialect not in _COMMITS_WITH_DDL:
        return False
    text = _BEFORE.sub("", without_comments(statement), count=1)
    if _DDL.match(text):
        return True
    return dialect in _MYSQL and (_COMMITS.match(text) is not None or bool(sets_autocommit(text)))


def may_commit(connection: Connection, statement: str) -> bool:
    """Tell whether a statement may commit, by what it calls, and nobody but the server knows."""
    text = without_comments(statement)
    if connection.dialect.name in _MYSQL:
        return _MAY_COMMIT.match(text) is not None
    return is_autocommit(connection) and _RUNS_CODE.match(text) is not None


@_remembered
def sets_autocommit(statement: str) -> bool | None:
    """Return what a statement sets MySQL's ``autocommit`` to; None: it does not."""
    found = _AUTOCOMMIT.match(without_comments(statement))
    return bool(found["on"]) if found else None


def is_autocommit(connection: Connection) -> bool:
    """Tell whether every statement on a connection is committed at once."""
    level = connection.get_execution_options().get("isolation_level")
    if level is None:  # what the engine was made with
        level = getattr(connection.dialect, "_on_connect_isolation_level", None)
    return level == "AUTOCOMMIT"


@_remembered
def without_comments(statement: str) -> str:
    """Return a statement without the comments in front of it."""
    start = _COMMENTS.match(statement)
    return statement[start.end() :] if start else statement


def _unquoted(statement: str, *, backslash: bool) -> str:
    return _QUOTED[backslash].sub(" ", statement)
