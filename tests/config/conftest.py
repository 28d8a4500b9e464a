"""A project that is a pyproject.toml and little else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from alembic_migrate.config.base import BaseConfig
from alembic_migrate.config.load import Configuration, Overrides, load
from alembic_migrate.errors import AlembicMigrateError

PYPROJECT = "pyproject.toml"


@dataclass(frozen=True)
class Place:
    """A folder with configuration in it."""

    root: Path

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file of the project."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return file

    def load(
        self,
        toml: str | bytes | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        start: Path | None = None,
        file: Path | None = None,
        **overrides: object,
    ) -> Configuration:
        """Load the configuration, with a pyproject.toml written before where one is given."""
        if toml is not None:
            self.write(PYPROJECT, toml)
        return load(start, file, Overrides(**overrides), environ or {}, cwd or self.root)

    def base(self, toml: str | None = None, name: str = "default", **kwargs) -> BaseConfig:
        """Load the configuration and resolve one base."""
        return self.load(toml, **kwargs).base(name)

    def fault(self, toml: str | bytes | None = None, **kwargs) -> AlembicMigrateError:
        """Load, select and resolve everything, and return the error that comes of it."""
        return caught(lambda: [self.load(toml, **kwargs).select(all_bases=True)])

    def at(self, line: int) -> str:
        """Return how an error names a line of the pyproject.toml."""
        return f"{self.root / PYPROJECT}:{line}:"


def caught(call: Callable[[], object]) -> AlembicMigrateError:
    """Return the error that a call raises."""
    with pytest.raises(AlembicMigrateError) as error:
        call()
    assert error.value.exit_status == 2
    return error.value


@pytest.fixture
def place(tmp_path: Path) -> Place:
    root = tmp_path / "project"
    root.mkdir()
    return Place(root)
