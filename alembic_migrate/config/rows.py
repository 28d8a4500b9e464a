"""What ``config show`` tells about a base."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_migrate.config.keys import KEYS, URLS
from alembic_migrate.config.tenants import Tenancy
from alembic_migrate.masking import mask, mask_url, masked
from alembic_migrate.results import ConfigRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.config.base import BaseConfig


def rows_of(base: BaseConfig) -> Iterator[ConfigRow]:
    """Yield a row for every key of a base, ``pythonpath`` included, in the order of the keys."""
    for key in KEYS:
        if key.name not in base.settings:
            continue
        setting = base.settings[key.name]
        error = base.errors.get(key.name)
        origin = setting.origin.text
        if key.name == "url" and setting.value is None and error is None and _asks_module(base):
            origin = "get_base()"
        yield ConfigRow(
            base.name,
            key.name,
            None if error else _plain(setting.value, secret=key.secret),
            origin,
            error.message if error else None,
        )


def _asks_module(base: BaseConfig) -> bool:
    alone = base.is_set("models") and not base.is_set("module")
    return not base.is_set("metadata") and not alone


def _plain(value: Any, *, secret: bool) -> Any:
    if secret and isinstance(value, str):
        return mask_url(value)
    if isinstance(value, tuple | list):
        return [_plain(item, secret=False) for item in value]
    if isinstance(value, Tenancy):
        table = {key: item for key, item in asdict(value).items() if item}
        return {key: _plain(item, secret=key in URLS) for key, item in table.items()}
    if isinstance(value, dict):
        return masked(value, mask)
    if isinstance(value, Path):
        return str(value)
    return mask(value) if isinstance(value, str) else value
