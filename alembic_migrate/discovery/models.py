"""The models of a base: a base module with ``get_base()``, a ``metadata`` key, or modules alone."""

from __future__ import annotations

import pkgutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_migrate.discovery.modules import describe, import_user_module, load_object
from alembic_migrate.errors import DiscoveryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import ModuleType

    from sqlalchemy import MetaData
    from sqlalchemy.engine import URL


@dataclass(frozen=True)
class Models:
    """What a base module gives.

    Attributes:
        metadata: the MetaData of the base; one entry unless a list was configured.
        url: what ``get_base()`` returned as ``sqlalchemy_url``, or None.
        packages: folders whose files may declare the base's tables, imported or not.
    """

    metadata: tuple[MetaData, ...]
    url: str | URL | None = None
    packages: tuple[Path, ...] = ()

    @property
    def target_metadata(self) -> MetaData | list[MetaData]:
        """Return the MetaData as Alembic takes it: a single one unwrapped."""
        return self.metadata[0] if len(self.metadata) == 1 else list(self.metadata)

    @property
    def tables(self) -> set[str]:
        """Return the keys of all tables, with their schema in front where they have one."""
        return {key for metadata in self.metadata for key in metadata.tables}


def load_models(
    *,
    module: str | None,
    metadata: Sequence[str],
    models: Sequence[str],
    asked_by: str,
    sweep: bool = True,
) -> Models:
    """Import a base's models and return its MetaData.

    Args:
        module: the base module with ``get_base()``; None where ``models`` alone say.
        metadata: ``"package.module:name"`` of declarative bases, MetaData, lists of them.
        models: further modules to import; ``package.*`` is every module below the package.
        asked_by: what named the module, for messages.
        sweep: import every module beside the base module, where it has no ``import_models()``.

    Raises:
        DiscoveryError: something is not there, fails, or is not what it should be.
    """
    if metadata:
        found = [m for path in metadata for m in as_metadata(load_object(path, "metadata"), path)]
        _import_all(models)
        return Models(_unique(found), packages=_packages([*metadata, *models]))
    if module is None:
        found = [m for loaded in _import_all(models) for m in _metadata_in(loaded)]
        return Models(_unique(found), packages=_packages(models))
    loaded = import_user_module(module, asked_by)
    base, url = _call_get_base(loaded, asked_by)
    _import_beside(loaded, sweep=sweep)
    _import_all(models)
    package = (Path(loaded.__file__).parent,) if loaded.__file__ and "." in module else ()
    return Models(_unique(as_metadata(base, f"get_base() of {module}")), url, package)


def _packages(names: Iterable[str]) -> tuple[Path, ...]:
    """Return the folders of the outermost packages that these modules are in."""
    tops = dict.fromkeys(name.partition(":")[0].partition(".")[0] for name in names)
    paths = (getattr(sys.modules.get(top), "__path__", ()) for top in tops)
    return tuple(Path(folder) for path in paths for folder in path)


def _call_get_base(module: ModuleType, asked_by: str) -> tuple[Any, str | URL | None]:
    from sqlalchemy.engine import URL  # noqa: PLC0415 - not for what needs no models

    get_base = getattr(module, "get_base", None)
    name, file = module.__name__, module.__file__
    example = "def get_base():\n    return {'base': Base, 'sqlalchemy_url': 'sqlite:///demo.db'}"
    if not callable(get_base):
        kind = type(get_base).__name__
        lacks = "has no get_base()" if get_base is None else f"has a {kind} as get_base()"
        raise DiscoveryError(
            f"{file}: the module {name} (asked for by {asked_by}) {lacks}",
            hint=f"add it, or set metadata in pyproject.toml:\n{example}",
        )
    try:
        given = get_base()
    except (Exception, SystemExit) as error:
        raise DiscoveryError(
            f"get_base() of {name} failed: {describe(error)}",
            hint="--raiseerr shows the whole traceback",
        ) from error
    if not isinstance(given, dict) or "base" not in given:
        found = f"a {type(given).__name__}"
        if isinstance(given, dict):
            found = f"a dict without 'base' (keys: {', '.join(map(str, given)) or 'none'})"
        raise DiscoveryError(
            f"{file}: get_base() returned {found}; it has to return a dict with 'base' and, where "
            "no url is configured, 'sqlalchemy_url'",
            hint=example,
        )
    url = given.get("sqlalchemy_url")
    if url is not None and not isinstance(url, str | URL):
        raise DiscoveryError(
            f"{file}: get_base() returned a {type(url).__name__} as 'sqlalchemy_url'; it has to be "
            "a string or a SQLAlchemy URL",
            hint=example,
        )
    return given["base"], url


def as_metadata(value: Any, where: str) -> list[MetaData]:
    """Return the MetaData of a declarative base, a MetaData, or a list of them.

    Raises:
        DiscoveryError: it is something else.
    """
    from sqlalchemy import MetaData  # noqa: PLC0415 - not for what needs no models

    if isinstance(value, list | tuple | set | frozenset):
        return [m for item in value for m in as_metadata(item, where)]
    if isinstance(value, dict):
        return [m for item in value.values() for m in as_metadata(item, where)]
    found = value if isinstance(value, MetaData) else getattr(value, "metadata", None)
    if not isinstance(found, MetaData):
        raise DiscoveryError(
            f"{where} is a {type(value).__name__}, not a declarative base or a MetaData",
            hint='name one of them: metadata = "package.module:Base"',
        )
    return [found]


def _unique(found: Iterable[MetaData]) -> tuple[MetaData, ...]:
    return tuple({id(metadata): metadata for metadata in found}.values())


def _metadata_in(module: ModuleType) -> Iterator[MetaData]:
    from sqlalchemy import MetaData  # noqa: PLC0415 - not for what needs no models

    for value in vars(module).values():
        metadata = value if isinstance(value, MetaData) else None
        if isinstance(value, type):
            metadata = vars(value).get("metadata") or getattr(value, "metadata", None)
        if isinstance(metadata, MetaData):
            yield metadata


def _import_beside(module: ModuleType, *, sweep: bool) -> None:
    """Call the module's ``import_models()``; without one import every module beside it."""
    own = getattr(module, "import_models", None)
    if own is not None:
        try:
            own()
        except (Exception, SystemExit) as error:
            raise DiscoveryError(
                f"import_models() of {module.__name__} failed: {describe(error)}",
                hint="--raiseerr shows the whole traceback",
            ) from error
        return
    package, _, name = module.__name__.rpartition(".")
    if not sweep or not package or not module.__file__:
        return
    for found in pkgutil.iter_modules([str(Path(module.__file__).parent)]):
        if not found.ispkg and found.name not in {name, "__main__"}:
            import_user_module(f"{package}.{found.name}", f"the folder of {module.__name__}")


def _import_all(models: Sequence[str]) -> list[ModuleType]:
    loaded = []
    for pattern in models:
        package_name = pattern.removesuffix(".*")
        module = import_user_module(package_name, f"models = {pattern!r}")
        loaded.append(module)
        if package_name == pattern:
            continue
        below = pkgutil.walk_packages(getattr(module, "__path__", []), f"{package_name}.")
        loaded.extend(
            import_user_module(found.name, f"models = {pattern!r}")
            for found in below
            if not found.name.endswith(".__main__")
        )
    return loaded
