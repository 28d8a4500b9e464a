"""One base's resolved configuration: every key's value and where it came from."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic_migrate.errors import AlembicMigrateError

OriginKind = Literal["flag", "environment", "file", "ini", "get_base", "default"]

_SQLITE = pattern(r"(?P<front>sqlite(?:\+\w+)?://[^/]*/)(?P<path>[^?]+)(?P<query>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from.

    Attributes:
        kind: the layer.
        text: the place in words: ``--url``, ``ALEMBIC_BASE``,
            ``pyproject.toml:12 [tool.alembic-migrate.bases.app]``, ``migrations/alembic.ini``,
            ``default``.
    """

    kind: OriginKind
    text: str


DEFAULT = Origin("default", "default")


@dataclass(frozen=True, slots=True)
class Setting:
    """A key's value and its origin."""

    value: Any = field(repr=False)  # may hold a password
    origin: Origin


@dataclass(frozen=True)
class BaseConfig:
    """One base's resolved configuration.

    ``config["key"]`` is a key's value. Arrays are tuples; ``directory``, ``version_locations`` and
    ``pythonpath`` hold absolute paths as strings, or ``package:folder`` as it was written.

    Attributes:
        name: the base's name; ``default`` for the one of a project without a ``bases`` table, the
            dotted path for a module that was named instead of a base.
        root: the project's root, absolute.
        file: the TOML file, or None.
        ini: the ``alembic.ini`` that belongs to the folder, or None.
        settings: every key of a base, and ``pythonpath``.
        named: it stands in a ``bases`` table.
        ini_location: an ``alembic.ini`` at the root whose ``script_location`` is another folder
            than this base's, and that folder as ``directory`` would be written; or None.
        errors: keys whose variables cannot be resolved. Asking for one of them raises its error,
            so that a command that needs no database needs no ``${DATABASE_URL}`` either.
    """

    name: str
    root: Path
    file: Path | None
    ini: Path | None
    settings: Mapping[str, Setting]
    named: bool = False
    ini_location: tuple[Path, str] | None = None
    errors: Mapping[str, AlembicMigrateError] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Any:
        if key in self.errors:
            raise self.errors[key]
        return self.settings[key].value

    def origin(self, key: str) -> Origin:
        """Return where a key's value came from."""
        return self.settings[key].origin

    def is_set(self, key: str) -> bool:
        """Tell whether anything but the default sets a key."""
        return self.settings[key].origin.kind != "default"

    @property
    def directory(self) -> Path:
        """The migrations folder, absolute; ``package:folder`` is only in ``config["directory"]``.

        Raises:
            ConfigError: a variable in it cannot be resolved.
        """
        return Path(self["directory"])

    @property
    def url(self) -> str | None:
        """The database's URL with its password, or None where nothing configures one.

        Raises:
            ConfigError: a variable in it cannot be resolved.
        """
        value = self["url"]
        return None if value is None else str(value)

    def from_root(self, url: str) -> str:
        """Return a URL whose SQLite path, where it is relative, is made absolute at the root."""
        return anchored_url(url, self.root)


def is_packaged(path: str) -> bool:
    """Tell whether a path is ``package:folder``, by the rule that Alembic has for it."""
    return ":" in path and not os.path.isabs(path)  # noqa: PTH117 - the same rule, C:\ included


def anchored(path: str, anchor: Path) -> str:
    """Return a path made absolute at a folder; ``package:folder`` is left as it is."""
    return path if is_packaged(path) else os.path.normpath(anchor / path)


def anchored_url(url: str, anchor: Path) -> str:
    """Return a URL whose SQLite path, where it is relative, is made absolute at a folder.

    Other URLs, ``:memory:``, ``sqlite://`` and ``file:`` are left as they are.
    """
    match = _SQLITE.fullmatch(url)
    if match is None or match["path"] == ":memory:" or match["path"].startswith("file:"):
        return url
    return match["front"] + os.path.normpath(anchor / match["path"]) + match["query"]
