"""Statements that psycopg prepares by itself: what it sees often, or all of them."""

from __future__ import annotations

import pytest

from tests.fleet.test_compiled import MANY, schemas
from tests.projects import revision_text

_ = schemas  # a fixture

STEPS = [f'op.create_table("a{number}", sa.Column("n", sa.Integer()))' for number in range(3)]


def _are_at(here, url, revision):
    for name in MANY:
        found = here.rows(url, f"SELECT version_num FROM {name}.alembic_version")
        assert found == [(revision,)], name


@pytest.mark.parametrize("compiled", ["false", "true"])
def test_more_schemas_than_psycopg_needs_to_prepare(schemas, command, postgresql_url, compiled):
    here = schemas(*STEPS, names=MANY)
    command(here, "upgrade", "-q", "--set", f"compiled={compiled}")
    _are_at(here, postgresql_url, "r3")
    here.write("migrations/versions/r4.py", revision_text("r4", "r3"))
    command(here, "upgrade", "-q", "--set", f"compiled={compiled}")
    _are_at(here, postgresql_url, "r4")


ENGINE = """
import sqlalchemy as sa

def make(url):
    return sa.create_engine(url, connect_args={"prepare_threshold": 0}, poolclass=sa.NullPool)
"""


@pytest.mark.parametrize("compiled", ["false", "true"])
def test_an_engine_that_prepares_every_statement(schemas, postgresql_url, compiled):
    here = schemas(*STEPS, names=MANY)
    here.write("engines.py", ENGINE)
    here.run("upgrade", "-q", "--set", f"compiled={compiled}", "--set", "engine=engines:make")
    _are_at(here, postgresql_url, "r3")
