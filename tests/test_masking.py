from __future__ import annotations

import pytest

from alembic_migrate.masking import mask, mask_traceback, mask_url, masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://u:secret@h/db", "postgresql://u:***@h/db"),
        ("postgresql+psycopg://u:p@ss@h:5432/db?x=1", "postgresql+psycopg://u:***@h:5432/db?x=1"),
        ("redis://:secret@h", "redis://:***@h"),
        ("pg://u:a/b@h/db", "pg://u:***@h/db"),
        ("('pg://u:it's@h/db',)", "('pg://u:***@h/db',)"),
        ("a pg://u:x@h/a and pg://v:y@i/b", "a pg://u:***@h/a and pg://v:***@i/b"),
        ("pg://u:x@h/a,pg://v:y@i/b", "pg://u:***@h/a,pg://v:***@i/b"),
        ("pg://h/db?user=u&password=x&sslmode=no", "pg://h/db?user=u&password=***&sslmode=no"),
        ("host=h user=u password=x dbname=d", "host=h user=u password=*** dbname=d"),
        ("host=h password='a b\\' c' port=1", "host=h password=*** port=1"),
        ("DRIVER={X 1};SERVER=s;UID=u;PWD=x;", "DRIVER={X 1};SERVER=s;UID=u;PWD=***;"),
        ("{'user': 'u', 'password': 'x'}", "{'user': 'u', 'password': '***'}"),
        ('{"db_password": "x\\"y"}', '{"db_password": "***"}'),
    ],
)
def test_a_password_is_hidden_where_its_structure_shows_it(text, expected):
    assert mask(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE users SET password = 'x' WHERE password='y'",
        "ALTER TABLE users ADD COLUMN password VARCHAR(10)",
        "INSERT INTO t VALUES ('a@b.c')",
        "sqlite:///folder/a@b.db",
        "postgresql://localhost:5432/db",
        "postgresql://user@localhost:5432/db",
        "connection to postgresql://h:1/db failed; mail dba@example.com",
        "table password_reset, column secret",
        "Running upgrade a -> b, password: reset",
    ],
)
def test_sql_names_and_prose_are_handed_on_as_they_are(text):
    assert mask(text) == text


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("pg://u:a b@c@h/db", "pg://u:***@h/db"),
        ("pg://u@h:1/db", "pg://u@h:1/db"),
        ("sqlite:///x:y@z.db", "sqlite:///x:y@z.db"),
        ("sqlite://", "sqlite://"),
        ("not a url", "not a url"),
        ("pg://h/db?password=x", "pg://h/db?password=***"),
        ("mssql+pyodbc:///?odbc_connect=PWD%3Dx", "mssql+pyodbc:///?odbc_connect=***"),
        ("sqlite:///a.db?key=x", "sqlite:///a.db?key=***"),
        ("u:x@h/db", "***@h/db"),
        ("pg//u:x@h/db", "***@h/db"),
    ],
)
def test_a_whole_url_keeps_all_but_its_password(url, expected):
    assert mask_url(url) == expected


def test_a_traceback_hides_literals_given_to_secret_keys_too():
    assert mask_traceback('connect(host="h", password="x")') == (
        'connect(host="h", password="***")'
    )
    assert mask_traceback("PASSWORD = 'x'") == "PASSWORD = '***'"


def test_json_values_are_masked_to_their_depth():
    found = masked({"a": ["pg://u:x@h"], "b": {"c": "pg://u:x@h"}, "d": 1, "e": None})
    assert found == {"a": ["pg://u:***@h"], "b": {"c": "pg://u:***@h"}, "d": 1, "e": None}
