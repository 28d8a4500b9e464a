"""A session's settings, changed for a while: what was there before is put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection


def set_postgres(connection: Connection, settings: Mapping[str, str]) -> list[str]:
    """Change settings that the server knows, and return the statements that put them back.

    Args:
        connection: to PostgreSQL.
        settings: name and value of each.
    """
    if not settings:
        return []
    names = list(settings)
    asked = ", ".join(f"current_setting('{name}', true)" for name in names)
    before = dict(zip(names, connection.execute(text(f"SELECT {asked}")).one(), strict=True))
    known = [name for name in names if before[name] is not None]
    if known:
        changes = ", ".join(f"set_config('{name}', :{name}, false)" for name in known)
        connection.execute(text(f"SELECT {changes}"), {name: settings[name] for name in known})
    return [f"SET {name} = '{before[name]}'" for name in known]


def set_mysql(connection: Connection, settings: Mapping[str, float]) -> list[str]:
    """Change settings, and return the statements that put them back."""
    restoring = []
    for name, value in settings.items():
        before = connection.exec_driver_sql(f"SELECT @@SESSION.{name}").scalar()
        connection.exec_driver_sql(f"SET SESSION {name} = {value}")
        restoring.append(f"SET SESSION {name} = {before}")
    return restoring
