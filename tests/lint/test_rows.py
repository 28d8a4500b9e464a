"""What the data-dependent rules claim, tried on tables with such rows on every database."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, exc, text
from sqlalchemy.engine import Connection

REFUSED = (exc.IntegrityError, exc.OperationalError, exc.DatabaseError)


@pytest.fixture
def users(database_url: str):
    """Two users of one name, without an e-mail."""
    engine = create_engine(database_url)
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE users (id int, name varchar(20), email varchar(20))"))
        connection.execute(text("INSERT INTO users VALUES (1, 'ann', NULL), (2, 'ann', NULL)"))
        connection.commit()
        yield connection
    engine.dispose()


def test_a_required_column_is_refused_or_filled_with_nothing_that_was_chosen(users: Connection):
    statement = text("ALTER TABLE users ADD COLUMN phone varchar(20) NOT NULL")
    if users.dialect.name != "mysql":
        with pytest.raises(REFUSED):
            users.execute(statement)
        return
    users.execute(statement)
    users.execute(text("ALTER TABLE users ADD COLUMN size int NOT NULL"))
    rows = users.execute(text("SELECT phone, size FROM users")).all()
    assert {tuple(row) for row in rows} == {("", 0)}


def test_a_required_column_is_no_trouble_where_there_is_no_row(users: Connection):
    users.execute(text("DELETE FROM users"))
    users.execute(text("ALTER TABLE users ADD COLUMN phone varchar(20) NOT NULL"))


def test_a_column_with_null_cannot_be_required(users: Connection):
    users.execute(text("CREATE TABLE copied (email varchar(20) NOT NULL)"))
    statement = {
        "postgresql": "ALTER TABLE users ALTER email SET NOT NULL",
        "mysql": "ALTER TABLE users MODIFY email varchar(20) NOT NULL",
        "sqlite": "INSERT INTO copied SELECT email FROM users",  # what a batch does
    }[users.dialect.name]
    with pytest.raises(REFUSED):
        users.execute(text(statement))


def test_what_repeats_cannot_be_unique(users: Connection):
    with pytest.raises(REFUSED):
        users.execute(text("CREATE UNIQUE INDEX uq ON users (name)"))


def test_a_column_of_nulls_can_be_unique(users: Connection):
    users.execute(text("CREATE UNIQUE INDEX uq ON users (email)"))


def test_a_view_takes_the_place_of_a_renamed_table(users: Connection):
    users.execute(text("ALTER TABLE users RENAME TO accounts"))
    users.execute(text("CREATE VIEW users AS SELECT * FROM accounts"))
    assert users.execute(text("SELECT count(*) FROM users")).scalar_one() == 2
    insert = text("INSERT INTO users VALUES (3, 'eve', NULL)")
    if users.dialect.name == "sqlite":
        with pytest.raises(exc.OperationalError, match="it is a view"):
            users.execute(insert)
    else:
        users.execute(insert)
        assert users.execute(text("SELECT count(*) FROM accounts")).scalar_one() == 3
