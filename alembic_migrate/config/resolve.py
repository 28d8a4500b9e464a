"""From layers to one base: who sets a key, variables, ``{name}``, and paths made absolute."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alembic_migrate.config.base import (
    DEFAULT,
    BaseConfig,
    Origin,
    Setting,
    anchored,
    anchored_url,
)
from alembic_migrate.config.inifile import AlembicFiles, alembic_files
from alembic_migrate.config.keys import BY_NAME, KEYS, PER_BASE, URLS
from alembic_migrate.config.tenants import tenancy
from alembic_migrate.config.variables import Unresolved, Variables
from alembic_migrate.errors import AlembicMigrateError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from alembic_migrate.config.files import Document
    from alembic_migrate.config.key import Key
    from alembic_migrate.config.problems import Place


@dataclass(frozen=True, slots=True)
class Layer:
    """Some keys that are set in one place.

    Attributes:
        values: key and value as written.
        origin: where a key stands.
        anchor: the folder that relative paths are relative to.
        place: the TOML table, whose variables are expanded; None where values are literal.
    """

    values: Mapping[str, Any] = field(repr=False)
    origin: Callable[[str], Origin]
    anchor: Path
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What the bases of a project have in common.

    Attributes:
        root: the project's root, absolute.
        file: the TOML file with the table, or None.
        pyproject: the root's pyproject.toml, for ``[tool.alembic]``; or None.
        variables: what ``${...}`` stands for.
    """

    root: Path
    file: Path | None
    pyproject: Document | None
    variables: Variables


def resolve(
    frame: Frame, name: str, *, named: bool, layers: Sequence[Layer], directory: str
) -> BaseConfig:
    """Return one base.

    Args:
        frame: the project.
        name: the base's name, which ``{name}`` becomes.
        named: it stands in a ``bases`` table.
        layers: flags and tables, the one that wins first.
        directory: the folder where no layer names one, relative to the root.

    Raises:
        ConfigError: one of Alembic's own files is faulty. A variable that cannot be resolved is
            an error of its key only.
    """
    settle = _Settling(frame, name)
    settle.key(BY_NAME["directory"], layers, anchored(directory, frame.root))
    found = AlembicFiles()
    if "directory" not in settle.errors:
        folder = settle.settings["directory"].value
        found = alembic_files(frame.root, folder, frame.pyproject)
    below = [*layers, *(Layer(file.values, file.origin, frame.root) for file in found.layers)]
    for key in KEYS:
        if key.scope == "base" and key.name != "directory":
            settle.key(key, below, key.default)
    settle.key(BY_NAME["pythonpath"], below, (str(frame.root),))
    if settle.settings["pythonpath"].origin.kind == "ini":
        settle.add_root_to_pythonpath()
    return BaseConfig(
        name,
        frame.root,
        frame.file,
        found.ini,
        settle.settings,
        named,
        found.elsewhere,
        settle.errors,
    )


class _Settling:
    """The settings of one base on their way, and the errors of those that cannot be."""

    def __init__(self, frame: Frame, name: str) -> None:
        self.settings: dict[str, Setting] = {}
        self.errors: dict[str, AlembicMigrateError] = {}
        self._frame = frame
        self._name = name

    def key(self, key: Key, layers: Sequence[Layer], default: Any) -> None:
        """Settle a key by the first layer that has it."""
        for layer in layers:
            if key.name not in layer.values:
                continue
            try:
                value = _value(self._frame.variables, key, layer, self._name)
            except AlembicMigrateError as error:
                self.errors[key.name], value = error, None
            if value == "" and key.name == "url":
                continue  # ${DATABASE_URL:-} leaves the URL to the next layer
            self.settings[key.name] = Setting(value, layer.origin(key.name))
            return
        self.settings[key.name] = Setting(default, DEFAULT)

    def add_root_to_pythonpath(self) -> None:
        """Add the root, which is always there: prepend_sys_path only adds to it."""
        own = self.settings["pythonpath"]
        paths = dict.fromkeys((*own.value, str(self._frame.root)))
        self.settings["pythonpath"] = Setting(tuple(paths), own.origin)


def _value(variables: Variables, key: Key, layer: Layer, name: str) -> Any:
    value = layer.values[key.name]
    if layer.place is not None:
        value = expanded(variables, key, value, layer.place, name)
    if key.name in URLS:
        return anchored_url(value, layer.anchor)
    if key.name == "tenants":
        return tenancy({word: _at(word, item, layer.anchor) for word, item in value.items()})
    if key.type == "path":
        return anchored(value, layer.anchor)
    if key.type == "paths":
        return tuple(anchored(item, layer.anchor) for item in value)
    return tuple(value) if isinstance(value, list) else value


def _at(word: str, item: Any, anchor: Path) -> Any:
    return anchored_url(item, anchor) if word in URLS else item


def expanded(variables: Variables, key: Key, value: Any, place: Place, name: str | None) -> Any:
    """Return a value from a TOML table with its variables replaced.

    Raises:
        ConfigError: a variable cannot be resolved, or nothing is left where something must be.
    """
    own_name = name if key.name in PER_BASE else None

    def expand(item: Any, word: str) -> Any:
        if isinstance(item, str):
            if word in URLS:
                return variables.expand_url(item, own_name)
            return variables.expand(item, own_name)
        if isinstance(item, list):
            return [expand(each, word) for each in item]
        if isinstance(item, dict):
            return {inner: expand(each, inner) for inner, each in item.items()}
        return item

    try:
        result = expand(value, key.name)
    except Unresolved as problem:
        raise place.error(key.name, problem.problem, problem.hint) from None
    if result == "" and isinstance(result, str) and not key.blank:
        raise place.error(key.name, "is empty once its variables are replaced")
    return result
