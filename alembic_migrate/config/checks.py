"""What must hold between the bases of a project, before and after they are resolved."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_migrate.config.base import BaseConfig, anchored
from alembic_migrate.config.keys import BY_NAME, PER_BASE, TABLE
from alembic_migrate.config.problems import (
    Place,
    dotted,
    found,
    known_and_nearest,
    nearest,
    shown,
    wrong_value,
)
from alembic_migrate.errors import AlembicMigrateError, ConfigError
from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NAME = pattern(r"[A-Za-z0-9_-]+")
_NAME_FIELD = pattern(r"(?<!\$)\{name\}")  # ${name} is a variable
_MEMORY = pattern(r"sqlite(\+\w+)?:/*(:memory:)?(\?.*)?")
_URL = pattern(
    r"(?P<dialect>[^:+/]+)(?:\+[^:/]+)?://(?:(?P<user>[^:/@]*)(?::[^@]*)?@)?(?P<rest>.*)"
)


@dataclass(frozen=True, slots=True)
class Tables:
    """The TOML tables of a project, not yet validated.

    Attributes:
        tool: the tool table without ``bases``.
        place: where it stands; None without a file.
        bases: each named base's table; empty where there is no ``bases`` table.
    """

    tool: Mapping[str, Any] = field(repr=False)
    place: Place
    bases: Mapping[str, Mapping[str, Any]] = field(repr=False)

    def place_of(self, name: str) -> Place:
        """Return where a base's table stands: the tool table itself where there are none."""
        if name not in self.bases:
            return self.place
        return Place(self.place.path, self.place.text, (*TABLE, "bases", name))

    def get(self, name: str, key: str) -> Any:
        """Return what a base's table or the tool table says, as written; None where neither."""
        table = self.bases.get(name, {})
        return table[key] if key in table else self.tool.get(key)

    def place_with(self, name: str, key: str) -> Place:
        """Return the table that sets a key for a base."""
        return self.place_of(name) if key in self.bases.get(name, {}) else self.place


def tables(place: Place, table: Any) -> Tables:
    """Return the tables of a file whose shape is right and whose bases' names can be.

    Raises:
        ConfigError: something is not a table, or a name is none.
    """
    if not isinstance(table, dict):
        outer = Place(place.path, place.text, TABLE[:1])
        raise outer.error(TABLE[1], f"must be a table, but is {found(table)}", f"[{dotted(TABLE)}]")
    tool = {key: value for key, value in table.items() if key != "bases"}
    if "bases" not in table:
        return Tables(tool, place, {})
    bases = table["bases"]
    example = f"[{dotted((*TABLE, 'bases', 'app'))}]"
    if not isinstance(bases, dict):
        problem = f"must be a table of tables, one a base, but is {found(bases)}"
        raise place.error("bases", problem, example)
    if not bases:
        raise place.error("bases", "has no base in it", example)
    inner = Place(place.path, place.text, (*TABLE, "bases"))
    for name, base in bases.items():
        if not _NAME.fullmatch(name):
            raise inner.error(name, "is no name for a base", _name_hint(name))
        if not isinstance(base, dict):
            problem = f"must be a table, but is {found(base, secret=True)}"
            raise inner.error(name, problem, f"[{dotted((*TABLE, 'bases', name))}]")
    return Tables(tool, place, bases)


def _name_hint(name: str) -> str:
    proposal = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "app"
    return (
        "a name is made of the letters A to Z and a to z, digits, - and _\n"
        f"[{dotted((*TABLE, 'bases', proposal))}]"
    )


def check_tables(them: Tables, root: Path) -> None:
    """Check what the tables say about each other, without reading a variable.

    Raises:
        ConfigError: see faults in ``base``, ``after``, ``{name}`` and shared folders.
    """
    base = them.tool.get("base")
    if base is not None and (not isinstance(base, str) or not base.strip()):
        raise wrong_value(them.place, BY_NAME["base"], base)
    for name in them.bases or ("default",):
        _check_after(them, name)
    _check_circles(them)
    if len(them.bases) > 1:
        _check_per_base(them)
        _check_folders(them, root)


def _after(them: Tables, name: str) -> list[str]:
    value = them.get(name, "after")
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []


def _check_after(them: Tables, name: str) -> None:
    for other in _after(them, name):
        if other not in them.bases:
            raise unknown_after(them.place_with(name, "after"), other, tuple(them.bases))


def unknown_after(place: Place, other: str, names: Sequence[str]) -> AlembicMigrateError:
    """Return the error for an ``after`` that names a base that is not there."""
    problem = f'names an unknown base, "{other}"'
    if not names:
        return place.error("after", problem, "there is no bases table: leave after out")
    near = nearest(other, names) or names[0]
    hint = f'{known_and_nearest(other, names)}\nafter = ["{near}"]'
    return place.error("after", problem, hint)


def _check_circles(them: Tables) -> None:
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " -> ".join((*path[path.index(name) :], name))
            place = them.place_with(path[-1], "after")
            hint = "take one of these out of its after"
            raise place.error("after", f"is a circle: {circle}", hint)
        if name in done:
            return
        for other in _after(them, name):
            walk(other, (*path, name))
        done.add(name)

    for name in them.bases:
        walk(name, ())


def _check_per_base(them: Tables) -> None:
    for key in PER_BASE:
        value = them.tool.get(key)
        if isinstance(value, str) and not _NAME_FIELD.search(value):
            examples = {
                "directory": "migrations/{name}",
                "url": "sqlite:///{name}.db",
                "version_table": "alembic_version_{name}",
            }
            raise them.place.error(
                key,
                f"is the same for {len(them.bases)} bases: it needs {{name}} in it",
                f'or set it in each base\'s own table\n{key} = "{examples[key]}"',
            )


def _check_folders(them: Tables, root: Path) -> None:
    owners: dict[str, str] = {}
    for name in them.bases:
        folder = plain_directory(them, name, root)
        if folder is None:
            continue
        real = os.path.realpath(folder)
        if real in owners:
            raise shared_folder(them.place_of(name), owners[real], name, folder, root)
        owners[real] = name


def plain_directory(them: Tables, name: str, root: Path) -> str | None:
    """Return a base's folder, absolute; None where it has variables or is no string."""
    value = them.get(name, "directory")
    if value is None:
        value = f"migrations/{name}" if name in them.bases else "migrations"
    if not isinstance(value, str) or not value or "$" in value:
        return None
    return anchored(value.replace("{name}", name), root)


def shared_folder(
    place: Place, first: str, second: str, folder: str, root: Path
) -> AlembicMigrateError:
    """Return the error for two bases that share one folder."""
    at = Path(folder)
    problem = f'is the folder of two bases, "{first}" and "{second}": {shown(at, root)}'
    return place.error("directory", problem, f'directory = "migrations/{second}"')


def check_selected(bases: Iterable[BaseConfig], place_of: Mapping[str, Place]) -> None:
    """Check that no two bases share a folder, or a database and a version table.

    Raises:
        ConfigError: two do.
    """
    folders: dict[str, BaseConfig] = {}
    versions: dict[tuple[Any, ...], BaseConfig] = {}
    for base in bases:
        if "directory" not in base.errors:
            other = folders.setdefault(os.path.realpath(base["directory"]), base)
            if other is not base:
                place = place_of.get(base.name, Place(base.file or base.root))
                raise shared_folder(place, other.name, base.name, base["directory"], base.root)
        identity = _version_identity(base)
        if identity is None:
            continue
        other = versions.setdefault(identity, base)
        if other is not base:
            raise ConfigError(
                f'bases "{other.name}" and "{base.name}" have the same database and the same '
                f'version table, "{base["version_table"]}" ({base.origin("url").text})',
                hint=f"give one of them a table of its own, below "
                f"[{dotted((*TABLE, 'bases', base.name))}]:\n"
                f'version_table = "alembic_version_{base.name}"',
            )


def _version_identity(base: BaseConfig) -> tuple[Any, ...] | None:
    """Return what tells database and version table apart, as far as the text of the URL does.

    Password and driver do not; a user may, by the search path.
    """
    if {"url", "version_table", "version_table_schema"} & set(base.errors):
        return None
    if base.url is None or _MEMORY.fullmatch(base.url):
        return None
    match = _URL.fullmatch(base.url)
    database = match.groups() if match else (base.url,)
    return (*database, base["version_table"], base["version_table_schema"])
