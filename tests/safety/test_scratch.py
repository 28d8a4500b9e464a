"""Runs on scratch databases that are ended, killed or run together: nothing is left in the end."""

from __future__ import annotations

import os
import signal

import pytest
import sqlalchemy
from sqlalchemy.pool import NullPool

from tests.projects import Project, revision_text
from tests.safety.histories import finish, halted, halting, race, started, wait_until

MODELS = "import sqlalchemy as sa\n\nmetadata = sa.MetaData()\n"
MODELS += "sa.Table('t', metadata, sa.Column('id', sa.Integer, primary_key=True))\n"
MAKES = "op.create_table('t', sa.Column('id', sa.Integer, primary_key=True))\n"


@pytest.fixture
def here(project, database_url, tmp_path) -> Project:
    (tmp_path / "temporary").mkdir()
    table = f'[tool.alembic-migrate]\nmetadata = "db:metadata"\nurl = "{database_url}"\n'
    made = project({"pyproject.toml": table, "db.py": MODELS})
    text = revision_text("r", upgrade=f"{MAKES}{halting('up')}", downgrade="op.drop_table('t')")
    made.write("migrations/versions/r.py", text)
    return made


@pytest.fixture
def left(database_url, tmp_path):
    """``left()`` gives the names of the scratch databases that are there."""

    def names() -> list[str]:
        url = sqlalchemy.make_url(database_url)
        if url.get_backend_name() == "sqlite":
            found = [file.name for file in (tmp_path / "temporary").iterdir()]
        else:
            postgres = url.get_backend_name() == "postgresql"
            asked = "SELECT datname FROM pg_database" if postgres else "SHOW DATABASES"
            engine = sqlalchemy.create_engine(url, poolclass=NullPool)
            with engine.connect() as connection:
                found = list(connection.exec_driver_sql(asked).scalars())
        return [name for name in found if name.startswith("alembic_scratch_")]

    return names


@pytest.mark.parametrize(
    ("number", "said"), [(signal.SIGTERM, "terminated"), (signal.SIGINT, "interrupted")]
)
def test_a_run_that_is_asked_to_end_drops_its_database(here, left, tmp_path, number, said):
    folder = str(tmp_path / "temporary")
    with started(here, "verify", HALT="up", TMPDIR=folder) as running:
        halted(here, "up")
        assert len(left()) == 1
        os.kill(running.pid, number)
        result = finish(running)
    assert result.exit == 128 + number
    assert result.stderr.splitlines()[-2:] == [
        f"Error: {said} while revision r ran",
        "  the scratch database was dropped, and nothing else was touched",
    ]
    assert left() == []


def test_what_a_killed_run_left_is_swept_by_the_next(here, left, tmp_path):
    folder = str(tmp_path / "temporary")
    with started(here, "verify", HALT="up", TMPDIR=folder) as running:
        halted(here, "up")
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    assert len(left()) == 1
    here.run("verify", "-q", env={"TMPDIR": folder})
    wait_until(lambda: left() == [])


def test_four_runs_at_once_do_not_disturb_each_other(here, left, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    results = race(here, 4, "verify", "-q")
    assert [(each.exit, each.stdout, each.stderr) for each in results] == [(0, "", "")] * 4
    assert left() == []
