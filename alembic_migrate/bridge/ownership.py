"""Which tables a history may drop: those that it made, and no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from alembic_migrate.history.contents import Made, made_tables, revision_files

if TYPE_CHECKING:
    from pathlib import Path

    from alembic_migrate.discovery.declaring import Declarations
    from alembic_migrate.targets import Target

IncludeObject = Callable[[Any, Any, Any, bool, Any], bool]


class Ownership:
    """Leaves out the DROP of a table that is not this history's, and notes that it did.

    Attributes:
        left_out: tables that no revision of this history ever made.
        undeclared: tables whose model is in a file that was not imported, and that file.
        unmodelled: tables of this history's, where the models have no table at all.
        metadata: what is compared with the database.
        own: the project's own ``include_object``.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.left_out: list[str] = []
        self.undeclared: dict[str, Path] = {}
        self.unmodelled: list[str] = []
        self.metadata: tuple[Any, ...] = ()
        self.own: IncludeObject | None = None
        self._made: set[Made] | None = None
        self._declarations: Declarations | None = None

    def filter(self, own: IncludeObject | None, metadata: Any = None) -> IncludeObject:
        """Return an ``include_object`` that asks the project's own one first.

        Args:
            own: the project's.
            metadata: what is compared with the database; None where nothing is.
        """
        self.own = own
        self._declarations = None
        found = metadata if isinstance(metadata, list | tuple) else [metadata]
        self.metadata = tuple(each for each in found if each is not None)

        def include_object(
            item: Any, name: Any, type_: Any, reflected: bool, compare_to: Any
        ) -> bool:
            if own is not None and not own(item, name, type_, reflected, compare_to):
                return False
            if type_ != "table" or not reflected or compare_to is not None:
                return True
            return self._may_drop(str(name), item.schema)

        return include_object

    def _may_drop(self, name: str, schema: str | None) -> bool:
        shown = f"{schema}.{name}" if schema else name
        if name in self.target.own_tables:
            return False
        if self.target.config["drop_unowned"]:
            return True
        if not any(table.may_be(name, schema) for table in self.made):
            self.left_out.append(shown)
            return False
        file = self._unimported(name)
        if file is not None:
            self.undeclared[shown] = file
            return False
        has_models = any(getattr(each, "tables", None) for each in self.metadata)
        if not has_models:
            # Whoever means it has models left, or says so: nobody drops all tables in passing.
            self.unmodelled.append(shown)
        return has_models

    def knows(self, name: str, schema: str | None) -> bool:
        """Tell whether a table is this base's: a revision makes it, or the models have it."""
        if any(table.may_be(name, schema) for table in self.made):
            return True
        key = f"{schema}.{name}" if schema else name
        return any(key in getattr(each, "tables", ()) for each in self.metadata)

    @property
    def made(self) -> set[Made]:
        """Return the tables that some revision of this history makes."""
        if self._made is None:
            recursive = bool(self.target.config["recursive_version_locations"])
            files = revision_files(self.target.version_locations(), recursive=recursive)
            self._made = made_tables(files)
        return self._made

    def _unimported(self, table: str) -> Path | None:
        """Return a file that declares a table of this base's and was not imported."""
        if self._declarations is None:
            from alembic_migrate.discovery.declaring import (  # noqa: PLC0415 - for a lost table
                Declarations,
                Places,
            )

            models = self.target.own_models()
            places = Places(
                packages=() if models is None else models.packages,
                roots=self.target.pythonpath,
                metadata=self.metadata,
                apart=(self.target.folder, *self.target.version_locations()),
            )
            self._declarations = Declarations(places)
        return self._declarations.file_of(table)
