"""The types of a table's values, checked without pydantic where there is no doubt about them.

The model that is made from the keys is the judge: what is not plainly right goes before it, and so
does every error. But it takes longer to import than most commands take to run.
"""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING, Any

from alembic_migrate.config.keys import BY_NAME, TENANT_BY_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic_migrate.config.key import Key
    from alembic_migrate.config.model import Scope
    from alembic_migrate.config.problems import Place


def validate(place: Place, values: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """Return the values of a table as they are, once they are known to have the right types.

    Args:
        place: where the table stands, for messages.
        values: key and value, without ``bases``.
        scope: as for the model.

    Raises:
        AlembicMigrateError: as the model's ``validate``.
    """
    if not all(_is_plain(name, value, scope) for name, value in values.items()):
        from alembic_migrate.config import model  # noqa: PLC0415 - pydantic is heavy

        return model.validate(place, values, scope)
    if "tenants" in values:
        from alembic_migrate.config.tenants import check_tenants  # noqa: PLC0415 - for tenants

        check_tenants(place.below("tenants"), values["tenants"])
    return dict(values)


def is_hook(text: str) -> bool:
    """Tell whether a text is ``package.module:function``."""
    module, colon, name = text.partition(":")
    return bool(colon) and _is_dotted(module) and _is_dotted(name)


def _is_dotted(text: str) -> bool:
    return all(part.isidentifier() and not keyword.iskeyword(part) for part in text.split("."))


def _is_plain(name: str, value: object, scope: Scope) -> bool:
    """Tell whether a value is certainly right; where it is not, it need not be wrong."""
    key = BY_NAME.get(name)
    if key is None or (scope == "base" and key.scope == "tool"):
        return False
    if key.type == "tenants table":
        return type(value) is dict and all(
            name in TENANT_BY_NAME and _is_plain_value(TENANT_BY_NAME[name], inner)
            for name, inner in value.items()
        )
    return _is_plain_value(key, value)


def _is_plain_value(key: Key, value: object) -> bool:
    if type(value) is str:
        return _is_plain_text(key, value)
    if type(value) is bool:
        return key.type in {"boolean", "boolean or hook"}
    if type(value) is int:
        return key.type in {"integer", "number"} and (value > 0 or not key.positive)
    return type(value) is list and _is_plain_list(key, value)


def _is_plain_text(key: Key, value: str) -> bool:
    if key.choices:
        return value in key.choices
    if key.type in {"hook", "boolean or hook"}:
        return is_hook(value)
    return key.type in {"string", "path", "strings or string"} and (
        key.blank or bool(value.strip())
    )


def _is_plain_list(key: Key, value: list[object]) -> bool:
    if key.type == "hooks table":
        return all(type(item) is dict and _is_of_texts(item) for item in value)
    return key.type in {"paths", "strings", "strings or string"} and all(
        type(item) is str and bool(item.strip()) for item in value
    )


def _is_of_texts(table: dict[object, object]) -> bool:
    return all(type(word) is str for pair in table.items() for word in pair)
