"""What the other tests stand on: private servers, fresh databases, small projects."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine

from tests import projects, servers

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("attempt", [1, 2])
def test_each_test_gets_an_empty_database(project, database_url, attempt):
    assert project().tables(database_url) == []
    project().execute(database_url, "CREATE TABLE left_behind (id INTEGER)")
    assert project().tables(database_url) == ["left_behind"]


@pytest.mark.parametrize("start", [servers.start_postgresql, servers.start_mariadb])
def test_a_database_is_dropped_although_a_connection_to_it_is_open(request, start):
    name = start.__name__.removeprefix("start_")
    server = request.getfixturevalue(f"{name}_server")
    with server.database() as url:
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
        connection = engine.connect()
        connection.exec_driver_sql("CREATE TABLE used (id INTEGER)")
    with pytest.raises(sqlalchemy.exc.OperationalError):
        engine.connect()
    connection.invalidate()
    connection.close()


async def _answer(url: str) -> int:
    engine = create_async_engine(url, poolclass=sqlalchemy.NullPool)
    async with engine.connect() as connection:
        answer: int = (await connection.exec_driver_sql("SELECT 42")).scalar_one()
    await engine.dispose()
    return answer


def test_the_asynchronous_drivers_reach_the_same_database(database_url):
    import asyncio

    assert asyncio.run(_answer(servers.asynchronous(database_url))) == 42


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_a_server_ends_with_its_process_however_that_ends(request, name, how):
    request.getfixturevalue(f"{name}_server")  # skips where it is not installed
    program = (
        f"import time; from tests import servers; server = servers.start_{name}();"
        "print(server.port, server.guard.pid, server.guard.args[2], flush=True); time.sleep(60)"
    )
    tests = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    with tests:
        assert tests.stdout is not None
        port, guard, folder = tests.stdout.readline().split()
        os.kill(tests.pid, how)
    assert _within_seconds(20, lambda: not _runs(int(guard)))
    assert not Path(os.fsdecode(folder)).exists()
    assert _refuses(int(port))


def _runs(pid: int) -> bool:
    """Tell whether a process runs; one that ended and that nobody waited for does not."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _refuses(port: int) -> bool:
    import socket

    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def _within_seconds(seconds, condition) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(condition())


def test_a_stopped_server_answers_no_more_and_leaves_no_folder():
    try:
        server = servers.start_postgresql()
    except servers.Unavailable as missing:
        pytest.skip(str(missing))
    folder = Path(server.guard.args[2])
    assert folder.is_dir()
    server.stop()
    assert not folder.exists()
    assert _refuses(server.port)


def test_a_command_runs_in_a_clean_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("ALEMBIC_BASE", "of_the_developer")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("PATH", "/bin")
    clean = projects.environment(tmp_path, {"LANG": "C", "PYTHONDONTWRITEBYTECODE": None})
    clean.pop("TMPDIR", None)
    clean.pop("LD_LIBRARY_PATH", None)
    home, caches = str(tmp_path), str(tmp_path.parent / "caches")
    assert clean == {
        "PATH": "/bin",
        "LANG": "C",
        "LC_ALL": "C.UTF-8",
        "HOME": home,
        "XDG_CACHE_HOME": caches,
    }


def test_a_project_is_its_files(project):
    made = project({"a.toml": "\n    x = 1\n      y = 2\n", "b/c.bin": b"\xff\r\n"})
    assert made.files() == ["a.toml", "b/c.bin"]
    assert made.read("a.toml") == "x = 1\n  y = 2\n"
    assert (made.root / "b/c.bin").read_bytes() == b"\xff\r\n"


def test_a_command_that_shows_the_password_fails_its_test(monkeypatch, tmp_path):
    fake = tmp_path / "alembic-db"
    fake.write_text(f"#!/bin/sh\necho 'connected as tester:{servers.ENCODED_PASSWORD}'\n")
    fake.chmod(0o755)
    monkeypatch.setattr(projects, "COMMAND", fake)
    with pytest.raises(AssertionError, match="the password is shown"):
        projects.run(cwd=tmp_path)


@pytest.mark.parametrize(
    ("environment", "outcome"), [({}, pytest.skip.Exception), ({"CI": "1"}, pytest.fail.Exception)]
)
def test_a_missing_server_skips_its_tests_but_fails_them_in_ci(monkeypatch, environment, outcome):
    from tests import conftest

    monkeypatch.delenv("CI", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(servers.shutil, "which", lambda *args, **options: None)
    with pytest.raises(outcome, match="MariaDB: apt-get install mariadb-server"):
        next(conftest._running(servers.start_mariadb))
