"""The pydantic model that is made from the keys, and its errors as this tool's.

The only module of ``config`` that imports pydantic; imported where a table's values are not plainly
right (see ``validation``), and for the JSON Schema.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AllowInfNan,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
    create_model,
)

from alembic_migrate.config.keys import BY_NAME, KEYS, TENANT_BY_NAME, TENANT_KEYS
from alembic_migrate.config.problems import Place, unknown_key, wrong_value
from alembic_migrate.config.tenants import check_tenants
from alembic_migrate.config.validation import is_hook
from alembic_migrate.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alembic_migrate.config.key import Key

Scope = Literal["tool", "base"]


def _hook(value: str) -> str:
    if not is_hook(value):
        raise ValueError("package.module:function")
    return value


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError("empty")
    return value


_Filled = Annotated[StrictStr, AfterValidator(_filled)]
_Hook = Annotated[StrictStr, AfterValidator(_hook)]

_TYPES: dict[str, Any] = {
    "string": _Filled,
    "boolean": StrictBool,
    "integer": StrictInt,
    "number": StrictInt | Annotated[StrictFloat, AllowInfNan(allow_inf_nan=False)],
    "path": _Filled,
    "paths": list[_Filled],
    "strings": list[_Filled],
    "hook": _Hook,
    "boolean or hook": StrictBool | _Hook,
    "strings or string": _Filled | list[_Filled],
    "hooks table": list[dict[str, StrictStr]],
    "tenants table": dict[StrictStr, Any],  # checked by itself, with its own place in the file
    "severities table": dict[str, Severity],
}


def _field(key: Key) -> tuple[Any, Any]:
    annotation = _TYPES[key.type]
    if key.choices:
        annotation = Literal[key.choices]
    elif key.blank:
        annotation = StrictStr
    return (annotation, Field(default=None, gt=0 if key.positive else None, alias=key.name))


@cache
def model(scope: Scope) -> type[BaseModel]:
    """Return the model of a table: every field optional, no other allowed, types strict.

    Args:
        scope: ``tool`` for ``[tool.alembic-migrate]``, ``base`` for a base's table.
    """
    keys = (key for key in KEYS if scope == "tool" or key.scope == "base")
    return _model(f"{scope.title()}Table", keys)


@cache
def tenants_model() -> type[BaseModel]:
    """Return the model of the table ``tenants``."""
    return _model("TenantsTable", TENANT_KEYS)


def _model(name: str, keys: Iterable[Key]) -> type[BaseModel]:
    # A field may not have the name of a method of pydantic's: it goes by its alias then.
    fields: dict[str, Any] = {
        f"{key.name}_" if hasattr(BaseModel, key.name) else key.name: _field(key) for key in keys
    }
    config = ConfigDict(extra="forbid", frozen=True, strict=True, protected_namespaces=())
    created: type[BaseModel] = create_model(name, __config__=config, **fields)
    return created


def validate(place: Place, values: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """Return the values of a table as they are, once they are known to have the right types.

    Args:
        place: where the table stands, for messages.
        values: key and value, without ``bases``.
        scope: as for ``model``.

    Raises:
        AlembicMigrateError: a key is unknown or a value has the wrong type; the first in the file.
    """
    more = ("bases",) if scope == "tool" else ()
    _check(model(scope), BY_NAME, place, values, more)
    if "tenants" in values:
        inner = place.below("tenants")
        _check(tenants_model(), TENANT_BY_NAME, inner, values["tenants"])
        check_tenants(inner, values["tenants"])
    return dict(values)


def _check(
    table: type[BaseModel],
    keys: Mapping[str, Key],
    place: Place,
    values: Mapping[str, Any],
    more: tuple[str, ...] = (),
) -> None:
    try:
        table.model_validate(dict(values))
    except ValidationError as error:
        wrong = {
            str(item["loc"][0]): item["type"]
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        }
        first = min(wrong, key=lambda name: place.line(name) or 0)
        if wrong[first] == "extra_forbidden":
            known = [field.alias or name for name, field in table.model_fields.items()]
            raise unknown_key(place, first, [*known, *more], keys) from None
        raise wrong_value(place, keys[first], values[first]) from None
