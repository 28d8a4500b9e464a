"""The way in: ``load()`` finds and reads the file, and a ``Configuration`` gives the bases."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from alembic_migrate.config import files
from alembic_migrate.config.checks import Tables, check_tables, tables
from alembic_migrate.config.configuration import UNNAMED, Configuration
from alembic_migrate.config.keys import TABLE
from alembic_migrate.config.problems import Place, dotted
from alembic_migrate.config.resolve import Frame
from alembic_migrate.config.typed import Overrides
from alembic_migrate.config.variables import Variables
from alembic_migrate.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Configuration", "Overrides", "load"]

_NOTHING_TYPED = Overrides()


def load(
    start: Path | None = None,
    file: Path | None = None,
    overrides: Overrides = _NOTHING_TYPED,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Configuration:
    """Find and read the configuration; no base is resolved and no variable read.

    Args:
        start: where the search begins (``--project``), relative to ``cwd``; by default ``cwd``.
        file: the TOML file (``--config``), relative to ``cwd``.
        overrides: what was typed.
        environ: the environment; by default this process's.
        cwd: the working directory; by default this process's.

    Raises:
        ConfigError: the file cannot be read, or its bases cannot be.
    """
    cwd = Path(os.path.abspath(cwd or _working_directory()))  # noqa: PTH100 - links stay links
    environ = os.environ if environ is None else environ
    root, document = _found(cwd, start, file)
    them = _tables(root, document)
    default = them.tool.get("base")
    configuration = Configuration(
        root,
        document.path if document is not None else None,
        named=bool(them.bases),
        names=tuple(them.bases) or (UNNAMED,),
        default=default.strip() if default else None,
        _tables=them,
        _frame=_frame(root, document, them, environ),
        _environ=environ,
        _cwd=cwd,
        _overrides=overrides,
    )
    configuration.check_default()
    return configuration


def _tables(root: Path, document: files.Document | None) -> Tables:
    place, table = Place(root / files.FILE_NAME), {}
    if document is not None:
        place, table = Place(document.path, document.text), document.table
    them = tables(place, table)
    check_tables(them, root)
    return them


def _frame(
    root: Path, document: files.Document | None, them: Tables, environ: Mapping[str, str]
) -> Frame:
    env_file = them.tool.get("env_file")
    variables = Variables(environ, root, root / env_file if isinstance(env_file, str) else None)
    file = document.path if document is not None else None
    return Frame(root, file, _pyproject(root, document), variables)


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError(
            "the working directory does not exist any more", hint="cd to one that does"
        ) from None


def _found(cwd: Path, start: Path | None, file: Path | None) -> tuple[Path, files.Document | None]:
    """Return the root and the document with the table."""
    if file is not None:
        path = Path(anchored_path(file, cwd))
        named = files.read(path)
        if named.table is None:
            raise ConfigError(
                f"{path} has no [{dotted(TABLE)}] table", hint=f"add one:\n[{dotted(TABLE)}]"
            )
        return path.parent, named
    folder = Path(anchored_path(start, cwd)) if start else cwd
    if not folder.is_dir():
        found = "is a file, not a folder" if folder.exists() else "does not exist"
        raise UsageError(f"--project: {folder} {found}", hint="-C FOLDER or --config FILE")
    document = files.find(folder)
    return (document.path.parent if document is not None else folder), document


def anchored_path(path: Path, anchor: Path) -> str:
    """Return a path made absolute at a folder, without following symbolic links."""
    return os.path.normpath(anchor / path)


def _pyproject(root: Path, document: files.Document | None) -> files.Document | None:
    path = root / files.FILE_NAME
    if document is not None and document.path == path:
        return document
    return files.read(path) if path.is_file() else None
