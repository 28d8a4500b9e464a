"""--wait: for a database that is still starting, whatever it says meanwhile, and nothing else."""

from __future__ import annotations

import errno
import socket
import threading
import time
from importlib.util import find_spec

import pytest
from sqlalchemy import make_url

from alembic_migrate.databases.starting import is_starting
from tests.projects import Project
from tests.safety import proxies
from tests.safety.histories import wait_until, write

STEPS = ("op.execute('CREATE TABLE a (n INTEGER)')", "op.execute('CREATE TABLE b (n INTEGER)')")
UPGRADED = "Upgraded to r0001 (head), 2 revisions\n"
POSTGRESQL = ["psycopg", "asyncpg", "psycopg2", "pg8000"]
DRIVERS = [*POSTGRESQL, "pymysql", "aiomysql", "asyncmy"]
OTHERS = {"psycopg2", "pg8000", "asyncmy"}  # tried where somebody has installed them
# pg8000 leaves a socket to the garbage collector where it could not connect.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
AWAY = ["closing", "closing_later", "resetting", "resetting_later"]


@pytest.fixture(params=DRIVERS)
def url(request) -> str:
    """A database, by each driver."""
    driver = request.param
    if driver in OTHERS and find_spec(driver) is None:
        pytest.skip(f"pip install {driver}")
    kind = "postgresql" if driver in POSTGRESQL else "mariadb"
    plain = make_url(request.getfixturevalue(f"{kind}_url"))
    return by(plain.set(drivername=f"{plain.get_backend_name()}+{driver}"))


def by(url) -> str:
    return url.render_as_string(hide_password=False)


def waited_for(here: Project, command, up) -> None:
    """Begin to wait, let the database come up meanwhile, and see it upgraded."""
    threading.Thread(target=up).start()
    assert command(here, "upgrade", "--wait", "60").stdout == UPGRADED


@pytest.mark.parametrize("away", AWAY)
def test_a_server_that_turns_connections_away_is_waited_for(project, command, proxied, url, away):
    """As what stands before a container does while the server inside is not up."""
    proxy = proxied(url, away=getattr(proxies, away))
    here = write(project(), proxy.url, *STEPS)

    def up():
        wait_until(lambda: proxy.turned_away > 1)
        proxy.open()

    waited_for(here, command, up)


def test_a_server_that_says_that_it_is_starting_is_waited_for(project, command, proxied, url):
    if not url.startswith("postgresql"):
        pytest.skip("MySQL says nothing of the kind")
    proxy = proxied(url, away=proxies.starting_up)
    here = write(project(), proxy.url, *STEPS)

    def up():
        wait_until(lambda: proxy.turned_away > 2)
        proxy.open()

    waited_for(here, command, up)


def test_a_server_that_is_not_there_yet_is_waited_for(project, command, proxied, url):
    proxy = proxied(url, listening=False)
    here = write(project(), proxy.url, *STEPS)
    command(here, "upgrade", status=1)
    threading.Timer(1, proxy.listen).start()

    assert command(here, "upgrade", "--wait", "60").stdout == UPGRADED


def test_a_server_that_says_nothing_yet_is_waited_for(project, command, proxied, url):
    proxy = proxied(url)
    proxy.stall()
    here = write(project(), proxy.url, *STEPS, connect_timeout=1)
    threading.Timer(1.5, proxy.go_on).start()

    assert command(here, "upgrade", "--wait", "60").stdout == UPGRADED


def test_a_server_that_does_not_come_is_left_after_the_time_given(project, command, proxied, url):
    here = write(project(), proxied(url, listening=False).url, *STEPS)
    began = time.monotonic()
    result = command(here, "upgrade", "--wait", "1", status=1)
    assert 1 < time.monotonic() - began < 5
    assert "nothing answers at that address" in result.stderr


@pytest.mark.parametrize("wrong", ["password", "database"])
def test_what_waiting_does_not_mend_is_told_at_once(project, command, url, wrong):
    right, name = make_url(url), "no_such_database"
    wrongly = right.set(password="wrong") if wrong == "password" else right.set(database=name)
    here = write(project(), by(wrongly), *STEPS)
    began = time.monotonic()

    result = command(here, "upgrade", "--wait", "60", status=1)

    assert time.monotonic() - began < 30
    told = "refuses the user or the password" if wrong == "password" else "no such database"
    assert told in result.stderr


def test_a_host_that_nobody_has_is_told_at_once(project, command, url):
    name = "no-such-host.invalid"
    try:
        socket.getaddrinfo(name, None)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            pytest.skip("no resolver answers here")
    here = write(project(), by(make_url(url).set(host=name)), *STEPS)
    began = time.monotonic()

    result = command(here, "upgrade", "--wait", "60", status=1)

    assert time.monotonic() - began < 30
    assert name in result.stderr


def test_a_resolver_that_does_not_answer_is_waited_for():
    url = make_url("postgresql+asyncpg://host/name")
    assert is_starting(socket.gaierror(socket.EAI_AGAIN, "try again"), url)
    assert not is_starting(socket.gaierror(socket.EAI_NONAME, "not known"), url)


def test_a_socket_that_is_not_there_yet_is_waited_for_and_a_certificate_is_not():
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory")
    assert is_starting(missing, make_url("postgresql+asyncpg://me@/name?host=/run/postgresql"))
    assert is_starting(missing, make_url("postgresql+asyncpg:///name"))
    assert is_starting(missing, make_url("mysql+aiomysql:///name?unix_socket=/run/mysqld.sock"))
    assert not is_starting(missing, make_url("postgresql+asyncpg://host/name?sslrootcert=ca.pem"))


def test_the_addresses_of_one_host_are_looked_at_together():
    url = make_url("postgresql+asyncpg://localhost/name")
    both = "Multiple exceptions: [Errno {}] Connect call failed, [Errno {}] Connect call failed"
    assert is_starting(OSError(both.format(errno.EADDRNOTAVAIL, errno.ECONNREFUSED)), url)
    assert not is_starting(OSError(both.format(errno.EACCES, errno.EADDRNOTAVAIL)), url)


def test_a_server_that_wants_no_tls_has_answered():
    url = make_url("postgresql+asyncpg://host/name")
    said = 'PostgreSQL server at "host:5432" rejected SSL upgrade'
    assert not is_starting(ConnectionError(said), url)
    assert is_starting(ConnectionError("unexpected connection_lost() call"), url)
