"""Sessions that tenants hand on: they are as the server gave them, whatever was said on them."""

from __future__ import annotations

import pytest

from tests.fleet.test_compiled import MODELS, make_schemas, write

SEVERAL = [f"t{number}" for number in range(6)]
MADE = 'op.create_table("made", {})'.format(
    ", ".join(f'sa.Column("{name}", sa.Text())' for name in ("who", "timeout", "own", "path"))
)
NOTES = """op.execute(
    "INSERT INTO made SELECT current_user, current_setting('statement_timeout'), "
    "nullif(current_setting('app.own', true), ''), current_schemas(false)::text"
)"""
# What would stop or mislead the tenant that gets the session.
LEAVES = """
op.execute("CREATE TEMPORARY TABLE made (id integer)")
op.execute("PREPARE one AS SELECT 1")
op.execute("LISTEN anything")
op.execute("SET statement_timeout = '77s'")
op.execute("SET ROLE another")
op.execute("SET SESSION AUTHORIZATION another")
op.execute("SELECT set_config('search_path', current_schema() || ', public', false)")
op.execute("DO $$ BEGIN PERFORM set_config('app.own', 'left', false); END $$")
"""
LISTENING = """
from sqlalchemy import event
from sqlalchemy.engine import Engine

@event.listens_for(Engine, "connect")
def introduce(raw, _record):
    raw.execute("SET app.own = 'introduced'")
    raw.commit()
"""


@pytest.fixture
def another(postgresql_server):
    """Another role."""
    postgresql_server.execute(lambda cursor: cursor.execute("CREATE ROLE another SUPERUSER"))
    yield "another"
    postgresql_server.execute(lambda cursor: cursor.execute("DROP ROLE another"))


@pytest.fixture
def fleet(project, postgresql_url, monkeypatch):
    """A function that writes a project whose tenants are schemas."""
    monkeypatch.setattr("alembic_migrate.bridge.proving._WORTH", 1)

    def make(*revisions, **keys):
        here = write(project(), *revisions, url=postgresql_url, names=SEVERAL, **keys)
        make_schemas(here, postgresql_url, SEVERAL)
        return here

    return make


def noted(here, url):
    """Return what each tenant found its session to be like."""
    return [row for name in SEVERAL for row in here.rows(url, f"SELECT * FROM {name}.made")]


@pytest.mark.parametrize("compiled", [False, True])
def test_nothing_that_was_set_is_handed_on(fleet, command, postgresql_url, another, compiled):
    here = fleet(MADE, NOTES, LEAVES, compiled=compiled)
    command(here, "upgrade", "--keep-going")
    (own,) = here.rows(postgresql_url, "SELECT current_user")[0]
    assert noted(here, postgresql_url) == [(own, "0", None, f"{{{name}}}") for name in SEVERAL]


@pytest.mark.parametrize("compiled", [False, True])
def test_what_a_session_begins_with_stays(fleet, command, postgresql_url, another, compiled):
    here = fleet(MADE, NOTES, compiled=compiled)
    name = postgresql_url.rpartition("/")[2]
    here.execute(postgresql_url, f"ALTER DATABASE {name} SET role TO {another}")
    here.execute(postgresql_url, f"ALTER DATABASE {name} SET statement_timeout TO '99s'")
    command(here, "upgrade")
    assert {row[:2] for row in noted(here, postgresql_url)} == {(another, "99s")}
    here.execute(postgresql_url, f"ALTER DATABASE {name} RESET role")
    for tenant in SEVERAL:
        here.execute(postgresql_url, f"DROP SCHEMA {tenant} CASCADE")


@pytest.mark.parametrize("compiled", [False, True])
def test_a_session_that_the_project_introduces_is_not_handed_on(fleet, postgresql_url, compiled):
    here = fleet(MADE, NOTES, compiled=compiled, models=MODELS + LISTENING)
    here.run("upgrade")  # in a process of its own, where the listener stays
    assert {row[2] for row in noted(here, postgresql_url)} == {"introduced"}
