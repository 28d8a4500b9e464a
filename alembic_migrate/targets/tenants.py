"""Tenants: who they are, and where each of them is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sqlalchemy import text
from sqlalchemy.engine import URL

from alembic_migrate.config.problems import nearest
from alembic_migrate.config.tenants import FIELD, Tenancy, problem_of
from alembic_migrate.databases.connecting import guarded, run_on
from alembic_migrate.databases.faults import explain, is_database_fault
from alembic_migrate.databases.threads import quiet_threads
from alembic_migrate.databases.urls import mask, parse_url
from alembic_migrate.discovery.modules import describe, load_hook
from alembic_migrate.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alembic_migrate.targets.target import Target

_LONGEST = {"postgresql": 63, "mysql": 64, "mariadb": 64}  # of a schema's name, in bytes
_SHOWN = 10


@dataclass(frozen=True)
class TenantPlace:
    """Where one tenant is.

    Attributes:
        tenant: its name.
        tenancy: the base's table ``tenants``.
    """

    tenant: str
    tenancy: Tenancy

    @property
    def schema(self) -> str:
        """Return its schema; on MySQL and MariaDB that is a database."""
        return (self.tenancy.schema or FIELD).replace(FIELD, self.tenant)

    def database(self, base_url: URL, where: str) -> URL:
        """Return the URL of the database that its schema is in, or that is its schema.

        Args:
            base_url: that of the base's own database.
            where: what configured it, for messages.

        Raises:
            ConfigError: the server has no schemas, or the schema's name is too long for it.
        """
        backend = base_url.get_backend_name()
        if backend not in _LONGEST:
            raise ConfigError(
                f"{where}: a tenant cannot have a schema of its own on {backend}",
                hint='give each a database of its own: tenants.url = "sqlite:///{tenant}.db"',
            )
        length = len(self.schema.encode())
        if length > _LONGEST[backend]:
            raise ConfigError(
                f"{where}: the schema's name is {length} bytes long, and {backend} takes "
                f"{_LONGEST[backend]}: {self.schema}",
                hint="give the tenant a shorter name",
            )
        return base_url if backend == "postgresql" else base_url.set(database=self.schema)

    def filled(self, template: URL, where: str) -> URL:
        """Return a URL with the tenant's name in the place of ``{tenant}``, taken literally.

        Args:
            template: the URL with that place in it.
            where: what a message begins with.

        Raises:
            ConfigError: it has no such place: every tenant would have the same database.
        """
        if FIELD not in unquote(template.render_as_string(hide_password=False)):
            raise ConfigError(
                f"{where}: is the same for every tenant: it needs {FIELD} in it ({mask(template)})",
                hint='url = "postgresql+psycopg://user:${PASSWORD}@host/{tenant}"',
            )

        def fill(part: str | None) -> str | None:
            return part.replace(FIELD, self.tenant) if part is not None else None

        query = {
            key: fill(value) if isinstance(value, str) else tuple(map(fill, value))
            for key, value in template.query.items()
        }
        return URL.create(
            template.drivername,
            username=fill(template.username),
            password=fill(template.password),
            host=fill(template.host),
            port=template.port,
            database=fill(template.database),
            query=query,  # type: ignore[arg-type] # nothing in it is None
        )


def expand_all(targets: Sequence[Target], patterns: Sequence[str] = ()) -> tuple[Target, ...]:
    """Return the targets, in the place of each base with tenants those of its that are meant.

    Raises:
        UsageError: none of the bases has tenants, or a pattern means none of theirs.
        ConfigError: as ``expand``.
    """
    with_tenants = [target for target in targets if target.config["tenants"] is not None]
    meant = with_tenants if patterns and with_tenants else targets
    return tuple(one for target in meant for one in expand(target, patterns))


def expand(target: Target, patterns: Sequence[str] = ()) -> tuple[Target, ...]:
    """Return a target for each tenant of a base that is meant, in the order of their source.

    Args:
        target: the base.
        patterns: names or globs; none means every tenant.

    Raises:
        UsageError: the base has no tenants, or a pattern means none of them.
        ConfigError: their source cannot be read or gives what cannot be names.
    """
    tenancy: Tenancy | None = target.config["tenants"]
    if tenancy is None:
        if patterns:
            raise _no_tenants(target)
        return (target,)
    names = tenant_names(target, tenancy)
    for pattern in patterns:
        if not any(_means(pattern, name) for name in names):
            raise _unknown(target, pattern, names)
    meant = [name for name in names if not patterns or any(_means(each, name) for each in patterns)]
    return tuple(of_tenants(target, meant))


def of_tenants(target: Target, names: Iterable[str]) -> Iterator[Target]:
    """Yield a target for each tenant; what they have in common is loaded once."""
    family: dict[str, Any] = {}
    for name in names:
        yield replace(target, tenant=name, family=family, warnings=[])


def known_tenant(target: Target, name: str) -> Target:
    """Return the target of a tenant that may not be there yet.

    Where the file lists the tenants it is one of these; a query may name it once it is there.

    Raises:
        UsageError: the base has no tenants, or the file does not list this one.
        ConfigError: it cannot be a name.
    """
    tenancy: Tenancy | None = target.config["tenants"]
    if tenancy is None:
        raise _no_tenants(target)
    if tenancy.names is not None and name not in tenancy.names:
        raise UsageError(
            f"{target.prefix}there is no tenant {name} in tenants.names",
            hint=f'add it: names = [..., "{name}"]',
        )
    if (problem := problem_of(name)) is not None:
        raise ConfigError(f"{target.prefix}the name {name!r} {problem}")
    return next(of_tenants(target, (name,)))


def _no_tenants(target: Target) -> UsageError:
    return UsageError(
        f"{target.title} has no tenants",
        hint=f'name them, below {target.table}:\ntenants = {{ names = ["acme"] }}',
    )


def _means(pattern: str, name: str) -> bool:
    return pattern == name or fnmatchcase(name, pattern)


def _unknown(target: Target, pattern: str, names: Sequence[str]) -> UsageError:
    near = nearest(pattern, names)
    listed = ", ".join(names[:_SHOWN]) + (
        f" and {len(names) - _SHOWN} more" * (len(names) > _SHOWN)
    )
    return UsageError(
        f"{target.prefix}there is no tenant {pattern}",
        hint=(f'did you mean "{near}"? ' if near else "") + f"the tenants are: {listed or 'none'}",
    )


def tenant_names(target: Target, tenancy: Tenancy) -> tuple[str, ...]:
    """Return the names of a base's tenants, in the order of their source.

    Raises:
        ConfigError: the source cannot be read, or gives a name that cannot be or gives one twice.
        DatabaseError: the query fails.
    """
    if tenancy.names is not None:
        return tenancy.names
    given = _asked(target, tenancy) if tenancy.query is not None else _called(target, tenancy)
    names: dict[str, None] = {}
    source = "query" if tenancy.query is not None else "function"
    for name in given:
        problem = problem_of(name) or ("is there twice" if name in names else None)
        if problem is not None:
            raise ConfigError(
                f"{target.prefix}tenants.{source} gives a name that {problem}: {name!r}"
            )
        names[str(name)] = None
    return tuple(names)


def _asked(target: Target, tenancy: Tenancy) -> Iterable[Any]:
    where = f"{target.title} (tenants.query_url)"
    url = parse_url(tenancy.query_url, where) if tenancy.query_url else target.url
    factory = target.engine_factory if not tenancy.query_url else None
    sql = text(str(tenancy.query).replace(":", "\\:"))
    try:
        with quiet_threads(), guarded(timeout=target.connect_timeout, reading=True):
            return run_on(url, lambda c: c.execute(sql).scalars().all(), factory)
    except Exception as error:
        if is_database_fault(error):
            raise explain(error, url) from error
        raise


def _called(target: Target, tenancy: Tenancy) -> Iterable[object]:
    target.enter()
    function = load_hook(str(tenancy.function), "tenants.function")
    try:
        given = function()
    except Exception as error:
        raise ConfigError(
            f"{target.prefix}tenants.function: {tenancy.function}() failed: {describe(error)}"
        ) from error
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise ConfigError(
            f"{target.prefix}tenants.function: {tenancy.function}() returned "
            f"{type(given).__name__}, not names",
            hint='return a list of strings: ["acme", "globex"]',
        )
    return list(given)
