"""Tenants as text: one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.render.runs import summary
from alembic_migrate.render.words import lines, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.results import Tenant


def tenants(found: Sequence[Tenant], *, named: bool) -> str:
    """Return one line a tenant: its name, and its schema or its database."""
    return lines(f"{name_of(each, named=named)}  {_place(each)}".rstrip() for each in found)


def created(tenant: Tenant, *, named: bool) -> str:
    """Return what was made, and where it is now."""
    what = "schema" if tenant.schema is not None else "database"
    said = f"{what} created" if tenant.created else f"the {what} was there"
    if tenant.run is not None:
        said += f"; {summary(tenant.run)}"
    return f"{name_of(tenant, named=named)}: {said}"


def _place(tenant: Tenant) -> str:
    if tenant.schema is not None:
        return f"schema {tenant.schema}"
    return tenant.database or ""
