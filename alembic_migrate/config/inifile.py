"""What Alembic's own files say about a folder: ``alembic.ini`` and ``[tool.alembic]``."""

from __future__ import annotations

import configparser
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_migrate.config.base import Origin, is_packaged
from alembic_migrate.config.files import Document, decode
from alembic_migrate.config.problems import Place, shown
from alembic_migrate.config.validation import validate
from alembic_migrate.errors import ConfigError
from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

INI_NAME = "alembic.ini"
PLACEHOLDER_URL = "driver://user:pass@localhost/dbname"  # what Alembic's templates write

_TOML_TABLE = ("tool", "alembic")
_STRINGS = ("file_template", "timezone", "output_encoding")
_BOOLEANS = ("recursive_version_locations", "sourceless")
_TRUE = frozenset({"true", "yes", "on", "y", "t", "1"})  # alembic.util.asbool
_SEPARATORS = {"space": " ", "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}
_NAMES = pattern(r", *|(?: +)")


@dataclass(frozen=True, slots=True)
class AlembicFile:
    """What one of Alembic's files sets, under this tool's keys.

    Attributes:
        values: key and value; relative paths as they are written.
        origin: where a key stands.
    """

    values: Mapping[str, Any]
    origin: Callable[[str], Origin]


@dataclass(frozen=True, slots=True)
class AlembicFiles:
    """What belongs to one folder.

    Attributes:
        layers: the files that set something, the one that wins first.
        ini: the ``alembic.ini`` of the folder, or None.
        elsewhere: an ``alembic.ini`` at the root that belongs to another folder, and that folder
            relative to the root; or None.
    """

    layers: tuple[AlembicFile, ...] = ()
    ini: Path | None = None
    elsewhere: tuple[Path, str] | None = None


def alembic_files(root: Path, directory: str, pyproject: Document | None) -> AlembicFiles:
    """Return what Alembic's own files set for a migrations folder.

    Args:
        root: the project's root.
        directory: the folder, absolute, or ``package:folder``.
        pyproject: the root's pyproject.toml, or None.

    Raises:
        ConfigError: a file cannot be read, or sets something that Alembic could not take.
    """
    toml = _Toml.of(pyproject)
    own = None if is_packaged(directory) else _Ini.read(Path(directory) / INI_NAME)
    if own and own.location is not None and not own.belongs_to(directory, root):
        own = None
    top = _Ini.read(root / INI_NAME)
    elsewhere = None
    toml_fits = toml is not None and toml.belongs_to(directory, root)
    if top and top.location is not None:
        if not top.belongs_to(directory, root):
            elsewhere, top = (top.path, _relative(top.location, root)), None
    elif not toml_fits:
        # The pyproject template of Alembic has script_location in the TOML and the URL here.
        top = None
    inis = [ini for ini in (own, top) if ini]
    layers = [AlembicFile(ini.values(), ini.origin(root)) for ini in inis]
    if toml is not None and toml_fits:
        layers.append(AlembicFile(toml.values(), toml.origin(root)))
    return AlembicFiles(tuple(layers), inis[0].path if inis else None, elsewhere)


def _relative(location: str, root: Path) -> str:
    if is_packaged(location):
        return location
    return shown(Path(os.path.normpath(root / location)), root)


def _same(location: str, directory: str, folders: tuple[Path, ...]) -> bool:
    if is_packaged(location) or is_packaged(directory):
        return location == directory
    wanted = Path(directory).resolve()
    return any((folder / location).resolve() == wanted for folder in folders)


class _Ini:
    """An alembic.ini with an [alembic] section."""

    def __init__(self, path: Path, parser: configparser.ConfigParser) -> None:
        self.path = path
        self._parser = parser
        self.location = self.get("script_location") or None

    @classmethod
    def read(cls, path: Path) -> _Ini | None:
        """Read a file; None where it does not exist or is not Alembic's.

        Raises:
            ConfigError: it cannot be read. Its lines may hold a password and are not shown.
        """
        if not path.is_file():
            return None
        here = path.parent.as_posix().replace("%", "%%")
        parser = configparser.ConfigParser({"here": here})
        try:
            parser.read_string(decode(path, path.read_bytes()).removeprefix("\ufeff"))
        except OSError as error:
            raise ConfigError(
                f"{path} cannot be read: {error.strerror}", hint=f"chmod u+r {path}"
            ) from error
        except configparser.Error as error:
            raise ConfigError(
                f"{path}{_line(error)}: this is not an ini file: {_fault(error)}",
                hint="a line looks like this: script_location = migrations",
            ) from None
        return cls(path, parser) if parser.has_section("alembic") else None

    def get(self, key: str, section: str = "alembic") -> str:
        """Return a value, stripped; empty where it is not set."""
        try:
            return self._parser.get(section, key, fallback="").strip()
        except configparser.InterpolationError:
            raise ConfigError(
                f"{self.path}: [{section}] {key} has a % that begins no name",
                hint="in an ini file a % is written %%",
            ) from None

    def belongs_to(self, directory: str, root: Path) -> bool:
        """Tell whether the script_location is the folder."""
        return _same(self.location or "", directory, (self.path.parent, root))

    def origin(self, root: Path) -> Callable[[str], Origin]:
        """Return what tells where a key stands."""
        text = shown(self.path, root)
        return lambda _key: Origin("ini", text)

    def values(self) -> dict[str, Any]:
        """Return what is set, under this tool's keys."""
        values: dict[str, Any] = {key: self.get(key) for key in _STRINGS if self.get(key)}
        url = self.get("sqlalchemy.url")
        if url and url != PLACEHOLDER_URL:
            values["url"] = url
        for key in _BOOLEANS:
            if self.get(key):
                values[key] = self.get(key) == "true"
        if self.get("revision_environment"):
            values["revision_environment"] = self.get("revision_environment").lower() in _TRUE
        if self.get("truncate_slug_length"):
            values["truncate_slug_length"] = self._integer("truncate_slug_length")
        if self.get("version_locations"):
            values["version_locations"] = self._paths(
                "version_locations", ("path_separator", "version_path_separator"), _NAMES
            )
        if self.get("prepend_sys_path"):
            values["pythonpath"] = self._paths(
                "prepend_sys_path", ("path_separator",), pattern(r", *|(?: +)|:")
            )
        if hooks := self._hooks():
            values["post_write_hooks"] = hooks
        return values

    def _integer(self, key: str) -> int:
        text = self.get(key)
        if not text.isdecimal() or not int(text):
            raise ConfigError(
                f"{self.path}: [alembic] {key} must be a whole number above 0, but is {text!r}",
                hint=f"{key} = 40",
            )
        return int(text)

    def _paths(self, key: str, separators: tuple[str, ...], legacy: re.Pattern[str]) -> list[str]:
        name, word = next(((n, self.get(n)) for n in separators if self.get(n)), ("", ""))
        if word and word not in _SEPARATORS:
            raise ConfigError(
                f"{self.path}: [alembic] {name} must be space, newline, os, : or ;, "
                f"but is {word!r}",
                hint=f"{name} = os",
            )
        text = self.get(key)
        parts = text.split(_SEPARATORS[word]) if word else legacy.split(text)
        return [part.strip() for part in parts if part.strip()]

    def _hooks(self) -> list[dict[str, str]]:
        section = "post_write_hooks"
        names = [name for name in _NAMES.split(self.get("hooks", section)) if name]
        keys = self._parser.options(section) if self._parser.has_section(section) else []
        return [
            {
                "name": name,
                **{
                    key[len(name) + 1 :]: self.get(key, section)
                    for key in keys
                    if key.startswith(f"{name.lower()}.")
                },
            }
            for name in names
        ]


def _line(error: configparser.Error) -> str:
    number = getattr(error, "lineno", None)
    if number is None:
        number = next((line for line, _ in getattr(error, "errors", ())), None)
    return f":{number}" if number else ""


def _fault(error: configparser.Error) -> str:
    faults = {
        configparser.MissingSectionHeaderError: "a line stands before the first [section]",
        configparser.DuplicateSectionError: "a section stands there twice",
        configparser.DuplicateOptionError: "a key stands there twice",
    }
    return faults.get(type(error), "a line is neither a [section] nor key = value")


@dataclass(frozen=True)
class _Toml:
    """The [tool.alembic] table of a pyproject.toml."""

    place: Place
    table: Mapping[str, Any]

    @classmethod
    def of(cls, document: Document | None) -> _Toml | None:
        if document is None:
            return None
        tool = document.data.get("tool")
        table = tool.get("alembic") if isinstance(tool, dict) else None
        if not isinstance(table, dict):
            return None
        return cls(Place(document.path, document.text, _TOML_TABLE), table)

    def belongs_to(self, directory: str, root: Path) -> bool:
        """Tell whether the script_location is the folder."""
        location = self.table.get("script_location")
        if not isinstance(location, str) or not location:
            return False
        return _same(self._filled("script_location", location), directory, (root,))

    def origin(self, root: Path) -> Callable[[str], Origin]:
        """Return what tells where a key stands."""
        names = {"pythonpath": "prepend_sys_path"}
        return lambda key: Origin("ini", self.place.origin(names.get(key, key), root))

    def values(self) -> dict[str, Any]:
        """Return what is set, under this tool's keys; checked against their types."""
        names = {key: key for key in (*_STRINGS, *_BOOLEANS, "revision_environment")}
        names |= {key: key for key in ("truncate_slug_length", "version_locations")}
        names |= {"post_write_hooks": "post_write_hooks", "prepend_sys_path": "pythonpath"}
        values = {
            ours: self._filled(theirs, self.table[theirs])
            for theirs, ours in names.items()
            if self.table.get(theirs) not in (None, "")
        }
        return validate(self.place, values, scope="tool")

    def _filled(self, key: str, value: Any) -> Any:
        """Return a value with %(here)s filled in as Alembic does it."""
        if isinstance(value, list):
            return [self._filled(key, item) for item in value]
        if isinstance(value, dict):
            return {name: self._filled(key, item) for name, item in value.items()}
        if not isinstance(value, str):
            return value
        assert self.place.path is not None
        try:
            return value % {"here": self.place.path.parent.as_posix()}
        except (KeyError, TypeError, ValueError):
            problem = "has a % that begins no name"
            raise self.place.error(key, problem, "in [tool.alembic] a % is written %%") from None
