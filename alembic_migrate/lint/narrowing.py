"""Whether values of one column type may not fit another.

Sources: PostgreSQL, "Data Types" and "ALTER TABLE"; MySQL, "Data Types" and "Server SQL Modes";
SQLite, "Datatypes In SQLite" (lengths are not enforced, an affinity is).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic_migrate.lint.columntypes import ColumnType

_BYTES = {"tinyint": 1, "smallint": 2, "mediumint": 3, "integer": 4, "bigint": 8}
_DIGITS = {"tinyint": 3, "smallint": 5, "mediumint": 8, "integer": 10, "bigint": 19}
_EXACT_BITS = {"real": 24, "double": 53}
_TEXT = {"varchar", "char", "text", "citext", "clob", "tinytext", "mediumtext", "longtext"}
_TEXT_BYTES = {"tinytext": 255, "text": 65535, "mediumtext": 2**24 - 1, "longtext": 2**32 - 1}
_WITH_DATE = {"date", "timestamp", "timestamptz", "datetime"}
_WITH_TIME = {"time", "timetz", "timestamp", "timestamptz", "datetime"}
_NUMBERS = {*_BYTES, *_EXACT_BITS, "numeric"}
_STRICT = {"json", "jsonb", "uuid", "boolean"}
_UUID_LENGTH = 36
_MICROSECONDS = 6
_BITS_OF_A_BYTE = 8
_UNLIMITED = float("inf")


@dataclass(frozen=True, slots=True)
class Misfit:
    """What does not fit a narrower type.

    Attributes:
        which: completes "a value …": ``longer than 20 characters``.
        changed: such a value is changed without a word (rounded, cut); else it is refused.
    """

    which: str
    changed: bool = False


def narrows(before: ColumnType, after: ColumnType, dialect: str) -> Misfit | None:
    """Return which values do not fit any more, or None where all do or it is not known.

    Args:
        before: the type that the column has.
        after: the type that it gets.
        dialect: SQLAlchemy's name.
    """
    if before.array or after.array:
        return None
    if dialect == "sqlite":
        textual = before.name in _TEXT and after.name in {*_NUMBERS, "boolean"}
        return _no(after.name, changed=True) if textual else None
    judges = (_text, _integer, _inexact, _decimal, _strict, _time, _members)
    return next((found for judge in judges if (found := judge(before, after, dialect))), None)


def _no(name: str, *, changed: bool = False) -> Misfit:
    return Misfit(f"that is no {name.upper()}", changed=changed)


def _capacity(column: ColumnType, dialect: str) -> float:
    """Return how many characters fit; of MySQL's texts how many bytes."""
    if column.name in {"varchar", "char"}:
        return column.length or (1 if column.name == "char" else _UNLIMITED)
    if dialect in {"mysql", "mariadb"}:
        return _TEXT_BYTES.get(column.name, _UNLIMITED)
    return _UNLIMITED


def _text(before: ColumnType, after: ColumnType, dialect: str) -> Misfit | None:
    if after.name not in _TEXT:
        return None
    room = _capacity(after, dialect)
    needed = {"uuid": _UUID_LENGTH, "numeric": _UNLIMITED, "json": _UNLIMITED, "jsonb": _UNLIMITED}
    if before.name in _TEXT:
        length = _capacity(before, dialect)
    elif before.name in _DIGITS:
        length = _DIGITS[before.name] + (not before.unsigned)
    else:
        length = needed.get(before.name, 0)
    return Misfit(f"longer than {room:.0f} characters") if length > room else None


def _integer(before: ColumnType, after: ColumnType, _dialect: str) -> Misfit | None:
    if after.name not in _BYTES:
        return None
    if before.name in _BYTES:
        (least, most), (floor, ceiling) = _range(before), _range(after)
        fits = floor <= least and most <= ceiling
        return None if fits else Misfit(f"below {floor} or above {ceiling}")
    if before.name in {*_EXACT_BITS, "numeric"}:
        return Misfit("with a fraction", changed=True)
    return _no(after.name) if before.name in _TEXT else None


def _range(column: ColumnType) -> tuple[int, int]:
    bits = _BYTES[column.name] * _BITS_OF_A_BYTE
    return (0, 2**bits - 1) if column.unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _inexact(before: ColumnType, after: ColumnType, _dialect: str) -> Misfit | None:
    if after.name not in _EXACT_BITS:
        return None
    bits = _EXACT_BITS[after.name]
    wider = _EXACT_BITS.get(before.name, 0) > bits
    longer = _BYTES.get(before.name, 0) * _BITS_OF_A_BYTE > bits
    return (
        Misfit("with more digits than it keeps", changed=True)
        if wider or longer or before.name == "numeric"
        else None
    )


def _decimal(before: ColumnType, after: ColumnType, _dialect: str) -> Misfit | None:
    if after.name != "numeric" or after.length is None:
        return None
    room = after.length - after.scale
    if _digits(before) > room:
        return Misfit(f"with more than {room} digits before the point")
    rounded = before.name == "numeric" and before.scale > after.scale
    which = f"with more than {after.scale} digits behind the point"
    return Misfit(which, changed=True) if rounded else None


def _digits(column: ColumnType) -> float:
    """Return how many digits a number has before the point; none for what is no number."""
    if column.name == "numeric" and column.length is not None:
        return column.length - column.scale
    return _DIGITS.get(column.name, _UNLIMITED if column.name in _NUMBERS else 0)


def _strict(before: ColumnType, after: ColumnType, _dialect: str) -> Misfit | None:
    strict = {*_EXACT_BITS, "numeric", *_STRICT, *_WITH_DATE, *_WITH_TIME}
    return _no(after.name) if after.name in strict and before.name in _TEXT else None


def _time(before: ColumnType, after: ColumnType, dialect: str) -> Misfit | None:
    if before.name in _WITH_TIME and after.name == "date":
        return Misfit("with a time of day", changed=True)
    if before.name in _WITH_DATE and after.name in {"time", "timetz"}:
        return Misfit("with a date", changed=True)
    if not {before.name, after.name} <= _WITH_TIME:
        return None
    room = _fraction(after, dialect)
    which = f"with more than {room} digits of a second"
    return Misfit(which, changed=True) if _fraction(before, dialect) > room else None


def _fraction(column: ColumnType, dialect: str) -> int:
    """Return the digits behind the second: MySQL keeps none where none are asked for."""
    if column.length is not None:
        return column.length
    return 0 if dialect in {"mysql", "mariadb"} else _MICROSECONDS


def _members(before: ColumnType, after: ColumnType, _dialect: str) -> Misfit | None:
    if after.name not in {"enum", "set"}:
        return None
    if before.name in _TEXT:
        return Misfit(f"that is no member of the {after.name.upper()}")
    lost = [each for each in before.arguments if each not in after.arguments]
    return Misfit(f"that is {' or '.join(lost)}") if before.name == after.name and lost else None
