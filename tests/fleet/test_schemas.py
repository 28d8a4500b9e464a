"""Fleets of schemas on real servers: how many connections, and what many tenants come to."""

from __future__ import annotations

import os

import pytest

from tests.fleet.fleets import write_fleet
from tests.safety.histories import finish, started

TENANTS = int(os.environ.get("FLEET_TENANTS", "80"))
SECONDS = 100 + TENANTS
KILLED = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
FAILING = "raise ValueError('not this one')\n"


def make_schemas(here, url, names):
    with here.connect(url) as connection:
        for name in names:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        connection.commit()


def not_at_head(here, url, names):
    """Return those tenants whose version table does not hold the head, with what it holds."""
    found = {}
    for part in range(0, len(names), 100):
        asked = [
            f"SELECT '{name}', version_num FROM {name}.alembic_version"
            for name in names[part : part + 100]
        ]
        found |= dict(here.rows(url, " UNION ALL ".join(asked)))
    return {name: found.get(name) for name in names if found.get(name) != "r2"}


def test_no_more_processes_than_the_server_has_connections_for(project, postgresql_url):
    names = [f"t{number}" for number in range(6)]
    here = write_fleet(project(), names, place="", url=postgresql_url)
    make_schemas(here, postgresql_url, names)
    database = postgresql_url.rpartition("/")[2]
    here.execute(postgresql_url, f"ALTER DATABASE {database} CONNECTION LIMIT 5")
    result = here.run("upgrade", "--jobs", "6")
    assert "connections free, and each process needs 2: 2 at once in place of 6" in result.stderr
    assert not_at_head(here, postgresql_url, names) == {}


LEAVES_AN_INVALID_INDEX = """
import sqlalchemy as sa

url = connection.engine.url
with sa.create_engine(url, isolation_level="AUTOCOMMIT").connect() as other:
    for place in ("a", "b"):
        other.exec_driver_sql(f"CREATE TABLE {place}.twice AS SELECT 1 AS n UNION ALL SELECT 1")
        try:
            other.exec_driver_sql(f"CREATE UNIQUE INDEX CONCURRENTLY i ON {place}.twice (n)")
        except sa.exc.IntegrityError:
            pass
raise ValueError("not this one")
"""


@pytest.mark.parametrize("shared", [[], ["b"]])
def test_an_invalid_index_is_told_of_the_tenant_that_can_see_it(project, postgresql_url, shared):
    names = ["a", "c"]
    here = write_fleet(project(), names, place=f"shared = {shared}", url=postgresql_url)
    make_schemas(here, postgresql_url, ["a", "b", "c"])
    here.write("special_a.py", LEAVES_AN_INVALID_INDEX)
    told = here.run("upgrade", "--keep-going", status=6).stderr

    assert told.count("an invalid index is there: DROP INDEX CONCURRENTLY a.i;") == 1
    assert told.count("DROP INDEX CONCURRENTLY b.i;") == len(shared)
    here.write("special_a.py", FAILING)
    assert "invalid index" not in here.run("upgrade", "--keep-going", status=6).stderr


@pytest.mark.slow
def test_a_large_fleet_with_failures_and_a_killed_process_comes_to_its_end(project, postgresql_url):
    names = [f"t{number:03}" for number in range(TENANTS)]
    here = write_fleet(project(), names, place="", url=postgresql_url)
    for part in range(0, TENANTS, 100):
        make_schemas(here, postgresql_url, names[part : part + 100])
    failing, killed = [names[7], names[TENANTS // 2], names[-1]], names[TENANTS // 3]
    for name in failing:
        here.write(f"special_{name}.py", FAILING)
    here.write(f"special_{killed}.py", KILLED)
    bad = sorted([*failing, killed])

    words = ("upgrade", "--jobs", "2", "--canary", "2", "--keep-going", "-q")
    with started(here, *words) as process:
        result = finish(process, seconds=SECONDS)
    assert result.exit == 6
    listed = ", ".join(f"{name}" for name in bad)
    assert result.stderr.startswith(f"Error: 4 of {TENANTS} tenants failed: {listed}\n")
    assert result.stderr.endswith(f"  {TENANTS - 4} others are done\n")
    good = [name for name in names if name not in bad]
    assert not_at_head(here, postgresql_url, good) == {}
    shown = here.run("status").stdout
    assert f"default: {TENANTS - 4} tenants" in shown
    assert f"default: 4 tenants: empty: {', '.join(bad)}" in shown

    for name in bad[:-1]:
        (here.root / f"special_{name}.py").unlink()
    again = here.run(*words, status=6)
    assert again.stderr.startswith(f"Error: 1 of {TENANTS} tenants failed: {bad[-1]}\n")
    assert not_at_head(here, postgresql_url, names[:-1]) == {}
