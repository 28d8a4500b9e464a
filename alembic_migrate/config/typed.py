"""What is typed for one run: ``--directory``, ``--url``, and ``--set`` for any key of a base."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import tomli

from alembic_migrate.config.keys import BY_NAME
from alembic_migrate.config.problems import Place, wrong_value
from alembic_migrate.config.validation import validate
from alembic_migrate.errors import UsageError
from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.config.key import Key

_KEY = pattern(r"[A-Za-z0-9_.-]+")
_WITH_STRINGS = frozenset({"string", "path", "hook", "boolean or hook", "strings or string"})
_STRINGS_ONLY = frozenset({"string", "path", "hook"})


@dataclass(frozen=True, slots=True)
class Overrides:
    """What was typed for this run.

    Attributes:
        directory: ``--directory``, relative to the working directory.
        url: ``--url``.
        settings: each ``--set``: ``KEY=VALUE``, VALUE as TOML.
    """

    directory: str | None = None
    url: str | None = field(default=None, repr=False)
    settings: tuple[str, ...] = field(default=(), repr=False)


def parse_settings(texts: Sequence[str]) -> dict[str, Any]:
    """Return key and value of each ``KEY=VALUE``; the last of one key wins.

    VALUE is TOML; where it is none, or another scalar than the key takes, a key that takes a
    string gets the text as it is.

    Raises:
        UsageError: there is no ``=``, the key is unknown, or the value has the wrong type. The
            value is not shown where it may be a secret.
    """
    if not texts:
        return {}
    values = {}
    for text in texts:
        name, equals, written = text.partition("=")
        name = name.strip()
        if not equals or not _KEY.fullmatch(name):
            # What was typed is not shown: it may be a URL.
            raise UsageError("--set takes KEY=VALUE", hint="--set compare_type=false")
        if name == "url" and written.strip() in ("", '""', "''"):
            raise UsageError("--set url is empty", hint="give it a value or leave it out")
        values[name] = _value(BY_NAME.get(name), written.strip())
    return validate(Place(path=None), values, scope="base")


def _value(key: Key | None, written: str) -> Any:
    try:
        table = tomli.loads(f"value = {written}")
    except tomli.TOMLDecodeError:
        table = {}
    value = table.get("value")
    # More than one key means that a newline made it more than one value.
    if value is None or len(table) != 1:
        return _text(key, written)
    is_scalar = not isinstance(value, str | list | dict)
    if key and is_scalar and key.type in _STRINGS_ONLY:
        return written
    return value


def _text(key: Key | None, written: str) -> str:
    if key is None or key.type in _WITH_STRINGS:
        return written
    raise wrong_value(Place(path=None), key, written)
