"""squawk as a second engine: what it says, at the line of the operation that it is about."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from alembic_migrate.findings import LintFinding
from alembic_migrate.lint.rules import RULES
from alembic_migrate.lint.squawk import SAME, merged
from tests import projects

BODY = """
    op.add_column("author", sa.Column("age", sa.Integer))
    op.execute(
        '''
        UPDATE author SET age = 1; -- a remark'''
    )
    op.execute("ALTER TABLE author ALTER COLUMN age SET DEFAULT 5")
    op.execute("ALTER TABLE author ALTER COLUMN name DROP NOT NULL")
    """
SHOP = """
    from sqlalchemy import Column, Integer, MetaData, Table

    metadata = MetaData()
    Table("book", metadata, Column("id", Integer, primary_key=True))
    """
REVISION = "migrations/versions/a.py"
QUIET = 'lint={craft="off", locking="off", data-dependent="off", breaking="off", destructive="off"}'


@pytest.fixture
def shop(project):
    """``shop(body)`` makes a project whose revision a does that, for a PostgreSQL that is away."""

    def make(body, toml="squawk = true"):
        return project(
            {
                "pyproject.toml": f"""
                    [tool.alembic-migrate]
                    metadata = "shop:metadata"
                    url = "postgresql+psycopg://me@127.0.0.1:1/shop"
                    {toml}
                    """,
                "shop.py": SHOP,
                REVISION: projects.revision_text("a", upgrade=body),
            }
        )

    return make


def found(command, project, *words, status=None):
    """Return line, engine and code of each finding."""
    said = command(project, "lint", "a", "--format", "json", *words, status=status)
    findings = said.json["bases"][0]["findings"]
    return [(each["line"], each["engine"], each["code"]) for each in findings]


def line_of(project, text):
    lines = project.read(REVISION).splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def by_squawk(findings):
    return [(line, code) for line, engine, code in findings if engine == "squawk"]


def test_what_it_says_stands_at_the_line_of_the_operation(shop, command):
    here = shop(BODY)
    assert by_squawk(found(command, here)) == [
        (line_of(here, "DROP NOT NULL"), "squawk:ban-drop-not-null"),
    ]


def test_it_is_asked_by_a_key_or_a_flag_and_not_else(shop, command):
    here = shop(BODY, "")
    assert by_squawk(found(command, here)) == []
    assert len(by_squawk(found(command, here, "--squawk"))) == 1
    assert len(by_squawk(found(command, here, "--set", "squawk=true"))) == 1


def test_its_findings_are_warnings_unless_configured(shop, command):
    here = shop("op.execute('ALTER TABLE author ALTER COLUMN name DROP NOT NULL')")
    command(here, "lint", "a", "--set", QUIET)
    for key in ('"squawk:ban-drop-not-null"', "squawk"):
        error = QUIET.replace("{", f'{{{key}="error", ')
        command(here, "lint", "a", "--set", error, status=4)
        off = QUIET.replace("{", f'{{{key}="off", ')
        assert by_squawk(found(command, here, "--set", off)) == []


def test_what_both_say_of_a_line_is_told_once_by_our_rule(shop, command):
    here = shop('op.drop_table("book")')
    codes = [(engine, code) for _, engine, code in found(command, here)]
    assert ("alembic-db", "ADB101") in codes
    assert by_squawk(found(command, here)) == []


def test_a_rule_of_ours_that_is_off_is_off_in_squawk_too(shop, command):
    here = shop('op.drop_table("book")')
    words = ("--set", 'lint={drop-table="off"}')
    assert by_squawk(found(command, here, *words)) == []
    words = ("--set", 'lint={drop-table="off", "squawk:ban-drop-table"="warning"}')
    assert by_squawk(found(command, here, *words)) == [
        (line_of(here, "drop_table"), "squawk:ban-drop-table")
    ]


def test_what_we_miss_in_a_statement_is_told_by_squawk(shop, command):
    here = shop("""
        op.execute("DO $$ BEGIN END $$")
        op.execute("COMMENT ON TABLE a IS 'x;y'; CREATE DOMAIN d AS integer CHECK (value > 0)")
        """)
    assert by_squawk(found(command, here)) == [
        (line_of(here, "DOMAIN"), "squawk:ban-create-domain-with-constraint"),
    ]


def test_what_squawk_cannot_read_it_says(shop, command):
    here = shop('op.execute("SELECT 1")\nop.execute("SELEC 2")')
    assert set(by_squawk(found(command, here))) == {
        (line_of(here, "SELEC 2"), "squawk:syntax-error")
    }


def test_matters_of_taste_are_off_and_can_be_switched_on(shop, command):
    here = shop('op.create_table("b", sa.Column("id", sa.Integer), sa.Column("t", sa.String(5)))')
    assert by_squawk(found(command, here)) == []
    on = 'lint={"squawk:prefer-text-field"="warning"}'
    line = line_of(here, "create_table")
    assert by_squawk(found(command, here, "--set", on)) == [(line, "squawk:prefer-text-field")]


def test_a_rule_of_squawk_that_there_is_not_is_told(shop, command):
    here = shop('op.drop_table("book")')
    unknown = 'lint={"squawk:ban-everything"="warning"}'
    said = command(here, "lint", "a", "--set", unknown, status=2).stderr
    assert said.startswith("Error: squawk cannot judge revision a: Configuration error: ")
    assert "ban-everything" in said
    assert said.endswith("\n  squawk = false leaves it out\n")


def test_the_configuration_of_the_project_for_squawk_counts_for_nothing(shop, command):
    here = shop(BODY)
    here.write(".squawk.toml", 'excluded_rules = ["ban-drop-not-null"]\n')
    assert len(by_squawk(found(command, here))) == 1


CONCURRENTLY = 'op.create_index("ix", "author", ["age"], postgresql_concurrently=True)'


def test_an_autocommit_block_is_outside_of_the_transaction(shop, command):
    own = 'lint={concurrently-in-transaction="warning"}'
    inside = f"with op.get_context().autocommit_block():\n    {CONCURRENTLY}"
    here = shop(f'op.execute("SELECT 1")\n{inside}')
    assert by_squawk(found(command, here, "--set", own)) == []


def test_the_version_of_postgresql_can_be_said(shop, command):
    here = shop('op.execute("ALTER TABLE author ADD COLUMN age integer DEFAULT 5")')
    assert by_squawk(found(command, here)) == []
    old = by_squawk(found(command, here, "--set", "squawk_pg_version=10.0"))
    assert old == [(line_of(here, "ADD COLUMN"), "squawk:adding-field-with-default")]


def test_another_database_than_postgresql_is_told_where_squawk_was_typed(shop, command):
    here = shop('op.execute("SELECT 1")')
    words = ("lint", "a", "--set", QUIET, "--url", "sqlite:///x.db")
    assert command(here, *words).stderr == ""
    assert command(here, *words, "--squawk").stderr == (
        "Warning: squawk knows PostgreSQL, and no sqlite\n"
    )


def test_a_comment_accepts_what_squawk_finds(shop, command):
    drop = "op.execute('ALTER TABLE author ALTER COLUMN name DROP NOT NULL')"
    here = shop(f"{drop}  # alembic-db: ignore[squawk:ban-drop-not-null] nobody relies on it")
    words = ("lint", "a", "--strict", "--set", QUIET)
    assert command(here, *words).stdout == "1 accepted in 1 revision\n"
    line = line_of(here, "DROP NOT NULL")
    message, accepted, summary = command(here, *words, "-v").stdout.splitlines()
    assert message.startswith(f"{REVISION}:{line}: accepted squawk:ban-drop-not-null: ")
    assert (accepted, summary) == ("  accepted: nobody relies on it", "1 accepted in 1 revision")


@pytest.fixture
def instead(monkeypatch, tmp_path):
    """``instead("exit 1")`` puts a shell script in squawk's place; None takes it away."""

    def put(script):
        folder = tmp_path / "bin"
        folder.mkdir()
        monkeypatch.setattr(sys, "executable", str(folder / "python"))
        if script is not None:
            file = folder / "squawk"
            file.write_text(f"#!/bin/sh\n{script}\n")
            file.chmod(file.stat().st_mode | stat.S_IXUSR)

    return put


def test_without_the_program_the_line_that_installs_it_is_told(shop, command, instead):
    instead(None)
    here = shop(BODY)
    assert command(here, "lint", "a", env={"PATH": "/nowhere"}, status=2).stderr == (
        "Error: squawk is not installed\n"
        "  pip install 'alembic-migrate[squawk]'\n"
        "  or leave it out: squawk = false\n"
    )


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'it is broken' >&2; exit 3", "it is broken"),
        ("echo '[]'; exit 3", None),
        ("echo '{}'", "it printed no answer"),
        ("echo '[1]'", "it printed no answer"),
        ("echo '[{\"line\": 0}]'", "it printed no answer"),
        ("", "it printed no answer"),
    ],
)
def test_its_exit_status_is_not_trusted_but_its_answer(script, said, shop, command, instead):
    instead(script)
    here = shop("op.execute('SELECT 1')")
    done = command(here, "lint", "a", "--set", QUIET, status=0 if said is None else 2)
    assert done.stderr == (
        ""
        if said is None
        else f"Error: squawk cannot judge revision a: {said}\n  squawk = false leaves it out\n"
    )


def test_it_has_a_time_limit(shop, command, instead, monkeypatch):
    monkeypatch.setattr("alembic_migrate.lint.squawk._SECONDS", 0.2)
    instead("exec sleep 20")
    here = shop(BODY)
    assert command(here, "lint", "a", env={"PATH": "/bin:/usr/bin"}, status=2).stderr == (
        "Error: squawk cannot judge revision a: it did not end within 0.2 s\n"
        "  squawk = false leaves it out\n"
    )


def a_finding(name, line, engine="alembic-db"):
    return LintFinding(name, name, "craft", "warning", "a", Path("a.py"), line, "x", engine=engine)


def test_the_findings_of_both_are_merged_by_line():
    ours = [a_finding("drop-table", 3), a_finding("b", 5)]
    theirs = [a_finding(name, line, "squawk") for name, line in (("ban-drop-table", 3), ("c", 4))]
    assert [(each.line, each.name) for each in merged(ours, theirs)] == [
        (3, "drop-table"),
        (4, "c"),
        (5, "b"),
    ]
    assert [each.line for each in merged(ours, [a_finding("ban-drop-table", 4, "squawk")])] == [
        3,
        4,
        5,
    ]


def test_the_rules_that_say_the_same_are_there():
    assert frozenset().union(*SAME.values()) <= {rule.name for rule in RULES}
