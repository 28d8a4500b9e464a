"""A network that drops or stalls, and servers that are not there yet."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, make_url

from tests.projects import Project
from tests.safety.histories import assert_unlocked, finish, started, wait_until, write
from tests.servers import PASSWORD, USER, _free_port, _temporary_folder, asynchronous

STEPS = ("op.execute('CREATE TABLE a (n INTEGER)')", "op.execute('CREATE TABLE b (n INTEGER)')")
UPGRADED = "Upgraded to r0001 (head), 2 revisions\n"
AT = """\
import pathlib, time
pathlib.Path("at").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.02)
"""


@pytest.fixture(params=["postgresql", "mariadb"])
def server_url(request) -> str:
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["sync", "async"])
def driver(request):
    return asynchronous if request.param == "async" else lambda url: url


def test_a_network_that_is_cut_is_told_as_it_is(project, proxied, server_url):
    proxy = proxied(server_url)
    here = write(project(), proxy.url, STEPS[0], AT + STEPS[1])
    with started(here, "upgrade") as process:
        wait_until((here.root / "at").exists)
        proxy.drop()
        (here.root / "go").touch()
        result = finish(process)

    assert result.exit == 1, result
    assert "Error: revision r0001 failed in upgrade(): " in result.stderr
    left = "  r0000 ran before it and stays: the database is now at r0000\n"
    if server_url.startswith("mysql"):
        left += (
            "  the connection was lost while this statement ran, and the server may have finished "
            "it all the same:\n"
            "    CREATE TABLE b (n INTEGER)\n"
            "  look at the schema before you run it again\n"
        )
    assert result.stderr.endswith(left)
    wait_until(lambda: here.tables(server_url) == ["a", "alembic_version"])
    assert_unlocked(server_url)


@pytest.mark.parametrize("script", ["builtin", "own"])
def test_a_server_that_accepts_and_never_answers_is_left(
    project, command, proxied, driver, server_url, script
):
    proxy = proxied(server_url)
    proxy.stall()
    here = write(project(), driver(proxy.url), *STEPS, connect_timeout=1)
    if script == "own":
        here.write("migrations/env.py", OWN)
    began = time.monotonic()

    result = command(here, "upgrade", status=1)

    assert time.monotonic() - began < 4
    assert "the server did not answer in time" in result.stderr


@pytest.mark.skipif(
    tuple(map(int, psycopg.__version__.split(".")[:3])) < (3, 1, 13),
    reason="psycopg has one limit for all hosts before 3.1.13, and leaves no time for the second",
)
@pytest.mark.parametrize(
    "hosts",
    [
        "host=127.0.0.1:{dead}&host=127.0.0.1:{port}",
        "host=127.0.0.1,127.0.0.1&port={dead},{port}",
    ],
)
def test_a_host_that_does_not_answer_leaves_the_next_one_its_time(
    project, command, proxied, postgresql_url, hosts
):
    dead = proxied(postgresql_url)
    dead.stall()
    port = make_url(postgresql_url).port
    several = postgresql_url.replace(f"127.0.0.1:{port}", "") + "?" + hosts
    several = several.format(dead=dead.port, port=port)
    here = write(project(), several, *STEPS, connect_timeout=2)
    assert command(here, "upgrade").stdout == UPGRADED


def test_a_url_says_its_own_limit_and_a_key_has_the_last_word(
    project, command, proxied, server_url
):
    proxy = proxied(server_url)
    proxy.stall()

    def took(url: str, **keys: object) -> float:
        began = time.monotonic()
        failed = command(write(project(), url, *STEPS, **keys), "upgrade", status=1)
        assert "the server did not answer in time" in failed.stderr
        return time.monotonic() - began

    assert took(f"{proxy.url}?connect_timeout=3") < 8
    assert took(f"{proxy.url}?connect_timeout=60", connect_timeout=2) < 7


OWN = """
    from alembic import context

    if True:
        raise RuntimeError("the lock comes first")
    context.run_migrations()
    """


@pytest.fixture
def pgbouncer(postgresql_server):
    """``pgbouncer("transaction")`` gives a function from a URL to the one that leads through it."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to have it: apt-get install pgbouncer", pytrace=False)
        pytest.skip("apt-get install pgbouncer")
    running = []
    folder = _temporary_folder()  # it runs as another user, who could not enter tmp_path

    def start(mode: str):
        port = _free_port()
        users = folder / "users.txt"
        users.write_text(f'"{USER}" "{PASSWORD}"\n')
        settings = folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n* = host=127.0.0.1 port={postgresql_server.port}\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = scram-sha-256\n"
            f"auth_file = {users}\npool_mode = {mode}\nunix_socket_dir =\n"
            "ignore_startup_parameters = extra_float_digits\n"
        )
        identity = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
        running.append(
            subprocess.Popen(
                [program, settings],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **identity,
            )
        )
        wait_until(lambda: _answers(port))
        return lambda url: url.replace(f":{postgresql_server.port}/", f":{port}/")

    yield start
    for process in running:
        process.kill()
        process.wait()
    shutil.rmtree(folder)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


POOLED = (
    "Error: a connection pooler stands between this machine and PostgreSQL, and a pooler in "
    "transaction mode cannot hold a migration lock\n"
    "  give a URL that leads to the server itself:\n"
    '  migrate_url = "postgresql+psycopg://user:${PASSWORD}@server:5432/name"\n'
    '  or, where the pooler is in session mode: pooler = "session"\n'
)


def test_a_pooler_in_transaction_mode_is_refused_with_the_way_out(
    project, command, pgbouncer, postgresql_url
):
    through = pgbouncer("transaction")
    here: Project = write(project(), through(postgresql_url), *STEPS)
    assert command(here, "upgrade", status=2).stderr == POOLED
    assert here.tables(postgresql_url) == []

    write(here, through(postgresql_url), *STEPS, migrate_url=postgresql_url)
    assert command(here, "upgrade").stdout == UPGRADED

    write(here, through(postgresql_url), *STEPS)
    assert command(here, "upgrade").stdout == "Already at r0001 (head)\n"
    assert "r0001" in command(here, "current").stdout
    assert_unlocked(postgresql_url)


TENANTS = ("acme", 'we "love" 100% SQL')


def of_tenants(project: Project, url: str, direct: str, **keys: object) -> Project:
    """Write a history for two tenants, whose schemas are made."""
    here = write(project, url, *STEPS, **keys)
    file = here.root / "pyproject.toml"
    names = "\n".join(f"'{name}'," for name in TENANTS)
    file.write_text(f"{file.read_text()}\n[tool.alembic-migrate.tenants]\nnames = [\n{names}\n]\n")
    for name in TENANTS:
        quoted = name.replace('"', '""').replace("%", "%%")
        here.execute(direct, f'CREATE SCHEMA "{quoted}"')
    return here


def shared_path(through: str) -> str:
    """Return where the session looks that a pooler gives to its next client."""
    with create_engine(through, poolclass=NullPool).connect() as connection:
        return str(connection.exec_driver_sql("SHOW search_path").scalar_one())


@pytest.mark.parametrize("lock", ["auto", "off"])
def test_a_tenant_is_kept_out_of_a_pooler_in_transaction_mode_without_a_lock_too(
    project, command, pgbouncer, postgresql_url, lock
):
    through = pgbouncer("transaction")(postgresql_url)
    here = of_tenants(project(), through, postgresql_url, lock=lock)
    before = shared_path(through)
    for name in TENANTS:
        refused = command(here, "upgrade", "--tenant", name, status=2)
        assert refused.stderr == POOLED.replace("a migration lock", "a tenant's search path")
    found = "SELECT relname FROM pg_class WHERE relname IN ('a', 'b', 'alembic_version')"
    assert here.rows(postgresql_url, found) == []
    assert shared_path(through) == before


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg", "psycopg2", "pg8000"])
def test_a_tenant_is_read_through_a_pooler_and_nobody_is_left_in_its_schema(
    project, command, pgbouncer, postgresql_url, driver
):
    through = pgbouncer("transaction")(postgresql_url)
    url = through
    if driver != "psycopg":
        pytest.importorskip(driver)
        url = through.replace("+psycopg", f"+{driver}")
    if driver == "asyncpg":
        url += "?prepared_statement_cache_size=0"
    here = of_tenants(project(), url, postgresql_url, migrate_url=postgresql_url)
    before = shared_path(through)
    command(here, "upgrade", "--tenant", TENANTS[1])
    assert command(here, "current").stdout == f"acme: (none)\n{TENANTS[1]}: r0001 (head)\n"
    for others in ([], ["--tenant", TENANTS[1]]):  # one alone has connections of its own
        told = command(here, "check", *others, status=4).stdout
        assert f"{TENANTS[1]}: the models have no table at all, and this history made b\n" in told
        assert bool(others) or "acme: revision r0001 is not in the database: a step\n" in told
    assert shared_path(through) == before


def test_asyncpg_is_refused_behind_a_pooler_as_well(project, command, pgbouncer, postgresql_url):
    through = pgbouncer("transaction")
    url = f"{asynchronous(through(postgresql_url))}?prepared_statement_cache_size=0"
    here = write(project(), url, *STEPS)
    refused = command(here, "upgrade", status=None)
    assert refused.exit == 2, refused
    assert refused.stderr == POOLED


def test_pg8000_is_refused_behind_a_pooler_as_well(project, command, pgbouncer, postgresql_url):
    pytest.importorskip("pg8000")
    through = pgbouncer("transaction")(postgresql_url).replace("+psycopg", "+pg8000")
    refused = command(write(project(), through, *STEPS), "upgrade", status=2)
    assert refused.stderr == POOLED
    direct = postgresql_url.replace("+psycopg", "+pg8000")
    assert command(write(project(), direct, *STEPS), "upgrade").stdout == UPGRADED


def test_a_driver_that_does_not_tell_its_session_is_warned_of_once(
    project, command, monkeypatch, postgresql_url
):
    monkeypatch.setattr("alembic_migrate.locks.pooler.told_number", lambda _raw: None)
    here = write(project(), postgresql_url, *STEPS)
    assert command(here, "upgrade").stderr.splitlines()[0] == (
        "Warning: whether a connection pooler stands between this machine and PostgreSQL is not "
        "known, since the driver psycopg does not tell its server process: through one in "
        'transaction mode no lock holds; pooler = "session" says that there is none of that kind'
    )
    write(here, postgresql_url, *STEPS, STEPS[0].replace("a ", "c "), pooler="session")
    assert "pooler" not in command(here, "upgrade").stderr


def test_a_pooler_in_session_mode_works_when_it_is_named(
    project, command, pgbouncer, postgresql_url
):
    through = pgbouncer("session")
    here = write(project(), through(postgresql_url), *STEPS)
    assert command(here, "upgrade", status=2).stderr == POOLED
    write(here, through(postgresql_url), *STEPS, pooler="session")
    assert command(here, "upgrade").stdout == UPGRADED
    assert_unlocked(postgresql_url)
