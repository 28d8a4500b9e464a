"""A cluster that is lost midway, or asked twice to end: the run is over soon, and says of whom."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess

import pytest

from tests.fleet.dasks import scheduler
from tests.fleet.test_cluster import WAITING, schemas
from tests.safety.histories import finish, started, wait_until

FOUR = ("a", "b", "c", "d")
IMPATIENT = """
from alembic_migrate.fleet import lookout
lookout.PATIENCE, lookout.SILENCE = {patience}, {silence}
"""
SECONDS = 30
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAITING
ANYWAY = "what its workers have begun goes on there; run the command again"


@pytest.fixture
def here(project, postgresql_url):
    return schemas(project(), postgresql_url, FOUR)


@contextlib.contextmanager
def midway(here, *words, script=WAITING, patience=4.0, silence=60.0):
    """Start an upgrade, and give it when a is done, b and c are under way and d waits."""
    for name in "bc":
        here.write(f"special_{name}.py", script.format(here=here.root))
    setup = IMPATIENT.format(patience=patience, silence=silence)
    more = ("--keep-going", "--jobs", "2")
    with started(here, "upgrade", *words, *more, setup=setup) as process:
        wait_until(lambda: all((here.root / f"at_{name}").exists() for name in "bc"), 60)
        yield process


def told(here, process, why, hint):
    """Return the exit status, once it is told of each tenant what is known of it."""
    ended = finish(process, SECONDS)
    assert ended.stderr.partition("Error: ")[2] == (
        "2 of 4 tenants failed: b, c; 1 not tried\n"
        "  a: upgraded to r2 (head), 2 revisions\n"
        f"  b: failed: {why}\n      {hint}\n"
        f"  c: failed: {why}\n      {hint}\n"
        "  d: not tried\n"
    )
    return ended.exit


@pytest.fixture
def cluster(tmp_path):
    with scheduler(tmp_path) as dask, dask.workers(2) as workers:
        try:
            yield dask, workers
        finally:
            for process in (dask.process, workers):  # what waits there is not waited for
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def test_a_scheduler_that_is_lost(here, cluster):
    dask, _ = cluster
    with midway(here, *dask.words) as process:
        dask.process.kill()
        assert told(here, process, "the connection to dask's scheduler was lost", ANYWAY) == 6


def test_a_scheduler_that_answers_no_more(here, cluster):
    dask, _ = cluster
    with midway(here, *dask.words, silence=5) as process:
        dask.process.send_signal(signal.SIGSTOP)
        why = "dask's scheduler has not answered for 5 seconds"
        assert told(here, process, why, ANYWAY) == 6


def test_workers_that_are_all_lost(here, cluster):
    dask, workers = cluster
    with midway(here, *dask.words) as process:
        os.killpg(workers.pid, signal.SIGKILL)
        hint = "what was committed stays; start workers, and run the command again"
        assert told(here, process, "the cluster has had no worker for 4 seconds", hint) == 6


def twice(process, number):
    """Ask to end, and ask again when it was understood."""
    process.send_signal(number)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    process.send_signal(number)


KILLED = "its process was killed (SIGKILL)", "what was committed stays; run the command again"


def test_asked_twice_to_end_the_workers_kill_what_does_not(here, cluster):
    with midway(here, *cluster[0].words, script=DEAF) as process:
        twice(process, signal.SIGINT)
        assert told(here, process, *KILLED) == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_twice_to_end_processes_are_killed(here, number):
    with midway(here, script=DEAF) as process:
        twice(process, number)
        assert told(here, process, *KILLED) == 128 + number


def test_asked_twice_to_end_no_cluster_is_waited_for_that_answers_no_more(here, cluster):
    dask, _ = cluster
    with midway(here, *dask.words) as process:
        dask.process.send_signal(signal.SIGSTOP)
        twice(process, signal.SIGINT)
        hint = "look where the database is, and run the command again"
        why = "whether its process has ended is not known: its worker does not say so"
        assert told(here, process, why, hint) == 130
