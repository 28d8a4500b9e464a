"""The words of ``--base`` and ``ALEMBIC_BASE``: which bases a command works on."""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from alembic_migrate.config.base import Origin
from alembic_migrate.config.problems import known_and_nearest, nearest, printable
from alembic_migrate.errors import AlembicMigrateError, ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

VARIABLE = "ALEMBIC_BASE"

Mode = Literal["read", "write", "init", "status"]


@dataclass(frozen=True, slots=True)
class Known:
    """What the words can mean.

    Attributes:
        names: the bases, in the file's order.
        modules: each base's ``module`` as it is written.
        named: there is a ``bases`` table.
    """

    names: tuple[str, ...]
    modules: Mapping[str, str]
    named: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Words and who says them.

    Attributes:
        words: as they were given, commas included.
        origin: ``--base``, ``ALEMBIC_BASE`` or ``base in pyproject.toml:3``.
    """

    words: tuple[str, ...]
    origin: Origin

    def line(self, word: str) -> str:
        """Return the line to paste that asks for another base in the same way."""
        if self.origin.kind == "flag":
            return f"--base {word}"
        return f"{VARIABLE}={word}" if self.origin.kind == "environment" else f'base = "{word}"'

    def error(self, message: str, hint: str) -> AlembicMigrateError:
        """Return an error about one of the words."""
        kind = UsageError if self.origin.kind == "flag" else ConfigError
        return kind(f"{message} (asked for by {self.origin.text})", hint=hint)


def is_module(word: str) -> bool:
    """Tell whether a word is a module's dotted path."""
    return all(part.isidentifier() and not keyword.iskeyword(part) for part in word.split("."))


def may_be_module(word: str, *, named: bool) -> bool:
    """Tell whether a word that is no base may be a module that is a base of its own."""
    return is_module(word) and ("." in word or not named)


def pick(asked: Asked, known: Known) -> tuple[str, ...]:
    """Return the names that words mean: configured ones in the file's order, then modules.

    Raises:
        UsageError, ConfigError: a word means nothing, or more than one base where it must be one.
    """
    found: list[str] = []
    for words in asked.words:
        for word in words.split(","):
            found += _pick_one(word.strip(), asked, known)
    chosen = set(found)
    modules = (name for name in dict.fromkeys(found) if name not in known.names)
    return (*(name for name in known.names if name in chosen), *modules)


def _pick_one(word: str, asked: Asked, known: Known) -> Iterable[str]:
    if word in known.names:
        return [word]
    by_module = [name for name in known.names if known.modules[name] == word]
    if len(by_module) == 1:
        return by_module
    if by_module:
        raise asked.error(
            f'"{word}" is the module of several bases: {", ".join(by_module)}',
            f"name one of them:\n{asked.line(by_module[0])}",
        )
    if any(character in word for character in "*?["):
        matching = [name for name in known.names if fnmatchcase(name, word)]
        if matching:
            return matching
    elif may_be_module(word, named=known.named):
        return [word]
    raise unknown(word, asked, known)


def unknown(word: str, asked: Asked, known: Known) -> AlembicMigrateError:
    """Return the error for a word that means nothing: the names, the nearest, and who asked."""
    if not word:
        message = "a base's name is empty"
    elif any(character in word for character in "*?["):
        message = f'no base matches "{printable(word)}"'
    else:
        message = f'there is no base "{printable(word)}"'
    line = asked.line(nearest(word, known.names) or known.names[0])
    return asked.error(message, f"{known_and_nearest(word, known.names)}\n{line}")


def asked_for(
    words: Sequence[str], environ: Mapping[str, str], default: Asked | None, mode: Mode
) -> Asked | None:
    """Return the words that count: a flag's, else the variable's, else the file's; or None.

    ``status`` shows every base, whatever the file's ``base`` says.
    """
    if words:
        return Asked(tuple(words), Origin("flag", "--base"))
    if environ.get(VARIABLE):
        return Asked((environ[VARIABLE],), Origin("environment", VARIABLE))
    return None if mode == "status" else default


def which(known: Known) -> UsageError:
    """Return the error for a command that writes when nothing says to which of several bases."""
    return UsageError(
        f"which base? There are several: {', '.join(known.names)}",
        hint=f"--base {known.names[0]}, or --all for every one",
    )
