"""A project's configuration: which bases a command works on, and each of them resolved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_migrate.config.base import BaseConfig, Origin, anchored, is_packaged
from alembic_migrate.config.checks import (
    Tables,
    check_selected,
    unknown_after,
)
from alembic_migrate.config.keys import BY_NAME
from alembic_migrate.config.problems import Place, shown
from alembic_migrate.config.resolve import Frame, Layer, expanded, resolve
from alembic_migrate.config.select import (
    Asked,
    Known,
    Mode,
    asked_for,
    may_be_module,
    pick,
    unknown,
    which,
)
from alembic_migrate.config.typed import Overrides, parse_settings
from alembic_migrate.config.validation import validate
from alembic_migrate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alembic_migrate.results import ConfigRow

UNNAMED = "default"  # the base of a project without a bases table


@dataclass(eq=False)
class Configuration:
    """A project's configuration; a base is only resolved when it is asked for.

    Attributes:
        root: the project's root, absolute.
        file: the file with the table, or None.
        named: it has a ``bases`` table.
        names: the bases in the file's order; ``("default",)`` where there is no ``bases`` table.
        default: the tool table's ``base``, or None.
    """

    root: Path
    file: Path | None
    named: bool
    names: tuple[str, ...]
    default: str | None
    _tables: Tables = field(repr=False)
    _frame: Frame = field(repr=False)
    _environ: Mapping[str, str] = field(repr=False)
    _cwd: Path = field(repr=False)
    _overrides: Overrides = field(repr=False)
    _bases: dict[str, BaseConfig] = field(default_factory=dict, repr=False)
    _askers: dict[str, Origin] = field(default_factory=dict, repr=False)

    @property
    def pythonpath(self) -> tuple[Path, ...]:
        """The folders that the tool table puts on ``sys.path``; by default the root.

        Raises:
            ConfigError: the value has the wrong type, or a variable in it is not set.
        """
        key = BY_NAME["pythonpath"]
        if key.name not in self._tables.tool:
            return (self.root,)
        values = self._validated_tool()
        paths = expanded(
            self._frame.variables, key, values[key.name], self._tables.place, name=None
        )
        return tuple(Path(anchored(path, self.root)) for path in paths)

    def choose(
        self, words: Sequence[str] = (), *, all_bases: bool = False, mode: Mode = "read"
    ) -> tuple[str, ...]:
        """Return the names of the bases that are meant, without resolving them.

        Args:
            words: what ``--base`` says.
            all_bases: ``--all``.
            mode: what happens where nothing says which of several: ``read`` and ``status`` take
                all, ``init`` those without a folder, ``write`` asks.

        Raises:
            UsageError, ConfigError: a word means no base, ``--all`` stands with ``--base``, or
                nothing says which base to write.
        """
        if all_bases and words:
            raise UsageError("--all and --base exclude each other", hint="leave one of them out")
        known = self._known()
        asked = None if all_bases else asked_for(words, self._environ, self._asked_by_file(), mode)
        if asked is not None:
            names = pick(asked, known)
            self._askers |= {name: asked.origin for name in names if name not in self.names}
            return names
        if all_bases or len(self.names) == 1:
            return self.names
        if mode == "write":
            raise which(known)
        if mode == "init":
            return tuple(name for name in self.names if self._lacks_folder(name))
        return self.names

    def select(
        self, words: Sequence[str] = (), all_bases: bool = False, mode: Mode = "read"
    ) -> tuple[BaseConfig, ...]:
        """Return the bases that are meant, in the file's order.

        Args:
            words: as for ``choose``.
            all_bases: as for ``choose``.
            mode: as for ``choose``.

        Raises:
            UsageError, ConfigError: as ``choose`` and ``base``; or what was typed is for one base
                and several are meant; or two of them share a folder or a version table.
        """
        names = self.choose(words, all_bases=all_bases, mode=mode)
        self._refuse_shared_overrides(names)
        bases = tuple(self.base(name) for name in names)
        check_selected(bases, {name: self._tables.place_of(name) for name in self.names})
        return bases

    def in_order(self, bases: Iterable[BaseConfig]) -> tuple[BaseConfig, ...]:
        """Return bases so that each stands behind those in its ``after``, else in file order."""
        given = {base.name: base for base in bases}
        ordered: dict[str, None] = {}

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in ordered or name in path:
                return
            after = given[name]["after"] if name in given else self._written_after(name)
            for other in sorted(after, key=self._position):
                visit(other, (*path, name))
            ordered[name] = None

        for name in sorted({*self.names, *given}, key=self._position):
            visit(name, ())
        return tuple(given[name] for name in ordered if name in given)

    def base(self, name: str) -> BaseConfig:
        """Return one base: variables expanded, types checked, paths absolute.

        Args:
            name: a base's name, or a module's dotted path.

        Raises:
            UsageError: there is no such base.
            ConfigError: a key is unknown or has the wrong type.
        """
        if name not in self._bases:
            self._bases[name] = self._resolve(name)
        return self._bases[name]

    def rows(self, names: Sequence[str]) -> tuple[ConfigRow, ...]:
        """Return every key of bases with value and origin, secrets masked.

        A variable that is not set is a row with an error.

        Raises:
            ConfigError: a key is unknown or has the wrong type.
        """
        from alembic_migrate.config.rows import rows_of  # noqa: PLC0415 - for one command

        return tuple(row for name in names for row in rows_of(self.base(name)))

    def with_directory(self, directory: str) -> Configuration:
        """Return the same configuration with a folder typed on the command line."""
        overrides = replace(self._overrides, directory=directory)
        return replace(self, _overrides=overrides, _bases={}, _askers={})

    def version_tables(self) -> set[str]:
        """Return the version tables of all bases as they are written; no variable is read."""
        default = str(BY_NAME["version_table"].default)
        written = {name: self._tables.get(name, "version_table") for name in self.names}
        return {str(table or default).replace("{name}", name) for name, table in written.items()}

    def check_default(self) -> None:
        """Check that the file's ``base`` means something.

        Raises:
            ConfigError: it does not.
        """
        if asked := self._asked_by_file():
            pick(asked, self._known())

    # --- inside ----------------------------------------------------------------------------

    def _known(self) -> Known:
        modules = {
            name: str(self._tables.get(name, "module") or BY_NAME["module"].default)
            for name in self.names
        }
        return Known(self.names, modules, self.named)

    def _asked_by_file(self) -> Asked | None:
        if self.default is None or self.file is None:
            return None
        line = self._tables.place.line("base")
        text = f"base in {shown(self.file, self.root)}" + (f":{line}" if line else "")
        return Asked((self.default,), Origin("file", text))

    def _position(self, name: str) -> tuple[int, str]:
        known = name in self.names
        return (self.names.index(name), name) if known else (len(self.names), name)

    def _written_after(self, name: str) -> list[str]:
        value = self._tables.get(name, "after")
        return value if isinstance(value, list) else []

    def _lacks_folder(self, name: str) -> bool:
        base = self.base(name)
        if is_packaged(base["directory"]):
            return False
        try:
            return not base.directory.is_dir() or not any(base.directory.iterdir())
        except OSError:  # there is something that may not be looked into
            return False

    def _refuse_shared_overrides(self, names: Sequence[str]) -> None:
        if len(names) < 2:  # noqa: PLR2004 - several begin with two
            return
        typed = {text.partition("=")[0].strip() for text in self._overrides.settings}
        flags = {
            "--directory": self._overrides.directory is not None,
            "--url": self._overrides.url is not None,
            "--set directory": "directory" in typed,
            "--set url": "url" in typed,
        }
        for flag in (flag for flag, given in flags.items() if given):
            raise UsageError(
                f"{flag} is for one base, and {len(names)} are meant: {', '.join(names)}",
                hint=f"--base {names[0]}",
            )

    def _validated_tool(self) -> Mapping[str, Any]:
        return validate(self._tables.place, self._tables.tool, scope="tool")

    def _resolve(self, name: str) -> BaseConfig:
        if name not in self.names and not may_be_module(name, named=self.named):
            raise unknown(name, Asked((name,), Origin("flag", "--base")), self._known())
        named = self.named and name in self.names
        typed = self._typed_layers()
        if name not in self.names:
            origin = self._askers.get(name, Origin("flag", "--base"))
            # The module that is named brings its models; those of the tool table are another's.
            named_module = {"module": name, "metadata": ()}
            typed.append(Layer(named_module, lambda _key: origin, self.root))
        tool = self._file_layer(self._tables.place, self._validated_tool())
        layers = [*typed, tool]
        if named:
            place = self._tables.place_of(name)
            values = validate(place, self._tables.bases[name], scope="base")
            layers.insert(-1, self._file_layer(place, values))
        folder = f"migrations/{name}" if named else "migrations"
        base = resolve(self._frame, name, named=named, layers=layers, directory=folder)
        for other in base["after"]:
            if other not in self.names:
                raise unknown_after(Place(), other, self.names)
        return base

    def _file_layer(self, place: Place, values: Mapping[str, Any]) -> Layer:
        def origin(key: str) -> Origin:
            return Origin("file", place.origin(key, self.root))

        return Layer(values, origin, self.root, place)

    def _typed_layers(self) -> list[Layer]:
        flags = {"directory": self._overrides.directory, "url": self._overrides.url}
        given = {key: value for key, value in flags.items() if value is not None}
        for key, value in given.items():
            if not value.strip():  # an empty shell variable must not mean another database
                raise UsageError(f"--{key} is empty", hint="give it a value or leave it out")
        return [
            Layer(given, lambda key: Origin("flag", f"--{key}"), self._cwd),
            Layer(
                parse_settings(self._overrides.settings),
                lambda key: Origin("flag", f"--set {key}"),
                self._cwd,
            ),
        ]
