"""verify: what it finds, what it goes round, and what it leaves alone."""

from __future__ import annotations

import pytest

from tests.projects import revision_text
from tests.servers import asynchronous

ADDS = ("op.add_column('book', sa.Column('n', sa.Integer))", "op.drop_column('book', 'n')")
INDEXES = ("op.create_index('ix_n', 'book', ['n'])", "op.drop_index('ix_n', 'book')")
N = ", sa.Column('n', sa.Integer)"

GOOD = """\
Verified, 3 revisions
  history  ok
  sum      skipped: sum = true is not set
  up       ok
  models   ok
  down     ok
  again    ok
"""


@pytest.mark.parametrize("driver", ["sync", "async"])
def test_a_good_history_is_verified(history, verify, database_url, driver):
    url = database_url if driver == "sync" else asynchronous(database_url)
    here = history(url, ADDS, INDEXES, columns=", sa.Column('n', sa.Integer, index=True)")
    here.write(
        "db.py",
        here.read("db.py").replace(
            "sa.MetaData()", "sa.MetaData(naming_convention={'ix': 'ix_%(column_0_name)s'})"
        ),
    )
    assert verify(here) == GOOD
    assert here.tables(database_url) == []


def answers(text: str) -> dict[str, str]:
    """Return what is said of each question that is not ok, by its name."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines()[1:]:
        if line.startswith("    "):
            found[name] = f"{found.get(name, '')}{line[4:]}\n"
        else:
            name, said = line.split(maxsplit=1)
            if said != "ok" and name != "sum":
                found[name] = f"{said}\n"
    return found


def test_a_downgrade_that_does_nothing_is_found(history, verify, database_url):
    here = history(database_url, (ADDS[0], "pass"), columns=N)
    assert answers(verify(here, status=4)) == {
        "down": "failed\n"
        "the downgrade of revision r2 does nothing: it leaves column book.n\n"
        '  write it, or say that there is no way back: raise NotImplementedError("why")\n',
    }


def test_a_downgrade_that_leaves_something_is_found(history, verify, database_url):
    up = f"{ADDS[0]}\nop.add_column('book', sa.Column('m', sa.Integer))"
    here = history(database_url, (up, ADDS[1]), columns=f"{N}, sa.Column('m', sa.Integer)")
    assert answers(verify(here, status=4)) == {
        "down": "failed\n"
        "the downgrade of revision r2 leaves column book.m\n"
        "  correct it: <root>/migrations/versions/r2.py\n",
    }


def test_what_a_downgrade_does_not_bring_back_is_found(history, verify, database_url):
    drops = ("op.drop_index('ix_n', 'book')", "op.create_index('ix_m', 'book', ['id'])")
    here = history(database_url, ADDS, INDEXES, drops, columns=N)
    said = answers(verify(here, status=4))
    assert said.pop("down").startswith(
        "failed\n"
        "the downgrade of revision r4 leaves index ix_m on book and does not bring back "
        "index ix_n on book\n"
    )


def test_what_a_downgrade_changes_back_wrongly_is_found(history, verify, postgresql_url):
    alters = (
        "op.alter_column('book', 'n', type_=sa.BigInteger)",
        "op.alter_column('book', 'n', type_=sa.SmallInteger)",
    )
    here = history(postgresql_url, ADDS, alters, columns=", sa.Column('n', sa.BigInteger)")
    assert answers(verify(here, status=4))["down"] == (
        "failed\n"
        "the downgrade of revision r3 leaves changed type of column book.n: integer -> smallint\n"
        "  correct it: <root>/migrations/versions/r3.py\n"
    )


def test_an_enum_that_outlives_its_table_is_found(history, verify, postgresql_url):
    up = "op.create_table('mood', sa.Column('m', sa.Enum('a', 'b', name='moods')))"
    here = history(postgresql_url, (up, "op.drop_table('mood')"))
    here.write(
        "db.py",
        here.read("db.py")
        + "sa.Table('mood', metadata, sa.Column('m', sa.Enum('a', 'b', name='moods')))\n",
    )
    assert answers(verify(here, status=4)) == {
        "down": "failed\n"
        "the downgrade of revision r2 leaves type moods\n"
        '  a type is not dropped with its table: op.execute("DROP TYPE moods")\n',
        "again": "skipped: what the downgrades leave behind is in its way\n",
    }


@pytest.mark.parametrize(
    ("up", "down", "left"),
    [
        ("CREATE SCHEMA other", "SELECT 1", "schema other"),
        ("CREATE SEQUENCE numbers", "SELECT 1", "sequence numbers"),
        ("CREATE VIEW ids AS SELECT id FROM book", "SELECT 1", "view ids"),
        (
            "CREATE FUNCTION f() RETURNS INTEGER LANGUAGE sql AS 'SELECT 1'",
            "SELECT 1",
            "function f()",
        ),
    ],
)
def test_objects_that_no_table_holds_are_found(history, verify, postgresql_url, up, down, left):
    here = history(postgresql_url, (f"op.execute({up!r})", f"op.execute({down!r})"))
    said = answers(verify(here, status=4))["down"]
    assert said.splitlines()[1] == f"the downgrade of revision r2 does nothing: it leaves {left}"


def test_a_constraint_that_was_validated_may_stay_so(history, verify, postgresql_url):
    adds = "op.execute('ALTER TABLE book ADD CONSTRAINT ck_id CHECK (id > 0) NOT VALID')"
    drops = "op.execute('ALTER TABLE book DROP CONSTRAINT ck_id')"
    validates = "op.execute('ALTER TABLE book VALIDATE CONSTRAINT ck_id')"
    here = history(postgresql_url, (adds, drops), (validates, "pass"))
    assert answers(verify(here)) == {}


def test_a_long_definition_is_told_on_one_line(history, verify, postgresql_url):
    check = "CHECK (id > 0 " + " ".join(f"AND id <> {number}" for number in range(60)) + ")"
    adds = f"op.execute('ALTER TABLE book ADD CONSTRAINT ck_id {check}')"
    makes = "op.execute('ALTER TABLE book DROP CONSTRAINT ck_id')"
    other = "op.execute('ALTER TABLE book ADD CONSTRAINT ck_id CHECK (id > 1)')"
    here = history(postgresql_url, (adds, makes), (f"{makes}\n{other}", "pass"))
    line = answers(verify(here, status=4))["down"].splitlines()[1]
    assert line.startswith(
        "the downgrade of revision r3 does nothing: it leaves changed definition of check "
        "constraint ck_id on book: CHECK (((id > 0) AND (id <> 0) AND "
    )
    assert line.endswith("...")
    assert len(line) < 300


def test_models_are_asked_for_once_whatever_is_gone_round(history, command, sqlite_url):
    here = history(sqlite_url, ("pass", "raise NotImplementedError"))
    here.write("db.py", "import sqlalchemy as sa\n\nmetadata = sa.MetaData()\n")
    said = command(here, "verify", status=4).stderr
    assert said.count("the base has no tables at all") == 1


def test_a_revision_that_changes_rows_alone_needs_no_downgrade(history, verify, database_url):
    here = history(database_url, ("op.execute('INSERT INTO book VALUES (1)')", "pass"))
    assert answers(verify(here)) == {}


def test_a_revision_that_says_that_there_is_no_way_back_is_gone_round(
    history, verify, database_url
):
    here = history(
        database_url,
        (ADDS[0], "raise NotImplementedError('n is lost')"),
        INDEXES,
        columns=", sa.Column('n', sa.Integer, index=True)",
    )
    here.write(
        "db.py",
        here.read("db.py").replace(
            "sa.MetaData()", "sa.MetaData(naming_convention={'ix': 'ix_%(column_0_name)s'})"
        ),
    )
    text = verify(here)
    assert text.splitlines()[5:7] == [
        "  down     ok",
        "    note: revision r2 says that there is no way back (n is lost)",
    ]
    steps = [
        [step["revision"] for step in question["steps"]]
        for question in verify_json(here, verify)["questions"]
    ]
    # r2 is not undone; what is below it is, on another database.
    assert steps == [[], [], ["r1", "r2", "r3"], [], ["r3", "r1"], ["r1", "r2", "r3"]]


def verify_json(here, verify, status=0):
    import json

    return json.loads(verify(here, "--format", "json", status=status))["bases"][0]


def test_a_downgrade_that_fails_is_found_and_gone_round(history, verify, database_url):
    here = history(
        database_url,
        (ADDS[0], "op.drop_table('nowhere')"),
        ("pass", "op.drop_table('never')"),
        columns=N,
    )
    found = verify_json(here, verify, status=4)["questions"][4]
    assert found["answer"] == "failed"
    assert [
        (each["code"], each["data"]["revision"], each["data"]["line"]) for each in found["findings"]
    ] == [("downgrade-failed", "r3", 16), ("downgrade-failed", "r2", 16)]
    assert found["findings"][0]["message"].startswith(
        "revision r3 failed in downgrade(): <root>/migrations/versions/r3.py:16: "
    )
    assert [step["revision"] for step in found["steps"]] == ["r1"]


def test_a_revision_without_a_downgrade_is_found_and_gone_round(history, verify, sqlite_url):
    here = history(sqlite_url, ADDS, columns=N)
    text = here.read("migrations/versions/r2.py")
    here.write("migrations/versions/r2.py", text.partition("def downgrade")[0])
    assert answers(verify(here, status=4)) == {
        "down": "failed\n"
        "revision r2 has no downgrade(): <root>/migrations/versions/r2.py\n"
        '  write it, or say that there is no way back: raise NotImplementedError("why")\n'
    }


def test_what_one_downgrade_leaves_is_no_fault_of_those_below_it(history, verify, database_url):
    # Without its downgrade the table is not called book when r1 comes to drop it.
    renames = ("op.rename_table('book', 'volume')", "pass")
    here = history(database_url, renames)
    here.write("db.py", here.read("db.py").replace('"book"', '"volume"'))
    assert answers(verify(here, status=4)) == {
        "down": "failed\n"
        "the downgrade of revision r2 does nothing: it leaves table volume and does not bring back "
        "table book\n"
        '  write it, or say that there is no way back: raise NotImplementedError("why")\n',
    }


def test_a_history_that_does_not_go_up_is_told_and_nothing_else_is_asked(
    history, verify, database_url
):
    here = history(database_url, ("op.add_column('nowhere', sa.Column('n', sa.Integer))", "pass"))
    said = answers(verify(here, status=4))
    assert said.pop("up").startswith(
        "failed\nrevision r2 failed in upgrade(): <root>/migrations/versions/r2.py:12: "
    )
    assert said == dict.fromkeys(
        ("models", "down", "again"), "skipped: the history does not go up\n"
    )


def test_models_that_say_something_else_are_told(history, verify, database_url):
    here = history(database_url, columns=N)
    assert answers(verify(here, "--no-down", status=4)) == {
        "models": "failed\nno revision does this: add column book.n\n"
        "  alembic-db migrate --scratch\n"
    }
    change = verify_json(here, verify, status=4)["questions"][3]["findings"][0]
    assert (change["code"], change["data"]["kind"]) == ("model-change", "add_column")


def test_a_second_upgrade_that_fails_or_differs_is_told(history, verify, sqlite_url):
    # The one thing of a SQLite file that no catalogue tells.
    asks = "again = op.get_bind().exec_driver_sql('PRAGMA user_version').scalar()\n"
    asks += "op.execute('PRAGMA user_version = 1')\n"
    here = history(
        sqlite_url,
        (
            f"{asks}op.add_column('book', sa.Column('m' if again else 'n', sa.Integer))",
            "op.get_bind().exec_driver_sql('ALTER TABLE book DROP COLUMN n')",
        ),
        columns=N,
    )
    assert answers(verify(here, status=4)) == {
        "again": "failed\n"
        "upgraded a second time, after the downgrades, it has another result: "
        "add column book.m\n"
        "upgraded a second time, after the downgrades, it has another result: "
        "remove column book.n\n"
    }
    text = here.read("migrations/versions/r2.py").replace(
        "'m' if again else 'n'", "'id' if again else 'n'"
    )
    here.write("migrations/versions/r2.py", text)
    assert answers(verify(here, status=4)) == {
        "again": "failed\n"
        "revision r2 failed in upgrade(): <root>/migrations/versions/r2.py:14: "
        "OperationalError: duplicate column name: id\n"
    }


def test_several_heads_are_told_and_tried_all(history, verify, database_url):
    here = history(database_url, ADDS, columns=f"{N}, sa.Column('m', sa.Integer)")
    here.write(
        "migrations/versions/other.py",
        revision_text(
            "other",
            "r1",
            upgrade="op.add_column('book', sa.Column('m', sa.Integer))",
            downgrade="op.drop_column('book', 'm')",
        ),
    )
    assert answers(verify(here, status=4)) == {
        "history": "failed\nthe history has 2 heads: other, r2\n"
        '  alembic-db merge -m "merge heads"\n',
    }
    here.write("migrations/versions/m.py", revision_text("m", ("r2", "other")))
    assert answers(verify(here)) == {}


def test_a_history_that_cannot_be_read_is_told(history, verify, sqlite_url):
    here = history(sqlite_url)
    here.write("migrations/versions/r2.py", revision_text("r2", "r0"))
    said = verify(here, status=4)
    assert said.startswith("1 finding\n  history  failed\n")
    assert answers(said)["history"].startswith(
        "failed\n<root>/migrations/versions/r2.py: down_revision names 'r0', and there is no such "
        "revision in "
    )
    assert answers(said)["up"] == "skipped: the history cannot be read\n"


def test_revision_files_that_are_not_those_summed_are_told(history, verify, command, sqlite_url):
    here = history(sqlite_url, sum="true")
    command(here, "sum", "--write")
    assert "sum      ok" in verify(here)
    here.write("migrations/versions/r1.py", here.read("migrations/versions/r1.py") + "\n\nX = 1\n")
    assert "  sum      failed\n    revision r1: <root>/" in verify(here, status=4)


@pytest.mark.parametrize("verb", ["verify", "upgrade"])
def test_a_revision_may_import_the_projects_own_modules(history, command, sqlite_url, verb):
    here = history(sqlite_url)
    here.write("shop/__init__.py", "KEY = 'id'\n")
    path = "migrations/versions/r1.py"
    here.write(
        path,
        here.read(path)
        .replace("import sqlalchemy as sa", "import shop\nimport sqlalchemy as sa")
        .replace("'id'", "shop.KEY"),
    )
    command(here, verb)


def test_every_base_is_verified_unless_some_are_chosen(two_bases, verify):
    here = two_bases
    here.write(
        "pyproject.toml",
        here.read("pyproject.toml").replace(
            "[tool.alembic-migrate.bases.app]",
            '[tool.alembic-migrate]\nbase = "app"\n\n[tool.alembic-migrate.bases.app]',
            1,
        ),
    )
    here.write(
        "migrations/app/versions/a.py",
        revision_text(
            "a",
            upgrade="op.create_table('customer', sa.Column('id', sa.Integer, primary_key=True), "
            "sa.Column('name', sa.String(100), nullable=False))\n"
            "op.create_table('purchase', sa.Column('id', sa.Integer, primary_key=True), "
            "sa.Column('customer_id', sa.Integer, sa.ForeignKey('customer.id'), nullable=False))",
            downgrade="op.drop_table('purchase')\nop.drop_table('customer')",
        ),
    )
    here.write("migrations/reporting/versions/r.py", revision_text("r"))
    text = verify(here, "--no-down", status=4)
    assert text == (
        "app: verified, 1 revision\n"
        "  history  ok\n  sum      skipped: sum = true is not set\n  up       ok\n  models   ok\n"
        "\n"
        "reporting: 1 finding, 1 revision\n"
        "  history  ok\n  sum      skipped: sum = true is not set\n  up       ok\n"
        "  models   failed\n"
        "    no revision does this: add table turnover\n"
        "      alembic-db migrate --base reporting --scratch\n"
    )
    assert verify(here, "--no-down", "-q", status=4) == (
        "reporting: no revision does this: add table turnover\n"
        "  alembic-db migrate --base reporting --scratch\n"
    )
    assert verify(here, "--no-down", "-b", "app").startswith("app: verified, 1 revision\n")


ENV = """
    from alembic import context
    from sqlalchemy import create_engine, pool

    from db import metadata

    URL = {url}
    with create_engine(URL, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, target_metadata=metadata{more})
        with context.begin_transaction():
            context.run_migrations()
    """


@pytest.mark.parametrize("more", ["", ", transaction_per_migration=True"])
def test_an_environment_script_of_the_projects_own_is_tried(history, verify, database_url, more):
    url = 'context.config.get_main_option("sqlalchemy.url")'
    here = history(database_url, (ADDS[0], "raise NotImplementedError"), ADDS_M, columns=NM)
    here.write("migrations/env.py", ENV.format(url=url, more=more))
    assert answers(verify(here)) == {"down": "note: revision r2 says that there is no way back\n"}
    assert here.tables(database_url) == []


ADDS_M = ("op.add_column('book', sa.Column('m', sa.Integer))", "op.drop_column('book', 'm')")
NM = f"{N}, sa.Column('m', sa.Integer)"


def test_an_environment_script_that_goes_elsewhere_is_an_error(history, command, database_url):
    here = history(database_url)
    here.write("migrations/env.py", ENV.format(url=repr(database_url), more=""))
    said = command(here, "verify", status=2).stderr
    assert "Error: something connects to another database than the scratch one" in said
    assert here.tables(database_url) == []


# --- findings that a comment accepts ----------------------------------------------------------

EMPTY = "the downgrade of revision r2 does nothing: it leaves column book.n"


def with_comment(here, comment: str):
    """Put a comment on the line of the second revision's downgrade()."""
    path = "migrations/versions/r2.py"
    text = here.read(path)
    here.write(path, text.replace("def downgrade():", f"def downgrade():  {comment}").encode())
    return here


@pytest.mark.parametrize(
    "code", ["downgrade-does-nothing", "ADB503", "ADB503,downgrade-does-nothing"]
)
def test_a_downgrade_that_does_nothing_is_accepted_with_a_reason(history, verify, sqlite_url, code):
    here = history(sqlite_url, (ADDS[0], "pass"), columns=N)
    with_comment(here, f"# alembic-db: ignore[{code}] nobody goes back")
    assert answers(verify(here)) == {
        "down": f"note: {EMPTY}: accepted, nobody goes back\n",
    }


def test_what_a_downgrade_leaves_is_accepted_with_a_reason(history, verify, postgresql_url):
    up = "op.create_table('mood', sa.Column('m', sa.Enum('a', 'b', name='moods')))"
    here = history(postgresql_url, (up, "op.drop_table('mood')"))
    table = "sa.Table('mood', metadata, sa.Column('m', sa.Enum('a', 'b', name='moods')))\n"
    here.write("db.py", here.read("db.py") + table)
    with_comment(here, "# alembic-db: ignore[left-behind] others use it")
    assert answers(verify(here)) == {
        "down": "note: the downgrade of revision r2 leaves type moods: accepted, others use it\n",
        "again": "skipped: what the downgrades leave behind is in its way\n",
    }


def test_a_downgrade_that_fails_or_is_missing_is_accepted_with_a_reason(
    history, verify, sqlite_url
):
    here = history(sqlite_url, (ADDS[0], "raise ValueError('why')"), columns=N)
    with_comment(here, "# alembic-db: ignore[downgrade-failed] it needs rows")
    assert answers(verify(here)) == {
        "down": "note: revision r2 failed in downgrade(): <root>/migrations/versions/r2.py:16: "
        "ValueError: why: accepted, it needs rows\n",
    }
    text = here.read("migrations/versions/r2.py").partition("\n\ndef downgrade")[0]
    above = "# alembic-db: ignore[ADB503] nobody goes back\ndef upgrade("
    here.write("migrations/versions/r2.py", text.replace("def upgrade(", above).encode())
    assert answers(verify(here)) == {
        "down": "note: revision r2 has no downgrade(): <root>/migrations/versions/r2.py: "
        "accepted, nobody goes back\n",
    }


def test_a_comment_without_a_reason_accepts_nothing(history, verify, sqlite_url):
    here = history(sqlite_url, (ADDS[0], "pass"), columns=N)
    with_comment(here, "# alembic-db: ignore[downgrade-does-nothing]")
    assert answers(verify(here, status=4))["down"] == (
        f"failed\n{EMPTY}\n"
        '  write it, or say that there is no way back: raise NotImplementedError("why")\n'
        "note: <root>/migrations/versions/r2.py:15: downgrade-does-nothing is still reported: the "
        "comment that ignores it gives no reason\n"
    )


def test_a_comment_that_accepts_nothing_is_told(history, verify, sqlite_url):
    here = with_comment(
        history(sqlite_url, ADDS, columns=N), "# alembic-db: ignore[left-behind] it is used"
    )
    assert answers(verify(here)) == {
        "down": "note: <root>/migrations/versions/r2.py:15: left-behind finds nothing that the "
        "comment could ignore\n",
    }


def test_what_a_comment_accepts_is_data(history, command, sqlite_url):
    here = history(sqlite_url, (ADDS[0], "pass"), columns=N)
    with_comment(here, "# alembic-db: ignore[downgrade-does-nothing] nobody goes back")
    (answer,) = command(here, "verify", "--format", "json").json["bases"]
    (down,) = [each for each in answer["questions"] if each["name"] == "down"]
    (note,) = down["notes"]
    assert (down["answer"], down["findings"], note["code"], note["data"]["accepted"]) == (
        "ok",
        [],
        "downgrade-does-nothing",
        "nobody goes back",
    )
