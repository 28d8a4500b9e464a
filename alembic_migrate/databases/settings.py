"""A session's settings, changed for a while: what was there before is put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection


def set_postgres(connection: Connection, settings: Mapping[str, str]) -> list[str]:
    """Change settings that the server knows, and return the statements that put them back."""
    restoring = []
    for name, value in settings.items():
        known = text("SELECT current_setting(:name, true)")
        before = connection.execute(known, {"name": name}).scalar()
        if before is None:
            continue
        change = text("SELECT set_config(:name, :value, false)")
        connection.execute(change, {"name": name, "value": value})
        restoring.append(f"SET {name} = '{before}'")
    return restoring


def set_mysql(connection: Connection, settings: Mapping[str, float]) -> list[str]:
    """Change settings, and return the statements that put them back."""
    restoring = []
    for name, value in settings.items():
        before = connection.exec_driver_sql(f"SELECT @@SESSION.{name}").scalar()
        connection.exec_driver_sql(f"SET SESSION {name} = {value}")
        restoring.append(f"SET SESSION {name} = {before}")
    return restoring
