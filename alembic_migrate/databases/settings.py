"""A session's settings, changed for a while: what was there before is put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection


def set_postgres(connection: Connection, settings: Mapping[str, str]) -> list[str]:
    """Change settings that the server knows, and return what puts them back: one statement.

    Args:
        connection: to PostgreSQL.
        settings: name and value of each.
    """
    if not settings:
        return []
    asked = ", ".join(f"current_setting('{name}', true) AS {name}" for name in settings)
    changes = ", ".join(
        f"CASE WHEN was.{name} IS NOT NULL THEN set_config('{name}', :{name}, false) END"
        for name in settings
    )
    # What is asked is asked before the change: a part with OFFSET is planned by itself.
    statement = text(f"SELECT was.*, {changes} FROM (SELECT {asked} OFFSET 0) AS was")  # noqa: S608
    before = connection.execute(statement, dict(settings)).one()
    changes = ", ".join(
        f"set_config('{name}', {as_literal(value)}, false)"
        for name, value in zip(settings, before, strict=False)
        if value is not None
    )
    return [f"SELECT {changes}"] if changes else []


def set_mysql(connection: Connection, settings: Mapping[str, float]) -> list[str]:
    """Change settings, and return the statements that put them back."""
    restoring = []
    for name, value in settings.items():
        before = connection.exec_driver_sql(f"SELECT @@SESSION.{name}").scalar()
        connection.exec_driver_sql(f"SET SESSION {name} = {value}")
        restoring.append(f"SET SESSION {name} = {before}")
    return restoring


def put_back(connection: Connection, statements: Sequence[str]) -> None:
    """Execute what puts settings back."""
    for statement in statements:
        result = connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
        if result.returns_rows:
            result.all()  # of a cursor on the server nothing is executed before it is read


def as_literal(value: str) -> str:
    """Return a text as PostgreSQL reads it whatever its ``standard_conforming_strings`` is."""
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"
