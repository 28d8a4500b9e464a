"""How long connecting may take: what is configured, what a URL says, and for how many hosts."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url

from alembic_migrate.databases.timeouts import ConnectTimeout

DEFAULT, CONFIGURED = ConnectTimeout(), ConnectTimeout(3.0, configured=True)


@pytest.mark.parametrize(
    ("timeout", "driver", "given", "told", "whole"),
    [
        (DEFAULT, "psycopg", {"host": "a"}, 10, 10.0),
        (DEFAULT, "psycopg", {"host": "a", "connect_timeout": "30"}, 30, 30.0),
        (DEFAULT, "psycopg", {"host": "a", "connect_timeout": "0"}, 10, 10.0),
        (DEFAULT, "psycopg", {"host": "a", "connect_timeout": "soon"}, 10, 10.0),
        (CONFIGURED, "psycopg", {"host": "a", "connect_timeout": "30"}, 3, 3.0),
        (DEFAULT, "psycopg2", {"host": "a,b", "port": "1,2"}, 10, 21.0),
        (CONFIGURED, "psycopg", {"host": "a,b,c"}, 3, 10.0),
        (ConnectTimeout(1.0, configured=True), "psycopg", {"host": "a,b"}, 1, 5.0),
        (DEFAULT, "asyncpg", {"host": ["a", "b"]}, 21.0, 21.0),
        (DEFAULT, "asyncpg", {"host": "a", "timeout": "20"}, 20.0, 20.0),
    ],
)
def test_a_driver_is_told_the_limit_of_a_host_and_waited_for_all(
    timeout, driver, given, told, whole
):
    name = "timeout" if driver == "asyncpg" else "connect_timeout"
    assert timeout.given(driver, given) == ({**given, name: told}, whole)


def test_a_driver_whose_limit_has_no_name_is_told_nothing():
    assert DEFAULT.given("pg8000", {"host": "a"}) == ({"host": "a"}, 10.0)


@pytest.mark.parametrize(
    ("url", "seconds"),
    [
        ("postgresql+psycopg://u@a/d", 10.0),
        ("postgresql+psycopg://u@a,b/d", 21.0),
        ("postgresql+psycopg://u@/d?host=a:1&host=b:2&host=c:3", 31.0),
        ("postgresql+psycopg://u@a/d?connect_timeout=25", 25.0),
        ("mysql+pymysql://u@a/d?connect_timeout=4", 4.0),
    ],
)
def test_a_url_tells_its_hosts_and_its_own_limit(url, seconds):
    assert DEFAULT.of_url(make_url(url)) == seconds
