"""The URLs and engines of bases and of their tenants."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from alembic_migrate.config.tenants import FIELD
from alembic_migrate.databases.urls import mask, parse_url, sqlite_file
from alembic_migrate.errors import ConfigError
from alembic_migrate.targets.modelling import base_module_of

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from alembic_migrate.config.tenants import Tenancy
    from alembic_migrate.databases.connecting import EngineFactory
    from alembic_migrate.targets.target import Target


def url_of(target: Target) -> URL:
    """Return the database's URL: the configured one, else what ``get_base()`` returns.

    Raises:
        ConfigError: there is none, or it cannot be read.
    """
    found = target.configured_url()
    if found is None:
        places = ["no --url", f"no url in {target.config.file or 'pyproject.toml'}"]
        hint = 'set it: url = "postgresql+psycopg://user:${PASSWORD}@host/name"'
        if base_module_of(target) is not None:
            places.append("get_base() returned no 'sqlalchemy_url'")
        elif not target.config["metadata"]:
            places.append(f"and there is no {target.config['module']} with a get_base()")
            hint += f'\nor name the module that has it: module = "{target.config["module"]}"'
        raise ConfigError(f"{target.title} has no database URL: {', '.join(places)}", hint=hint)
    return found


def configured_url_of(target: Target) -> URL | None:
    """Return the URL that flag, file or ``get_base()`` give, or None; a tenant's, of a tenant.

    Of a base that has no database but its tenants' it is that of the first tenant: whoever asks
    wants to know the kind of database, or a server for a scratch database.

    Raises:
        ConfigError: it cannot be read.
    """
    place = target.tenant_place
    if place is None:
        own = target.base_url()
        return own if own is not None else _url_of_first_tenant(target)
    if place.tenancy.url is None:
        own = target.base_url()
        return place.database(own, target.title) if own is not None else None
    template = place.tenancy.url
    if target.migrating and FIELD in str(target.config["migrate_url"]):
        template = str(target.config["migrate_url"])
    where = f"{target.title} (tenants.url)"
    return place.filled(parse_url(template, where), where)


def _url_of_first_tenant(target: Target) -> URL | None:
    tenancy: Tenancy | None = target.config["tenants"]
    if tenancy is None or tenancy.url is None or (tenancy.query and not tenancy.query_url):
        return None
    from alembic_migrate.targets.tenants import expand  # noqa: PLC0415 - imports SQLAlchemy

    tenants = expand(target)
    return tenants[0].configured_url() if tenants else None


def url_of_base(target: Target) -> URL | None:
    """Return the URL of the base's own database, or None."""
    if target.migrating and target.config["migrate_url"]:
        origin = target.config.origin("migrate_url").text
        return parse_url(str(target.config["migrate_url"]), f"{target.title} ({origin})")
    text = target.config.url
    if text is not None:
        origin = target.config.origin("url").text
        return parse_url(text, f"{target.title} ({origin})")
    models = target.own_models()
    if models is None or models.url is None:
        return None
    return _from_root(target, parse_url(models.url, f"{target.title} (get_base())"))


def _from_root(target: Target, url: URL) -> URL:
    """Return a URL whose SQLite file, where it is relative, is at the project's root."""
    file = sqlite_file(url)
    if file is None or file.is_absolute():
        return url
    return url.set(database=os.path.normpath(target.config.root / file))


def shown_url_of(target: Target) -> str | None:
    """Return the URL with its password masked, or None where there is none that can be read."""
    try:
        found = target.configured_url()
    except ConfigError:
        return None
    return mask(found) if found is not None else None


def engine_factory_of(target: Target) -> EngineFactory:
    """Return the configured hook, and for a tenant's schema what keeps its sessions in there."""
    hook = target.hook("engine")
    place = target.tenant_place
    if place is None or target.schema is None:
        from alembic_migrate.databases.engines import OfOneDatabase  # noqa: PLC0415 - as below

        return hook or OfOneDatabase()
    from alembic_migrate.databases.tenancy import InSchemas  # noqa: PLC0415 - imports SQLAlchemy

    return InSchemas(
        (target.schema, *place.tenancy.shared),
        hook,
        missing=target.how_to_make,
        pooler=target.config["pooler"],
        known=target.shared("engines", dict),
    )
