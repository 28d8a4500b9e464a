"""What one run of Alembic works on: a base with its models, URL, folder and version table."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from alembic_migrate.config.configuration import UNNAMED
from alembic_migrate.databases.timeouts import ConnectTimeout
from alembic_migrate.discovery.modules import extend_path, load_hook
from alembic_migrate.events import Event, Report, ignore
from alembic_migrate.targets.addresses import (
    configured_url_of,
    engine_factory_of,
    shown_url_of,
    url_of,
    url_of_base,
)
from alembic_migrate.targets.folders import existing_folder_of, folder_of
from alembic_migrate.targets.kinds import kind_of
from alembic_migrate.targets.modelling import models_of, own_models_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.engine import URL

    from alembic_migrate.config.base import BaseConfig
    from alembic_migrate.databases.connecting import EngineFactory
    from alembic_migrate.databases.sharing import Sharing
    from alembic_migrate.discovery.models import Models
    from alembic_migrate.targets.kinds import EnvironmentKind
    from alembic_migrate.targets.tenants import TenantPlace

T = TypeVar("T")

# What stands behind a version table's name in the name of its journal.
JOURNAL_SUFFIX = "_journal"


@dataclass(eq=False)
class Target:
    """One base, ready to work on. What costs an import or reads a variable waits until it is asked.

    Attributes:
        config: the base's resolved configuration.
        pythonpath: folders for ``sys.path``.
        x_arguments: what ``context.get_x_argument()`` gives to the base's ``env.py``.
        siblings: version tables of the repository's other bases, never reported as unknown tables.
        migrating: the database is changed, so that ``migrate_url`` counts where there is one.
        rehearsing: what is run is rolled back.
        wait: seconds to wait for a database that is still starting.
        lock_wait_typed: seconds to wait for the migration lock, where they were typed.
        tenant: whose database or schema it is, of a base that has tenants; None is the base's own.
        behind: it was seen just now that it is not at head.
        compiled: what is done about revisions whose SQL the tenants of its base share; or None.
        family: what the tenants of its base have in common, loaded once for all of them; or None.
    """

    config: BaseConfig
    pythonpath: tuple[Path, ...] = ()
    x_arguments: tuple[str, ...] = ()
    siblings: frozenset[str] = frozenset()
    migrating: bool = False
    rehearsing: bool = False
    wait: float = 0.0
    lock_wait_typed: float | None = None
    tenant: str | None = None
    behind: bool = False
    compiled: Sharing | None = field(default=None, repr=False)
    family: dict[str, Any] | None = field(default=None, repr=False)
    warnings: list[str] = field(default_factory=list)

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs to know: nothing that was loaded in this one."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**told, "family": None if self.family is None else {}, "warnings": []}

    def shared(self, what: str, load: Callable[[], T]) -> T:
        """Return what is loaded once for all tenants of a base, loading it now if it is not yet.

        Args:
            what: its name.
            load: loads it.
        """
        if self.family is None:
            return load()
        if what not in self.family:
            self.family[what] = load()
        found: T = self.family[what]
        return found

    @property
    def name(self) -> str:
        """Return the base's name."""
        return self.config.name

    @property
    def label(self) -> str:
        """Return what tells it from others: the base's name, or ``base/tenant``."""
        return self.name if self.tenant is None else f"{self.name}/{self.tenant}"

    @property
    def is_named(self) -> bool:
        """Tell whether the base has a name that was given to it, by a table or by its module."""
        return self.config.named or self.name != UNNAMED

    @property
    def flag(self) -> str:
        """Return what a command line needs to mean this base: `` --base NAME``, or nothing."""
        base = f" --base {self.name}" if self.is_named else ""
        return base if self.tenant is None else f"{base} --tenant {shlex.quote(self.tenant)}"

    @property
    def title(self) -> str:
        """Return how a sentence calls this base: by its name, where it has one of its own."""
        base = f"base {self.name}" if self.is_named else "the base"
        return base if self.tenant is None else f"{base}, tenant {self.tenant}"

    @property
    def table(self) -> str:
        """Return the heading of the TOML table that a line for this base belongs under."""
        name = f".bases.{self.name}" if self.config.named else ""
        return f"[tool.alembic-migrate{name}]"

    @property
    def prefix(self) -> str:
        """Return what stands before a message about this base: its name and a colon, or nothing."""
        return f"{self.title}: " if self.is_named or self.tenant is not None else ""

    @cached_property
    def folder(self) -> Path:
        """Return the migrations folder, which may be shipped by a package and may not exist."""
        return folder_of(self)

    @cached_property
    def environment(self) -> EnvironmentKind:
        """Return which environment script the folder has: ours or none is ``builtin``."""
        env_file = self.folder / "env.py"
        if self.config["env"] == "builtin" or not env_file.is_file():
            return "builtin"
        return kind_of(env_file)

    def require_folder(self) -> Path:
        """Return the folder.

        Raises:
            UsageError: it does not exist or is no folder.
        """
        return existing_folder_of(self)

    @cached_property
    def models(self) -> Models:
        """Return the base's models, imported now if they are not yet.

        Raises:
            DiscoveryError: as ``load_models``.
        """
        return self.shared("models", lambda: models_of(self))

    def own_models(self) -> Models | None:
        """Return the models; None where nothing names them and ``env.py`` may bring its own."""
        return own_models_of(self)

    def enter(self) -> None:
        """Put the project on ``sys.path``, and note what it hides there."""
        for file in extend_path(self.pythonpath):
            self.warnings.append(
                f"{file} has the name of a module that others import too; rename it, or import it "
                "from a package of its own"
            )

    def tell_warnings(self, report: Report) -> None:
        """Report what was noted, once; where nobody listens it is kept for who does."""
        while self.warnings and report is not ignore:
            report(Event("warning", self.warnings.pop(0), self.label))

    @cached_property
    def url(self) -> URL:
        """Return the database's URL: the configured one, else what ``get_base()`` returns.

        Raises:
            ConfigError: there is none, or it cannot be read.
        """
        return url_of(self)

    def configured_url(self) -> URL | None:
        """Return the URL that flag, file or ``get_base()`` give, or None; as ``addresses`` does.

        Raises:
            ConfigError: it cannot be read.
        """
        return configured_url_of(self)

    @cached_property
    def tenant_place(self) -> TenantPlace | None:
        """Return where the tenant is, or None for the base's own database."""
        if self.tenant is None:
            return None
        from alembic_migrate.targets.tenants import TenantPlace  # noqa: PLC0415 - imports SQLAlchemy

        return TenantPlace(self.tenant, self.config["tenants"])

    def base_url(self) -> URL | None:
        """Return the URL of the base's own database, or None."""
        return url_of_base(self)

    @property
    def shown_url(self) -> str | None:
        """Return the URL with its password masked, or None where there is none."""
        return shown_url_of(self)

    @property
    def own_tables(self) -> frozenset[str]:
        """Return the tables of this tool's: version tables and journals, of every base."""
        versions = self.siblings | {self.version_table}
        return versions | {name + JOURNAL_SUFFIX for name in versions}

    @property
    def keeps_journal(self) -> bool:
        """Tell whether what runs is noted in the journal; what is rolled back again is not.

        Where nobody but ``env.py`` knows the database there is no place for one.
        """
        wanted = bool(self.config["journal"]) and not self.rehearsing
        return wanted and self.configured_url() is not None

    @property
    def connect_timeout(self) -> ConnectTimeout:
        """Return how long connecting may take."""
        seconds = float(self.config["connect_timeout"])
        return ConnectTimeout(seconds, configured=self.config.is_set("connect_timeout"))

    @property
    def lock_wait(self) -> float:
        """Return how many seconds to wait for the migration lock."""
        typed = self.lock_wait_typed
        return float(self.config["lock_wait"]) if typed is None else typed

    @property
    def version_table(self) -> str:
        """Return the name of the version table."""
        return str(self.config["version_table"])

    @property
    def version_table_schema(self) -> str | None:
        """Return the schema of the version table; None is the default one."""
        schema = self.config["version_table_schema"] if self.schema is None else self.schema
        return str(schema) if schema is not None else None

    @cached_property
    def schema(self) -> str | None:
        """Return the tenant's schema on PostgreSQL; None where sessions are as they are."""
        place = self.tenant_place
        if place is None or place.tenancy.schema is None:
            return None
        return place.schema if self.url.get_backend_name() == "postgresql" else None

    @property
    def is_schema_of_base(self) -> bool:
        """Tell whether it is a tenant whose schema is in the base's own database, or beside it."""
        place = self.tenant_place
        return place is not None and place.tenancy.schema is not None

    @cached_property
    def engine_factory(self) -> EngineFactory:
        """Return what makes engines in place of ``create_engine``.

        It is the configured hook, and for a tenant's schema what keeps its sessions in there.
        """
        return engine_factory_of(self)

    @property
    def how_to_make(self) -> str | None:
        """Return what to do where a tenant's database or schema is not there; else None."""
        if self.tenant is None:
            return None
        base = f" --base {self.name}" if self.is_named else ""
        return f"make it: alembic-db tenants create{base} {shlex.quote(self.tenant)}"

    def hook(self, key: str) -> EngineFactory | None:
        """Return the callable that a key names as ``"package.module:function"``, or None."""
        path = self.config[key]
        if not isinstance(path, str):
            return None
        self.enter()
        return load_hook(path, key)

    def version_locations(self) -> list[Path]:
        """Return the folders that hold the revision files."""
        configured: Iterable[Path] = self.config["version_locations"] or ()
        return [Path(path) for path in configured] or [self.folder / "versions"]
