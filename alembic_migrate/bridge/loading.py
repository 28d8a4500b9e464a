"""The revision files of a folder as Alembic's scripts; those that can wait are run when needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic.script import Script, ScriptDirectory
from alembic.script.revision import Revision, RevisionError
from alembic.util import CommandError, to_tuple

from alembic_migrate.discovery.modules import describe
from alembic_migrate.errors import HistoryError
from alembic_migrate.garbage import libraries
from alembic_migrate.history.files import listed
from alembic_migrate.history.scanning import scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

    from alembic_migrate.history.headers import Header
    from alembic_migrate.targets import Target


class LateScript(Script):
    """A revision whose file is run when somebody wants more of it than its header says.

    Args:
        directory: whose it is.
        header: what its file says.
    """

    def __init__(self, directory: ScriptDirectory, header: Header) -> None:
        self._directory = directory
        self._module: ModuleType | None = None
        self._longdoc = header.doc
        self.path = header.path
        Revision.__init__(
            self, header.revision, header.down, header.depends_on, branch_labels=header.labels
        )

    @property
    def module(self) -> ModuleType:  # type: ignore[override]
        """The file's module, run now if it was not yet."""
        if self._module is None:
            script = load_file(self._directory, Path(self.path))
            assert script is not None
            self._module = script.module
        return self._module

    @property
    def longdoc(self) -> str:
        """The file's docstring."""
        return self._longdoc


def load_revisions(directory: ScriptDirectory, target: Target) -> Iterator[Script]:
    """Yield the revisions of a folder, as Alembic does.

    Raises:
        HistoryError: a file cannot be loaded, has the id of another, or names a missing revision.
    """
    headers = _inert(directory, target)
    loaded: dict[str, Script] = {}
    for path in _files(directory):
        script = _script(directory, path, headers.get(path))
        if script is None:
            continue
        twin = loaded.get(script.revision)
        if twin is not None:
            raise HistoryError(
                f"{target.prefix}two files have the revision id "
                f"{script.revision}: {twin.path} and {script.path}",
                hint="give one of them another id (revision = ...) and file name",
            )
        loaded[script.revision] = script
    _check_links(directory, loaded)
    yield from loaded.values()


def _inert(directory: ScriptDirectory, target: Target) -> Mapping[str, Header]:
    """Return what the files say that nobody misses before they are used.

    To read a file that is not in the index takes as long as to run it.
    """
    if directory.sourceless or not target.config["history_index"]:
        return {}
    headers, _ = scan(_folders(directory), recursive=directory.recursive_version_locations)
    return {header.path: header for header in headers if header.inert}


def _folders(directory: ScriptDirectory) -> list[str]:
    return [str(folder) for folder in directory._version_locations]  # noqa: SLF001 - as resolved


def _files(directory: ScriptDirectory) -> Iterable[str]:
    """Return the real paths of the files that may be revisions, in Alembic's order."""
    if not directory.sourceless:
        return listed(_folders(directory), recursive=directory.recursive_version_locations)
    return dict.fromkeys(
        str(path.resolve())
        for folder in directory._version_locations  # noqa: SLF001
        if folder.exists()
        for path in Script._list_py_dir(directory, folder)  # noqa: SLF001 - Alembic's own list
    )


def _script(directory: ScriptDirectory, path: str, header: Header | None) -> Script | None:
    if header is not None:
        try:
            return LateScript(directory, header)
        except RevisionError:
            pass  # which is told as of any other file
    return load_file(directory, Path(path))


def load_file(directory: ScriptDirectory, path: Path) -> Script | None:
    """Import a revision file; None where its name is none of a revision's.

    Raises:
        HistoryError: it cannot be loaded, or has no revision or down_revision.
    """
    libraries.are_imported()
    try:
        return Script._from_path(directory, path)  # noqa: SLF001 - there is no public way
    except CommandError:
        raise HistoryError(
            f"{path} has no revision id",
            hint="add revision = '...' to it, or move it out of the versions folder",
        ) from None
    except AttributeError as error:
        if error.name == "down_revision":
            # Alembic takes a missing id from the file's name, where that may be one.
            name = error.name if hasattr(error.obj, "revision") else "revision"
            raise HistoryError(f"{path} has no {name}", hint=f"add {name} = ... to it") from None
        raise _broken(path, error) from error
    except (Exception, SystemExit) as error:
        raise _broken(path, error) from error


def _broken(path: Path, error: BaseException) -> HistoryError:
    return HistoryError(
        f"the revision file {path} cannot be loaded: {describe(error)}",
        hint="correct the file; --raiseerr shows the whole traceback",
        data={"file": str(path)},
    )


def _check_links(directory: ScriptDirectory, loaded: Mapping[str, Script]) -> None:
    names = set(loaded) | {label for script in loaded.values() for label in script.branch_labels}
    for script in loaded.values():
        for link in script._versioned_down_revisions:  # noqa: SLF001 - ids alone count here
            if link not in loaded:
                raise _dangling(directory, script, "down_revision", link)
        for link in to_tuple(script.dependencies, default=()):
            # A dependency may be a label or the beginning of an id.
            if link not in names and not any(name.startswith(link) for name in loaded):
                raise _dangling(directory, script, "depends_on", link)


def _dangling(directory: ScriptDirectory, script: Script, key: str, link: str) -> HistoryError:
    return HistoryError(
        f"{script.path}: {key} names {link!r}, and there is no such revision in "
        f"{', '.join(_folders(directory))}",
        hint="is a file missing (another branch of git, a file that was not added)? "
        f"else correct {key} in that file",
        data={"file": script.path, "revision": link},
    )
