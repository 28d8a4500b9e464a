"""The table of all keys, as the README has it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from alembic_migrate.config.keys import KEYS

if TYPE_CHECKING:
    from alembic_migrate.config.key import Key

_TYPES = {
    "hook": '`"module:function"`',
    "boolean or hook": 'boolean or `"module:function"`',
    "strings": "array of strings",
    "strings or string": "string or array of strings",
    "paths": "array of paths",
    "hooks table": "array of tables",
    "tenants table": "table",
    "severities table": "table",
}


def _type(key: Key) -> str:
    if key.choices:
        return " or ".join(f'`"{choice}"`' for choice in key.choices)
    return _TYPES.get(key.type, key.type)


def _default(key: Key) -> str:
    if key.default is None or key.default == ():
        return ""
    value = list(key.default) if isinstance(key.default, tuple) else key.default
    return f"`{json.dumps(value)}`"


def _row(key: Key) -> str:
    scope = " (tool table only)" if key.scope == "tool" else ""
    cells = (f"`{key.name}`", _type(key), _default(key), f"{key.help}{scope}")
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def config_table() -> str:
    """Return a Markdown table of every key: name, type, default, what it does."""
    head = ["| key | type | default | what it does |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *(_row(key) for key in KEYS)]) + "\n"
