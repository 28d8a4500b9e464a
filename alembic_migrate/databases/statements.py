"""What a statement's text tells: whether it reads, commits, or changes the schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_COMMENTS = re.compile(r"(\s+|--[^\n]*(\n|$)|#[^\n]*(\n|$)|/\*(?!!).*?\*/)*", re.DOTALL)
_READS = re.compile(
    r"(SELECT|SHOW|PRAGMA|EXPLAIN|DESCRIBE|SET|BEGIN|COMMIT|ROLLBACK|KILL)\b", re.IGNORECASE
)
_DDL = re.compile(
    r"(CREATE|ALTER|DROP|RENAME|TRUNCATE|GRANT|REVOKE|/\*!)(?!\s+TEMPORARY)", re.IGNORECASE
)
_COMMITS_WITH_DDL = ("mysql", "mariadb", "oracle")

# What stands in quotes or in a comment. A backslash escapes on MySQL, and on PostgreSQL behind E.
_NAMES = r'"(?:[^"]|"")*"|`[^`]*`'
_QUOTED = {
    False: re.compile(
        rf"[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|{_NAMES}|(\$\w*\$).*?\1|--[^\n]*|/\*.*?\*/",
        re.DOTALL,
    ),
    True: re.compile(
        r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`[^`]*`|--\s[^\n]*|#[^\n]*|/\*(?!!).*?\*/",
        re.DOTALL,
    ),
}
# COMMIT as a statement of its own, or behind others in one string; not in a routine's body, which
# stands in quotes on PostgreSQL and in none elsewhere.
_COMMIT = re.compile(r"(COMMIT|END)\b|.*?;\s*COMMIT\b", re.IGNORECASE | re.DOTALL)
_ROUTINE = re.compile(
    r"(CREATE\b[^;]*?\b(FUNCTION|PROCEDURE|TRIGGER|EVENT)|BEGIN\s+NOT\s+ATOMIC)\b", re.IGNORECASE
)

_ASKS = re.compile(r"(SELECT|EXPLAIN)\b", re.IGNORECASE)
_CALLS = re.compile(r"(\w+)\s*\(")
# What may stand before a bracket and changes nothing, whoever calls it.
_HARMLESS = re.compile(
    r"all|and|any|array|as|avg|between|by|case|cast|ceil|char_length|coalesce|concat|count"
    r"|current_database|current_schema|current_schemas|current_setting|current_user"
    r"|database|date|distinct|else|exists|extract|filter|first_value|floor|format_type"
    r"|from|group_concat|having|ifnull|in|is|isnull|join|lag|lateral|lead|left|length|like"
    r"|limit|lower|max|min|not|now|nullif|on|or|order|over|partition|pg_backend_pid"
    r"|pg_get_constraintdef|pg_get_expr|pg_get_indexdef|pg_get_serial_sequence"
    r"|pg_table_is_visible|pg_try_advisory_lock|quote_ident|rank|replace|right|round|row"
    r"|row_number|select|strftime|string_agg|substr|substring|sum|then|to_char|to_regclass"
    r"|trim|txid_current|txid_status|union|unnest|upper|using|values|varchar|version|when"
    r"|where|with|within",
    re.IGNORECASE,
)


def is_read(statement: str) -> bool:
    """Tell whether a statement changes nothing that a commit would keep."""
    return _READS.match(without_comments(statement)) is not None


def calls_unknown(statement: str) -> bool:
    """Tell whether a statement calls a function that may change something: ``SELECT setval()``."""
    text = _unquoted(statement, backslash=False).lstrip()
    names = _CALLS.findall(text) if _ASKS.match(text) else ()
    return not all(_HARMLESS.fullmatch(name) for name in names)


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


def commits_by_itself(connection: Connection, statement: str) -> bool:
    """Tell whether a statement commits because the server commits DDL."""
    if connection.dialect.name not in _COMMITS_WITH_DDL:
        return False
    return _DDL.match(without_comments(statement)) is not None


def without_comments(statement: str) -> str:
    """Return a statement without the comments in front of it."""
    start = _COMMENTS.match(statement)
    return statement[start.end() :] if start else statement


def _unquoted(statement: str, *, backslash: bool) -> str:
    return _QUOTED[backslash].sub(" ", statement)
