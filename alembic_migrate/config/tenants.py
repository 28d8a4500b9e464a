"""The table ``tenants`` of a base: which tenants share its history, and where each of them is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alembic_migrate.config.problems import Place, found

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELD = "{tenant}"

_SOURCES = ("names", "query", "function")


@dataclass(frozen=True, slots=True)
class Tenancy:
    """What the table says, once it is known to be right.

    Attributes:
        names: the tenants, where they are listed.
        query: the SQL whose first column names them.
        query_url: where it is asked; None is the base's own database.
        function: ``package.module:function`` that returns them.
        schema: the schema of a tenant, with ``{tenant}`` in it; None where each has a database.
        url: the URL of a tenant's database, with ``{tenant}`` in it; None where each has a schema.
        shared: schemas behind the tenant's own on PostgreSQL's search path.
    """

    names: tuple[str, ...] | None = None
    query: str | None = None
    query_url: str | None = field(default=None, repr=False)
    function: str | None = None
    schema: str | None = FIELD
    url: str | None = field(default=None, repr=False)
    shared: tuple[str, ...] = ()


def tenancy(table: Mapping[str, Any]) -> Tenancy:
    """Return the table as a record."""
    values: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in table.items()
    }
    if "url" in values:
        values["schema"] = None
    return Tenancy(**values)


def check_tenants(place: Place, table: Mapping[str, Any]) -> None:
    """Check what the keys of the table say about each other; their types are right.

    Args:
        place: the table ``tenants``.
        table: key and value, as written.

    Raises:
        ConfigError: there is no source of names or several, no place for a tenant or two, a
            place is the same for all tenants, or a name is empty or there twice.
    """
    given = [key for key in _SOURCES if key in table]
    if len(given) != 1:
        problem = f"has {' and '.join(given)}" if given else "says nowhere which tenants there are"
        raise place.error(
            None, f"{problem}: one of names, query and function is needed", 'names = ["acme"]'
        )
    if "query_url" in table and "query" not in table:
        raise place.error(
            "query_url", "stands without a query", 'query = "SELECT name FROM tenants"'
        )
    if "schema" in table and "url" in table:
        raise place.error("schema", "stands beside url: a tenant has a schema or a database")
    for key in ("schema", "url"):
        if key == "url" and "${" in table.get(key, ""):
            continue  # what a variable brings is known when the base is used
        if key in table and FIELD not in table[key]:
            line = f'{key} = "{"tenant_{tenant}" if key == "schema" else "sqlite:///{tenant}.db"}"'
            raise place.error(key, f"is the same for every tenant: it needs {FIELD} in it", line)
    _check_names(place, table.get("names"))


def _check_names(place: Place, names: list[str] | None) -> None:
    seen: set[str] = set()
    for name in names or ():
        problem = problem_of(name)
        if problem is None and name in seen:
            problem = "is there twice"
        if problem is not None:
            raise place.error("names", f"has a name that {problem}: {found(name)}")
        seen.add(name)


def problem_of(name: object) -> str | None:
    """Return what keeps a value from being a tenant's name, in words, or None."""
    if not isinstance(name, str):
        return "is no string"
    if not name.strip() or name != name.strip():
        return "is empty or has blanks around it"
    if not name.isprintable():
        return "has characters that do not print"
    return None
