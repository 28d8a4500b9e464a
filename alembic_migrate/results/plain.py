"""Records as plain JSON values."""

from __future__ import annotations

import dataclasses
from typing import Any

from alembic_migrate.errors import AlembicMigrateError


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
