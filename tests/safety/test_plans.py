"""A plan is held against the database while the lock is ours, not only before."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from alembic_migrate.events import Event
from tests.safety.histories import (
    assert_unlocked,
    finish,
    locked,
    race,
    started,
    write,
    write_history,
)
from tests.safety.test_timeouts import ALTER, UPDATE, history, reading


def kept(here, command):
    """Keep a plan, and return the words that run it."""
    command(here, "plan", "--out", "plan.json")
    return ("upgrade", "--plan", "plan.json")


def test_containers_that_start_together_run_a_plan_once(project, command, database_url):
    here = write_history(project(), database_url, count=4)
    command(here, "upgrade", "r0000")
    results = race(here, 3, *kept(here, command))
    assert [result.exit for result in results] == [0] * 3, results
    assert sorted(result.stdout for result in results) == [
        "Already at r0003 (head)\n",
        "Already at r0003 (head)\n",
        "Upgraded to r0003 (head), 3 revisions\n",
    ]
    assert here.rows(database_url, "SELECT n FROM counter") == [(3,)]
    assert_unlocked(database_url)


def wait_for_lock(process):
    """Wait until a process says that it waits for the lock."""
    line = process.stderr.readline()
    assert b"waiting" in line, line


def test_what_moves_while_a_plan_waits_refuses_it(project, command, database_url):
    here = write_history(project(), database_url, count=3)
    command(here, "upgrade", "r0000")
    words = kept(here, command)
    with ExitStack() as lock:
        lock.enter_context(locked(database_url))
        with started(here, *words) as process:
            wait_for_lock(process)
            here.execute(database_url, "UPDATE alembic_version SET version_num = 'r0001'")
            lock.close()
            refused = finish(process)
    assert refused.exit == 1
    assert (
        "Error: the database has moved since the plan was made: from r0000 to r0001; nothing was "
        "run\n" in refused.stderr
    )
    assert here.rows(database_url, "SELECT n FROM counter") == [(0,)]


def test_a_file_that_changes_while_a_plan_waits_refuses_it(project, command, database_url):
    here = write_history(project(), database_url, count=3)
    words = kept(here, command)
    file = here.root / "migrations/versions/r0002.py"
    with ExitStack() as lock:
        lock.enter_context(locked(database_url))
        with started(here, *words) as process:
            wait_for_lock(process)
            file.write_bytes(file.read_bytes() + b"# seen\n")
            lock.close()
            refused = finish(process)
    assert refused.exit == 1
    assert f"Error: {file} has changed since the plan was made; nothing was run\n" in refused.stderr
    assert "counter" not in here.tables(database_url)


@pytest.mark.parametrize("per_migration", [True, False], ids=["each", "all"])
def test_a_plan_goes_on_where_it_is_tried_again(
    project, command, library, postgresql_url, per_migration
):
    keys = {"lock_timeout": 0.2, "transaction_per_migration": per_migration}
    here = history(project(), command, postgresql_url, UPDATE, ALTER, **keys)
    kept(here, command)
    said: list[str] = []

    def report(event: Event) -> None:
        if event.kind == "warning" and "follows" in event.message:
            said.append(event.message)
            leave()

    with reading(here, postgresql_url) as leave:
        (run,) = library(here).upgrade(plan=here.root / "plan.json", report=report)

    assert len(said) == 1
    assert [step.revision for step in run.steps] == ["r0001", "r0002"]
    assert here.rows(postgresql_url, "SELECT n FROM a") == [(1,)]
    assert here.stamped(postgresql_url) == ["r0002"]


def test_a_plan_is_rehearsed(project, command, postgresql_url):
    here = write(project(), postgresql_url, "op.execute('CREATE TABLE a (n INTEGER)')")
    words = kept(here, command)
    assert command(here, *words, "--rehearse").stdout.startswith(
        "Rehearsed 1 revision and rolled back; still at base\n"
    )
    assert command(here, *words).stdout == "Upgraded to r0000 (head), 1 revision\n"
