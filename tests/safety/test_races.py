"""Many processes at once: one migrates, the others wait, and nothing runs twice."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.projects import Project
from tests.safety.histories import (
    assert_unlocked,
    finish,
    locked,
    race,
    start,
    wait_until,
    write_history,
)
from tests.safety.scripts import over_several, script

slow = pytest.mark.slow


def assert_once(here: Project, url: str, results: list, *, count: int) -> None:
    """Make sure that each of so many revisions ran once, whoever ran it."""
    assert [result.exit for result in results] == [0] * len(results), results
    assert here.rows(url, "SELECT n FROM counter") == [(count - 1,)]
    assert here.stamped(url) == [f"r{count - 1:04}"]
    applied = [r for r in results if r.stdout.startswith("Upgraded")]
    waited = [r for r in results if r.stdout == f"Already at r{count - 1:04} (head)\n"]
    assert (len(applied), len(waited)) == (1, len(results) - 1), results
    assert_unlocked(url)


@pytest.mark.parametrize(
    ("processes", "per_migration", "count", "existing"),
    [
        (3, True, 2, False),
        (2, False, 15, True),
        # With two processes and with five: each pair of the other values.
        pytest.param(2, True, 2, True, marks=slow),
        pytest.param(2, True, 15, False, marks=slow),
        pytest.param(2, False, 2, False, marks=slow),
        pytest.param(5, True, 2, False, marks=slow),
        pytest.param(5, True, 15, True, marks=slow),
        pytest.param(5, False, 2, True, marks=slow),
        pytest.param(5, False, 15, False, marks=slow),
    ],
)
def test_processes_that_start_together_apply_each_revision_once(
    project, command, database_url, processes, per_migration, count, existing
):
    here = write_history(
        project(), database_url, count=count, transaction_per_migration=per_migration
    )
    if existing:
        command(here, "upgrade", "r0000")

    assert_once(here, database_url, race(here, processes, "upgrade"), count=count)


@slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_thirty_processes_that_start_together_do_so_too(project, command, database_url):
    here = write_history(project(), database_url, count=30, transaction_per_migration=False)
    command(here, "upgrade", "r0000")

    assert_once(here, database_url, race(here, 30, "upgrade"), count=30)


@pytest.mark.parametrize(
    ("database_url", "processes"),
    [("sqlite", 2), ("mariadb", 2), pytest.param("postgresql", 5, marks=slow)],
    indirect=["database_url"],
)
def test_a_script_of_alembics_own_is_locked_as_well(project, database_url, processes):
    here = write_history(project(), database_url, count=3)
    subprocess.run(
        [sys.executable, "-m", "alembic", "init", "made"],
        cwd=here.root,
        check=True,
        capture_output=True,
    )
    (here.root / "made" / "env.py").rename(here.root / "migrations" / "env.py")

    results = race(here, processes, "upgrade")

    assert [result.exit for result in results] == [0] * processes, results
    assert here.rows(database_url, "SELECT n FROM counter") == [(2,)]
    assert here.stamped(database_url) == ["r0002"]
    assert_unlocked(database_url)


@pytest.mark.parametrize("env", [None, script()], ids=["builtin", "own"])
@pytest.mark.parametrize(("step", "at"), [("+1", "r0002"), pytest.param("-1", "r0000", marks=slow)])
def test_one_step_that_several_ask_for_at_once_is_one_step(
    project, command, database_url, env, step, at
):
    here = write_history(project(), database_url, count=4)
    if env is not None:
        here.write("migrations/env.py", env)
    command(here, "upgrade", "r0001")
    verb = "upgrade" if step == "+1" else "downgrade"
    with locked(database_url):
        running = [start(here, verb, step) for _ in range(3)]
        wait_until(lambda: all(_has_looked(process) for process in running))

    results = [finish(process) for process in running]

    assert [result.exit for result in results] == [0, 0, 0], results
    assert sorted(result.stdout for result in results)[:2] == [f"Already at {at}\n"] * 2
    assert here.stamped(database_url) == [at]
    assert here.rows(database_url, "SELECT n FROM counter") == [(int(at[1:]),)]


@pytest.mark.parametrize("env", [None, script()], ids=["builtin", "own"])
def test_one_step_that_another_process_went_the_other_way_of_is_refused(
    project, command, postgresql_url, env
):
    """The step that was meant does not follow any more from where the database is now."""
    here = write_history(project(), postgresql_url, count=4)
    if env is not None:
        here.write("migrations/env.py", env)
    command(here, "upgrade", "r0001")
    with locked(postgresql_url):
        waiting = start(here, "upgrade", "+1")
        wait_until(lambda: _has_looked(waiting))
        here.execute(postgresql_url, "UPDATE alembic_version SET version_num = 'r0000'")

    refused = finish(waiting)

    assert refused.exit == 1
    assert refused.stderr[refused.stderr.index("Error") :] == (
        "Error: +1 was asked for when the database was at r0001, and another process took it to "
        "r0000 meanwhile: nothing was done\n"
        "  if it is still meant, from where the database is now: alembic-db upgrade +1\n"
    )
    assert here.stamped(postgresql_url) == ["r0000"]
    assert_unlocked(postgresql_url)


def test_each_database_of_a_script_goes_the_step_that_was_typed(
    project, command, sqlite_url, tmp_path
):
    first, second = (f"sqlite:///{tmp_path}/{name}.db" for name in ("first", "second"))
    here = write_history(project(), sqlite_url, count=3)
    here.write("migrations/env.py", over_several(first))
    command(here, "upgrade", "r0001")
    here.write("migrations/env.py", over_several(first, second))

    command(here, "upgrade", "+1")

    assert (here.stamped(first), here.stamped(second)) == (["r0002"], ["r0000"])


def _has_looked(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a process says that it waits."""
    assert process.stderr is not None
    return b"waiting for the migration lock" in process.stderr.peek()


@pytest.mark.parametrize(
    ("per_migration", "times"),
    [(True, 1), pytest.param(True, 2, marks=slow), pytest.param(False, 2, marks=slow)],
)
def test_an_upgrade_and_a_downgrade_at_once_come_one_after_the_other(
    project, command, database_url, per_migration, times
):
    here = write_history(project(), database_url, count=4, transaction_per_migration=per_migration)
    command(here, "upgrade", "r0002")
    running = [start(here, *words.split()) for words in ("upgrade", "downgrade r0000") * times]

    results = [finish(process) for process in running]

    assert [result.exit for result in results] == [0] * 2 * times, results
    version = here.stamped(database_url)
    assert version in (["r0003"], ["r0000"])
    assert here.rows(database_url, "SELECT n FROM counter") == [(int(version[0][1:]),)]
    assert_unlocked(database_url)
