"""The user's own modules and objects, imported with errors that name the user's file and line."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import sysconfig
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_migrate.errors import DiscoveryError
from alembic_migrate.garbage import libraries
from alembic_migrate.masking import mask as mask_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

_OUR_LIBRARIES = ("sqlalchemy", "mako", "alembic", "click", "pydantic", "tomli", "tomlkit", "rich")


def shadows(folders: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Yield the modules of these folders that hide a standard module or one of our libraries."""
    names = (*_OUR_LIBRARIES, *sorted(sys.stdlib_module_names))
    for folder in folders:
        try:
            present = {entry.name for entry in folder.iterdir()}
        except OSError:
            continue
        for name in names:
            if f"{name}.py" in present:
                yield name, folder / f"{name}.py"
            elif name in present and (folder / name / "__init__.py").is_file():
                yield name, folder / name / "__init__.py"


def extend_path(folders: Sequence[Path]) -> tuple[Path, ...]:
    """Put folders on ``sys.path`` and return the files in them that hide somebody else's module.

    What would be hidden is imported first, with everything that may need it.
    """
    hidden = tuple(shadows([folder for folder in folders if str(folder) not in sys.path]))
    if hidden:
        for name in (*(name for name, _ in hidden), *_OUR_LIBRARIES):
            try:
                importlib.import_module(name)
            except ImportError:
                continue
    for folder in reversed(folders):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    return tuple(file for _, file in hidden)


def module_exists(name: str) -> bool:
    """Tell whether there is a module of this name; packages above it are imported, it is not."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError as error:
        # Either a package above it is missing, or what such a package imports.
        return error.name is None or not name.startswith(f"{error.name}.")
    except (Exception, SystemExit):  # noqa: BLE001 - told when it is really imported
        return True


def import_user_module(name: str, asked_by: str) -> ModuleType:
    """Import a module of the user's.

    Args:
        name: its dotted name.
        asked_by: the key or flag that names it, for messages.

    Raises:
        DiscoveryError: there is no such module, or it fails while it is imported.
    """
    libraries.are_imported()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise DiscoveryError(
                f"there is no module {name} (asked for by {asked_by}); looked in: "
                f"{', '.join(_searched())}",
                hint=f"make {name.replace('.', '/')}.py, or {_rename(asked_by)}",
                data={"module": name},
            ) from None
        raise _failed(f"module {name} (asked for by {asked_by})", error) from error
    except (Exception, SystemExit) as error:
        raise _failed(f"module {name} (asked for by {asked_by})", error) from error


def _rename(asked_by: str) -> str:
    """Return how to name another module where this one was asked for."""
    key, equals, _ = asked_by.partition(" = ")
    return f"correct {key}" if equals else 'name another module: module = "package.module"'


def _searched() -> list[str]:
    """Return the folders of ``sys.path`` that may hold the user's own modules."""
    python = {sysconfig.get_path(each) for each in ("scripts", "stdlib", "purelib", "platlib")}
    places = (
        entry or str(Path.cwd())
        for entry in sys.path
        if not entry.endswith(".zip") and not {entry, str(Path(entry).parent)} & python
    )
    return list(dict.fromkeys(places))


def _failed(what: str, error: BaseException) -> DiscoveryError:
    return DiscoveryError(
        f"{what} failed while importing: {describe(error)}",
        hint="--raiseerr shows the whole traceback",
    )


def describe(error: BaseException) -> str:
    """Return an exception of the user's code as ``file:line: Type: message``, secrets masked."""
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SystemExit):
        said = f"it called sys.exit({error.code!r})"
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}"
    place = user_frame(error)
    text = mask_text(said.splitlines()[0])
    return f"{place[0]}:{place[1]}: {text}" if place else text


def user_frame(error: BaseException) -> tuple[str, int] | None:
    """Return the file and line of the user's code nearest to where an exception arose."""
    ours = str(Path(__file__).parent.parent)
    library = str(Path(traceback.__file__).parent)
    # "<": what SQLAlchemy, dataclasses and others make as text has no file.
    others = ("site-packages", "dist-packages", "<", library)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(ours) and not any(
            part in frame.filename for part in others
        ):
            return frame.filename, frame.lineno or 0
    return None


def load_object(path: str, key: str) -> Any:
    """Return what ``"package.module:name.name"`` names; a name may be a key of a dict.

    Raises:
        DiscoveryError: the text has no colon, the module is not there or fails, or lacks the name.
    """
    module_name, colon, names = path.partition(":")
    if not colon or not module_name or not names:
        raise DiscoveryError(
            f"{key} = {path!r} names no object", hint=f'write {key} = "package.module:name"'
        )
    found: Any = import_user_module(module_name, f"{key} = {path!r}")
    for name in names.split("."):
        try:
            found = found[name] if isinstance(found, Mapping) else getattr(found, name)
        except (AttributeError, KeyError):
            raise DiscoveryError(
                f"{key} = {path!r}: {module_name} has no {names}",
                hint=f"its names: {', '.join(_public_names(found)) or 'none'}",
            ) from None
    return found


def load_hook(path: str, key: str) -> Callable[..., Any]:
    """Return the callable that ``"package.module:function"`` names.

    Raises:
        DiscoveryError: as for ``load_object``, or the object cannot be called.
    """
    found = load_object(path, key)
    if not callable(found):
        raise DiscoveryError(
            f"{key} = {path!r} has to name a function, and names {_kind(found)}",
            hint=f'write {key} = "package.module:function"',
        )
    return found  # type: ignore[no-any-return]


def _kind(found: object) -> str:
    name = type(found).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def _public_names(found: object) -> list[str]:
    names = found if isinstance(found, Mapping) else getattr(found, "__dict__", ())
    return [str(name) for name in names if not str(name).startswith("_")][:20]


def line_in(error: BaseException, path: str) -> int | None:
    """Return the line of a file where an exception came through last, or None."""
    wanted = Path(path).resolve()
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).resolve() == wanted:
            return frame.lineno
    return None
