"""One verb over many databases, done by the workers of a cluster of dask."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests import servers
from tests.fleet.dasks import scheduler
from tests.fleet.fleets import write_fleet
from tests.fleet.test_schemas import make_schemas
from tests.projects import Project, environment
from tests.safety.histories import finish, started

pytestmark = pytest.mark.xdist_group("dask")

SIX = ("a", "b", "c", "d", "e", "f")
FAILING = "raise ValueError('not this one')\n"
WAITING = "import pathlib, time\npathlib.Path('{here}/at_' + place).touch()\ntime.sleep(60)\n"
# The worker of dask is the parent of the process that does the work.
LOSING = """
import os, pathlib, signal, time
path = pathlib.Path({here!r}, "losses_" + place)
path.open("a").write("x")
if len(path.read_text()) <= {times}:
    os.kill(os.getppid(), signal.SIGKILL)
    {then}
"""
DIES = "os.kill(os.getpid(), signal.SIGKILL)"
GOES_ON = "time.sleep(2)"


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    with scheduler(tmp_path_factory.mktemp("dask")) as made:
        yield made


@pytest.fixture(scope="module")
def cluster(alone):
    with alone.workers(2):
        yield alone


@pytest.fixture
def here(project, postgresql_url):
    return schemas(project(), postgresql_url)


def schemas(here: Project, url: str, names=SIX) -> Project:
    make_schemas(here, url, names)
    return write_fleet(here, names, place="", url=url)


def not_at_head(here: Project, url: str, names=SIX) -> set[str]:
    """Return those tenants that are not at head."""
    tables = "SELECT schemaname FROM pg_tables WHERE tablename = 'alembic_version'"
    found = {name for (name,) in here.rows(url, tables)}
    for name in list(found):
        if here.rows(url, f"SELECT version_num FROM {name}.alembic_version") != [("r2",)]:
            found.discard(name)
    return set(names) - found


def rows_of(here: Project, url: str, name: str) -> int:
    return here.rows(url, f"SELECT count(*) FROM {name}.note")[0][0]


def without(setup: str, here: Project, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a Python that was prepared."""
    code = f"import sys\n{setup}\nfrom alembic_migrate.cli import main\nsys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=here.root,
        env=environment(here.root),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


IMPATIENT = "from alembic_migrate.fleet import lookout\nlookout.PATIENCE = 1.0"


def test_a_cluster_without_workers_is_an_error(here, alone):
    result = without(IMPATIENT, here, "upgrade", *alone.words)  # before any worker is started

    assert result.returncode == 1
    assert result.stderr == (
        f"Error: dask's scheduler at {alone.address} has no workers\n"
        f"  on each machine, the same project in the same folder: dask worker {alone.address}\n"
    )


def test_workers_do_all_but_what_fails_and_what_is_lost_with_one_is_tried_again(
    here, cluster, postgresql_url
):
    here.write("special_b.py", LOSING.format(here=str(here.root), times=1, then=DIES))
    here.write("special_c.py", FAILING)
    result = here.run("upgrade", *cluster.words, "--keep-going", status=6)

    assert "Error: 1 of 6 tenants failed: c\n" in result.stderr
    assert "ValueError: not this one" in result.stderr
    assert "[b] Warning: its worker was lost; it is tried once more\n" in result.stderr
    assert not_at_head(here, postgresql_url) == {"c"}
    assert here.read("losses_b") == "xx"
    assert rows_of(here, postgresql_url, "b") == 1

    (here.root / "special_c.py").unlink()
    again = here.run("upgrade", *cluster.words)
    assert again.stdout == "".join(
        f"{name}: upgraded to r2 (head), 2 revisions\n"
        if name == "c"
        else f"{name}: already at r2 (head)\n"
        for name in SIX
    )
    lines = again.stderr.splitlines()
    assert lines[:2] == [
        "[c] Running upgrade  -> r1, a step",
        "[c] Running upgrade r1 -> r2, a step",
    ]
    assert len(lines) == 3
    logs = "".join(log.read_text() for log in cluster.folder.glob("*.log"))
    assert servers.PASSWORD not in logs
    assert servers.ENCODED_PASSWORD not in logs


def test_what_is_lost_twice_has_failed_and_what_goes_on_alone_is_not_done_twice(
    here, cluster, postgresql_url
):
    here.write("special_b.py", LOSING.format(here=str(here.root), times=1, then=GOES_ON))
    here.write("special_e.py", LOSING.format(here=str(here.root), times=9, then=DIES))
    words = ("upgrade", *cluster.words, "--keep-going", "--tenant", "b,d,e", "--jobs", "1")
    result = here.run(*words, status=6)

    assert "Error: 1 of 3 tenants failed: e\n" in result.stderr
    said = "e: failed: its worker was lost, and so was the one that tried it again"
    assert said in result.stderr
    assert here.read("losses_e") == "xx"
    assert here.read("losses_b") == "x"
    assert not_at_head(here, postgresql_url, "bde") == {"e"}
    assert rows_of(here, postgresql_url, "b") == 1


def test_what_depends_on_where_a_database_is_is_not_tried_again_and_no_other_begins(
    here, cluster, postgresql_url
):
    here.write("special_a.py", LOSING.format(here=str(here.root), times=9, then=DIES))
    result = here.run("upgrade", "+1", *cluster.words, "--jobs", "1", status=1)

    assert "a: failed: its worker was lost\n" in result.stderr
    assert "f: not tried" in result.stderr
    assert here.read("losses_a") == "x"
    assert not_at_head(here, postgresql_url) == set(SIX)


def test_sigterm_ends_what_the_workers_do(here, cluster, postgresql_url):
    for name in "ab":
        here.write(f"special_{name}.py", WAITING.format(here=here.root))
    with started(here, "upgrade", *cluster.words) as process:
        while not all((here.root / f"at_{name}").exists() for name in "ab"):
            assert process.poll() is None
            time.sleep(0.02)
        process.terminate()
        ended = finish(process)

    assert ended.exit == 143
    assert ended.stderr.count("terminated while revision r1 ran") == 2
    assert "f: not tried" in ended.stderr
    assert not_at_head(here, postgresql_url) == set(SIX)


def test_a_scheduler_that_does_not_answer_is_an_error(here):
    words = ("upgrade", "--executor", "dask", "--scheduler", "tcp://127.0.0.1:1")
    result = without(IMPATIENT, here, *words)

    assert result.returncode == 1
    assert result.stderr.startswith(
        "Error: dask's scheduler at tcp://127.0.0.1:1 does not answer: "
    )
    assert "Traceback" not in result.stderr


def test_a_worker_with_another_version_is_an_error(here, cluster):
    setup = "from alembic_migrate import version\nversion.VERSION = '0.1'"
    result = without(setup, here, "upgrade", *cluster.words)

    assert result.returncode == 1
    assert "has alembic-migrate 3.0.0.dev0, and this command is 0.1\n" in result.stderr
    assert 'on each worker: pip install "alembic-migrate[dask]==0.1"' in result.stderr


def test_what_is_not_installed_is_named(project, command, monkeypatch):
    here = write_fleet(project(), SIX, place="", url="postgresql://nobody@nowhere.invalid/none")
    monkeypatch.setitem(sys.modules, "distributed", None)
    words = ("upgrade", "--executor", "dask", "--scheduler", "tcp://127.0.0.1:1")

    assert 'pip install "alembic-migrate[dask]"' in command(here, *words, status=2).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--executor", "dask"), "--executor dask: which scheduler is not said"),
        (("--scheduler", "tcp://x:1"), "--scheduler tcp://x:1: only dask has one"),
    ],
)
def test_dask_and_its_scheduler_go_together(project, command, words, said):
    here = write_fleet(project(), SIX, place="", url="postgresql://nobody@nowhere.invalid/none")
    assert f"Error: {said}\n" in command(here, "upgrade", *words, status=2).stderr


@contextmanager
def another_network():
    """Give a network namespace, its address and ours on the way there; skip where none is made."""
    ip = shutil.which("ip", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if ip is None or os.geteuid() != 0:
        pytest.skip("a network namespace needs root and ip (apt-get install iproute2)")
    name, part = f"amf{os.getpid()}", os.getpid() % 250
    ours, theirs = f"10.213.{part}.1", f"10.213.{part}.2"

    def run(*words: str) -> None:
        subprocess.run([ip, *words], check=True, capture_output=True)

    try:
        run("netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespace can be made here: {error.stderr.decode().strip()}")
    try:
        run("link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b", "netns", name)
        run("addr", "add", f"{ours}/30", "dev", f"{name}a")
        run("link", "set", f"{name}a", "up")
        run("-n", name, "addr", "add", f"{theirs}/30", "dev", f"{name}b")
        run("-n", name, "link", "set", f"{name}b", "up")
        run("-n", name, "link", "set", "lo", "up")
        yield [ip, "netns", "exec", name], ours, theirs
    finally:
        run("netns", "del", name)


def test_workers_on_two_networks_share_the_work(project, tmp_path):
    names = [f"t{number}" for number in range(4)]
    with ExitStack() as stack:
        inside, ours, theirs = stack.enter_context(another_network())
        rules = stack.enter_context(tempfile.NamedTemporaryFile("w"))
        rules.write("host all all 0.0.0.0/0 scram-sha-256\n")
        rules.flush()
        Path(rules.name).chmod(0o644)
        server = servers.start_postgresql(listen_addresses=f"127.0.0.1,{ours}", hba_file=rules.name)
        stack.callback(server.stop)
        url = stack.enter_context(server.database()).replace("127.0.0.1", ours)
        dask = stack.enter_context(scheduler(tmp_path, ours))
        stack.enter_context(dask.workers(1, host=ours))
        stack.enter_context(dask.workers(1, host=theirs, before=inside))
        here = schemas(project(), url, names)
        for name in names:
            here.write(
                f"special_{name}.py", "import os; print('in', os.readlink('/proc/self/ns/net'))"
            )
        result = here.run("upgrade", *dask.words)

        assert not_at_head(here, url, names) == set()
    networks = {
        line.partition("] in ")[2] for line in result.stderr.splitlines() if "] in " in line
    }
    assert len(networks) == 2
