"""tenants list, tenants create: who the tenants of a base are, and a new one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alembic_migrate.bridge import running
from alembic_migrate.databases.making import make_database, make_schema
from alembic_migrate.databases.urls import mask
from alembic_migrate.errors import ConfigError, UsageError
from alembic_migrate.results import Tenant
from alembic_migrate.targets.tenants import expand, known_tenant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.config.tenants import Tenancy
    from alembic_migrate.events import Report
    from alembic_migrate.targets import Target


def tenants(targets: Sequence[Target], patterns: Sequence[str]) -> tuple[Tenant, ...]:
    """Return the tenants of bases, in the order of their source.

    Raises:
        UsageError: none of the bases has tenants, or a pattern means none of theirs.
        ConfigError: their source cannot be read.
    """
    bases = [target for target in targets if target.config["tenants"] is not None]
    if not bases:
        expand(targets[0], ["*"])  # which says how to name them
    return tuple(_told(one) for base in bases for one in expand(base, patterns))


def create(targets: Sequence[Target], name: str, *, template: str | None, report: Report) -> Tenant:
    """Make a tenant's schema or database where it is not there, and bring it to head.

    Args:
        targets: the base.
        name: the tenant's.
        template: the database that PostgreSQL copies, where each tenant has a database.
        report: is told what happens.

    Raises:
        UsageError: there are several bases, the base has no tenants, or no such one.
        AlembicMigrateError: nothing could be made, or a revision failed.
    """
    base, *others = targets
    if others:
        names = ", ".join(target.name for target in targets)
        raise UsageError(
            f"a tenant belongs to one base, and {len(targets)} are chosen: {names}",
            hint=f"choose one: --base {base.name}",
        )
    target = known_tenant(base, name)
    created = _make(target, target.config["tenants"], template)
    run = running.upgrade(target, "head", sql=False, tag=None, report=report)
    return replace(_told(target), created=created, run=replace(run, tenant=name))


def _told(target: Target) -> Tenant:
    assert target.tenant is not None
    url = target.configured_url()
    place = target.tenant_place
    schema = place.schema if place is not None and place.tenancy.schema is not None else None
    return Tenant(target.name, target.tenant, mask(url) if url is not None else None, schema)


def _make(target: Target, tenancy: Tenancy, template: str | None) -> bool:
    place = target.tenant_place
    assert place is not None
    timeout, backend = target.connect_timeout, target.url.get_backend_name()
    copied = backend == "postgresql" and tenancy.url is not None
    if template is not None and not copied:
        raise UsageError(
            "--template is for tenants that have a database of their own on PostgreSQL",
            hint=f"alembic-db tenants create {target.tenant}",
        )
    if backend == "sqlite":
        return False  # the file is made by whoever connects first
    if tenancy.url is None:
        own = target.base_url()
        assert own is not None
        hook = target.hook("engine")
        return make_schema(own, place.schema, factory=hook, timeout=timeout)
    if backend not in {"postgresql", "mysql", "mariadb"}:
        raise ConfigError(
            f"{target.prefix}a database cannot be made on {backend}",
            hint="make it by hand, then: alembic-db upgrade",
        )
    server = target.base_url()
    if server is not None and server.get_backend_name() != backend:
        server = None
    return make_database(target.url, server=server, template=template, timeout=timeout)
