"""The commands about tenants: who they are, and a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from alembic_migrate.cli.declaring import command
from alembic_migrate.cli.parsing import Group
from alembic_migrate.render import tenants as texts

if TYPE_CHECKING:
    from alembic_migrate.cli.session import Session


@command("tenants list", example="alembic-db tenants list --tenant 'acme*'")
def list_tenants(session: Session) -> None:
    """List the tenants of each base, and where each of them is."""
    found = session.project.tenants()
    session.results(found, lambda: texts.tenants(found, named=session.named), key="tenants")


@command(
    "tenants create",
    click.Argument(["name"], metavar="TENANT"),
    click.Option(
        ["--template"],
        metavar="DATABASE",
        help="The database that PostgreSQL copies, where each tenant has one of its own.",
    ),
    example="alembic-db tenants create acme",
)
def create(session: Session, *, name: str, template: str | None) -> None:
    """Make a tenant's schema or database and bring it to head.

    What is there already is left as it is, and only brought to head.
    """
    made = session.project.create_tenant(name, template=template, report=session.report)
    session.done((made,), lambda: texts.created(made, named=session.named), key="tenants")


group = Group(
    "tenants",
    doc="List the tenants of a base, and create one.",
    example="alembic-db tenants create acme",
)
group.add_command(list_tenants)
group.add_command(create)

COMMANDS = (group,)
