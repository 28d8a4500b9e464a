"""A transaction that began before the lock was ours sees the version table as it was then."""

from __future__ import annotations

import json

import pytest

from tests.projects import Project, revision_text
from tests.safety.histories import BASE, MAKES_COUNTER

# It chooses the database, so that no gate keeps two processes apart, and lets another process of
# the same project come and go between its look at the version table and its lock.
ENV = """
import json, os, subprocess, sys

from alembic import context
from sqlalchemy import create_engine, event, pool

engine = create_engine(os.environ["CHOSEN"], poolclass=pool.NullPool, **json.loads({options!r}))


@event.listens_for(engine, "before_cursor_execute")
def overtaken(connection, cursor, statement, *rest):
    if "GET_LOCK" in statement or "pg_try_advisory_lock" in statement:
        if os.environ.pop("OVERTAKEN", None):
            subprocess.run([sys.executable, "-m", "alembic_migrate", "upgrade"], check=True,
                           stdout=sys.stderr)


with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
"""


def write(here: Project, **options: object) -> Project:
    here.write("base.py", BASE)
    here.write("pyproject.toml", '[tool.alembic-migrate]\nmetadata = "base:metadata"\n')
    here.write("migrations/env.py", ENV.format(options=json.dumps(options)))
    here.write("migrations/versions/r0.py", revision_text("r0", upgrade=MAKES_COUNTER))
    adds = """\
op.execute("UPDATE counter SET n = n + 1")
with op.get_context().autocommit_block():
    op.execute("ALTER TABLE counter ADD COLUMN more INTEGER")
"""
    here.write("migrations/versions/r1.py", revision_text("r1", "r0", upgrade=adds))
    return here


@pytest.mark.parametrize(
    ("kind", "new"),
    [
        ("mariadb", True),
        ("mariadb", False),
        ("committed", True),
        ("committed", False),
        ("repeatable", False),
        ("serializable", False),
    ],
)
def test_what_another_process_has_applied_meanwhile_is_not_run_again(project, request, kind, new):
    url = request.getfixturevalue("mariadb_url" if kind == "mariadb" else "postgresql_url")
    levels = {"repeatable": "REPEATABLE READ", "serializable": "SERIALIZABLE"}
    options = {"isolation_level": levels[kind]} if kind in levels else {}
    here = write(project(), **options)
    if not new:
        here.run("upgrade", "r0", env={"CHOSEN": url})

    done = here.run("upgrade", env={"CHOSEN": url, "OVERTAKEN": "1"})

    assert done.stdout == "Already at r1 (head)\n"
    assert here.rows(url, "SELECT n FROM counter") == [(1,)]
    assert here.stamped(url) == ["r1"]


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_what_has_moved_meanwhile_is_nothing_to_wait_for(project, request, kind):
    url = request.getfixturevalue(f"{kind}_url")
    here = write(project())
    done = here.run("upgrade", "--lock-wait", "0", env={"CHOSEN": url, "OVERTAKEN": "1"})
    assert done.stdout == "Already at r1 (head)\n"
