"""The JSON Schema of ``[tool.alembic-migrate]``, for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_migrate.config.keys import KEYS, SEVERITIES, TENANT_KEYS

if TYPE_CHECKING:
    from alembic_migrate.config.key import Key

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAME_PATTERN = "^[A-Za-z0-9_-]+$"

_FILLED = {"type": "string", "minLength": 1}
_STRINGS = {"type": "array", "items": _FILLED}
_HOOK = {"type": "string", "pattern": r"^[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*$"}
_BOOLEAN = {"type": "boolean"}

_TYPES: dict[str, dict[str, Any]] = {
    "string": _FILLED,
    "boolean": _BOOLEAN,
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "path": _FILLED,
    "paths": _STRINGS,
    "strings": _STRINGS,
    "hook": _HOOK,
    "boolean or hook": {"anyOf": [_BOOLEAN, _HOOK]},
    "strings or string": {"anyOf": [_FILLED, _STRINGS]},
    "hooks table": {
        "type": "array",
        "items": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "severities table": {"type": "object", "additionalProperties": {"enum": list(SEVERITIES)}},
}


def _property(key: Key) -> dict[str, Any]:
    kind = _tenants() if key.type == "tenants table" else _TYPES[key.type]
    schema = {"description": f"{key.help[0].upper()}{key.help[1:]}.", **kind}
    if key.blank:
        schema.pop("minLength", None)
    if key.choices:
        schema = {"description": schema["description"], "enum": list(key.choices)}
    if key.positive:
        schema["exclusiveMinimum"] = 0
    if key.default is not None:
        schema["default"] = list(key.default) if isinstance(key.default, tuple) else key.default
    return schema


def _tenants() -> dict[str, Any]:
    properties = {key.name: _property(key) for key in TENANT_KEYS}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the tool table, as plain JSON values."""
    base = {key.name: _property(key) for key in KEYS if key.scope == "base"}
    return {
        "$schema": DIALECT,
        "title": "[tool.alembic-migrate]",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **{key.name: _property(key) for key in KEYS},
            "bases": {
                "description": "The named bases; each inherits the keys of the tool table.",
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": NAME_PATTERN},
                "additionalProperties": {"$ref": "#/$defs/base"},
            },
        },
        "$defs": {"base": {"type": "object", "additionalProperties": False, "properties": base}},
    }
