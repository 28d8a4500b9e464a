"""Column types as the dialects write them, taken apart so that two can be compared."""

from __future__ import annotations

import re
from dataclasses import dataclass

_IN_PARENTHESES = re.compile(r"\(((?:[^()']|'(?:[^']|'')*')*)\)")
_ARRAY = re.compile(r"(?:\s*\[\d*\])+$")
_COLLATION = re.compile(r'\b(?:COLLATE|CHARACTER\s+SET|CHARSET)\s+[\w".]+', re.IGNORECASE)
_NAMES = re.compile(r'[\w".]+(?: [\w".]+)*')
# Their arguments are widths of a display, or choose between two of them.
_OF_ONE_SIZE = {"tinyint", "smallint", "mediumint", "integer", "bigint", "real", "double"}
_REAL_BITS = 24
_NO_PART_OF_THE_NAME = {"unsigned", "signed", "zerofill", "binary"}

# The many names of one type. What a dialect alone calls so has its own table below.
_SYNONYMS = {
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "character varying": "varchar",
    "nvarchar": "varchar",
    "national varchar": "varchar",
    "character": "char",
    "nchar": "char",
    "bpchar": "char",
    "string": "varchar",
    "bit varying": "varbit",
    "decimal": "numeric",
    "dec": "numeric",
    "fixed": "numeric",
    "bool": "boolean",
    "float8": "double",
    "double precision": "double",
    "float4": "real",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "time without time zone": "time",
    "time with time zone": "timetz",
    "serial": "integer",
    "bigserial": "bigint",
    "smallserial": "smallint",
}
_OWN_SYNONYMS = {
    "postgresql": {"float": "double"},
    "mysql": {"real": "double", "float": "real", "boolean": "tinyint", "bool": "tinyint"},
    "sqlite": {},
}


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A column's type.

    Attributes:
        name: in lower case, one of its synonyms.
        arguments: what stands in parentheses: lengths, precision and scale, members.
        unsigned: it has no negative values (MySQL).
        array: it is an array of that type.
        collation: its COLLATE or CHARACTER SET clauses, in lower case.
    """

    name: str
    arguments: tuple[str, ...] = ()
    unsigned: bool = False
    array: bool = False
    collation: str = ""

    @property
    def length(self) -> int | None:
        """Return the first argument as a number: a length or a precision."""
        return int(self.arguments[0]) if self.arguments and self.arguments[0].isdigit() else None

    @property
    def scale(self) -> int:
        """Return the second argument as a number."""
        second = self.arguments[1] if len(self.arguments) > 1 else "0"
        return int(second) if re.fullmatch(r"-?\d+", second) else 0


def parse(written: str | None, dialect: str) -> ColumnType | None:
    """Return a type taken apart; None where it is not one that is understood.

    Args:
        written: the type as the dialect writes it: ``VARCHAR(50) COLLATE "C"``.
        dialect: SQLAlchemy's name.
    """
    written = (written or "").strip()
    plain = _COLLATION.sub("", written).strip()
    given = _IN_PARENTHESES.search(plain)
    words = _IN_PARENTHESES.sub(" ", _ARRAY.sub("", plain)).lower().split()
    name = " ".join(word for word in words if word not in _NO_PART_OF_THE_NAME) or "".join(words)
    if not _NAMES.fullmatch(name):
        return None
    own = _OWN_SYNONYMS.get(_family(dialect), {})
    name = own.get(name) or _SYNONYMS.get(name, name)
    arguments = _arguments(given[1] if given else None)
    if (name, dialect) == ("double", "postgresql") and arguments:
        name = "real" if int(arguments[0]) <= _REAL_BITS else "double"
    return ColumnType(
        name=name,
        arguments=() if name in _OF_ONE_SIZE else arguments,
        unsigned="unsigned" in words,
        array=_ARRAY.search(plain) is not None,
        collation=" ".join(_COLLATION.findall(written)).lower(),
    )


def _family(dialect: str) -> str:
    return "mysql" if dialect == "mariadb" else dialect


def _arguments(written: str | None) -> tuple[str, ...]:
    return tuple(
        each.strip() for each in re.findall(r"'(?:[^']|'')*'|[^,]+", written or "") if each.strip()
    )
