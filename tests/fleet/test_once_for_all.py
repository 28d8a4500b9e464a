"""What is found out once for all tenants of a process, and what is each tenant's own."""

from __future__ import annotations

import pytest

from tests.fleet.fleets import at, files
from tests.fleet.test_compiled import make_schemas, write

LITERAL = 'op.create_table("a", sa.Column("id", sa.Integer()))'
PAST_SQLALCHEMY = """
raw = op.get_bind().connection.dbapi_connection
raw.execute("CREATE TABLE b (id integer)")
raw.commit()
op.execute("SELECT 1 / 0")
"""
MARK = "SHOW transaction_isolation"


@pytest.mark.parametrize("names", [["t0"], ["t0", "t1"]])
def test_what_a_tenant_commits_past_sqlalchemy_is_told(names, project, postgresql_url, command):
    here = write(project(), LITERAL, PAST_SQLALCHEMY, url=postgresql_url, names=names)
    make_schemas(here, postgresql_url, names)
    result = command(
        here, "upgrade", "-v", "--jobs", "1", "--keep-going", "--format", "jsonl",
        status=1,
    )  # fmt: skip
    said = [line.get("message", "") for line in result.jsonl if line.get("event") == "sql"]
    # The first revision calls op alone, and needs no mark that tells of commits.
    assert said.count(MARK) == len(names)
    assert result.stdout.count("what was executed past SQLAlchemy") >= len(names)
    for name in names:
        assert here.rows(postgresql_url, f"SELECT to_regclass('{name}.b') IS NULL") == [(False,)]
        assert here.rows(postgresql_url, f"SELECT version_num FROM {name}.alembic_version") == [
            ("r1",)
        ]


def test_each_tenant_runs_what_it_lacks(project, command):
    names = ["t0", "t1", "t2", "t3"]
    here = files(project(), names)
    command(here, "upgrade", "r1", "--tenant", "t1")

    def steps(*words):
        result = command(here, *words, "--jobs", "1", "--format", "jsonl")
        told = [line for line in result.jsonl if line.get("event") == "step"]
        return [(each["base"].rpartition("/")[2], each["message"].split()[-2][:2]) for each in told]

    up = steps("upgrade")
    assert [tenant for tenant, _ in up] == ["t0", "t0", "t1", "t2", "t2", "t3", "t3"]
    assert at(here, names) == {name: ["r2"] for name in names}
    command(here, "downgrade", "r1", "--tenant", "t2")
    down = steps("downgrade", "base")
    assert [tenant for tenant, _ in down] == ["t3", "t3", "t2", "t1", "t1", "t0", "t0"]
    assert at(here, names) == {name: [] for name in names}


def test_tenants_at_head_are_seen_before_processes_are_started(project, monkeypatch, command):
    names = [f"t{number}" for number in range(5)]
    here = files(project(), names)
    command(here, "upgrade", "--jobs", "1")
    started = []
    monkeypatch.setattr(
        "alembic_migrate.fleet.crew.Crew.__init__", lambda *_, **__: started.append(1)
    )
    result = command(here, "upgrade", "--jobs", "2")
    assert not started
    assert result.stdout == "".join(f"{name}: already at r2 (head)\n" for name in names)


def test_what_follows_the_first_tenant_that_is_behind_is_left_to_its_turn(project, command):
    names = [f"t{number}" for number in range(4)]
    here = files(project(), names)
    command(here, "upgrade", "--tenant", "t0,t2")
    (here.root / "data" / "t1.db").write_text("no database")
    result = command(here, "upgrade", "--keep-going", "--jobs", "2", status=6)
    assert "t1: failed: " in result.stderr
    assert at(here, ["t0", "t2", "t3"]) == {name: ["r2"] for name in ("t0", "t2", "t3")}
