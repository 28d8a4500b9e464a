"""What is told of one key of ``[tool.alembic-migrate]``, and short ways to tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

KeyType = Literal[
    "string",
    "boolean",
    "integer",
    "number",
    "path",
    "paths",
    "strings",
    "hook",
    "boolean or hook",
    "strings or string",
    "hooks table",
    "tenants table",
    "severities table",
]


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Attributes:
        name: the key as it stands in TOML.
        type: what a value may be; ``hook`` is a string ``package.module:function``.
        help: what it does, one sentence without a full stop.
        default: the value where nothing sets it; None where that depends or there is none.
        scope: ``tool`` stands in the tool table only; ``base`` in a base's table, and in the tool
            table for every base to inherit.
        secret: the value may hold a password and is never shown as it is.
        choices: the only strings allowed; empty where any is.
        example: a value as TOML, for the line to paste in an error.
        blank: an empty string means something.
        positive: a number must be above zero.
    """

    name: str
    type: KeyType
    help: str
    default: Any = None
    scope: Literal["tool", "base"] = "base"
    secret: bool = False
    choices: tuple[str, ...] = ()
    example: str = ""
    blank: bool = False
    positive: bool = False


def flag(name: str, about: str, *, default: bool | None = False) -> Key:
    """Return a key that is true or false; ``about`` is its ``help``, here and below."""
    return Key(name, "boolean", about, default=default, example="true")


def text(name: str, about: str, example: str, default: str | None = None) -> Key:
    """Return a key that is a string; the example is given without quotes, here and below."""
    return Key(name, "string", about, default=default, example=f'"{example}"')


def prefix(name: str, about: str, example: str, default: str | None = None) -> Key:
    """Return a key that is a string and may be empty."""
    return Key(name, "string", about, default=default, example=f'"{example}"', blank=True)


def strings(name: str, about: str, example: str) -> Key:
    """Return a key that is a list of strings, by default an empty one."""
    return Key(name, "strings", about, default=(), example=f'["{example}"]')


def hook(name: str, about: str) -> Key:
    """Return a key that names a function of the application's."""
    return Key(name, "hook", about, example=f'"app.hooks:{name}"')


def flag_or_hook(name: str, about: str, *, default: bool) -> Key:
    """Return a key that is true or false, or names a function that decides."""
    return Key(name, "boolean or hook", about, default=default, example="true")
