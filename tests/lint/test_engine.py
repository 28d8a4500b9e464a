"""Severities, order, exemptions: what the engine makes of what the rules find."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alembic_migrate.findings import Unrendered
from alembic_migrate.lint.engine import judge
from alembic_migrate.lint.operations import Captured
from tests.lint.conftest import FIRST, CaptureBody, Judge


def codes(judged: Judge, example: str, dialect: str = "postgresql") -> list[str]:
    return [each.code for each in judged(example, dialect)]


def test_findings_are_in_the_order_of_their_lines_and_codes(judged: Judge):
    found = judged("""
        op.create_unique_constraint("uq", "a", ["b"])
        op.drop_table("c")
        op.create_index("ix", "a", ["d"])
        """)
    assert [(each.line - FIRST, each.code) for each in found] == [
        (0, "ADB203"),
        (0, "ADB308"),
        (1, "ADB101"),
        (2, "ADB301"),
    ]


def test_a_finding_tells_its_revision_file_and_statement(judged: Judge):
    (found,) = judged('op.drop_table("a", schema="s")')
    assert (found.revision, found.file.name, found.sql) == (
        "a1",
        "a1_a_step.py",
        ("DROP TABLE s.a",),
    )
    assert found.message.startswith("every row of s.a is lost")


@pytest.mark.parametrize(
    ("severities", "expected"),
    [
        ({}, "error"),
        ({"destructive": "warning"}, "warning"),
        ({"destructive": "off", "drop-table": "warning"}, "warning"),
        ({"drop-table": "off", "ADB101": "warning"}, "warning"),
        ({"ADB101": "off"}, None),
        ({"drop-table": "off"}, None),
        ({"destructive": "off"}, None),
    ],
)
def test_the_nearest_word_decides_the_severity(judged: Judge, severities, expected):
    found = judged('op.drop_table("a")', "sqlite", severities)
    assert [each.severity for each in found] == ([expected] if expected else [])


def test_what_was_not_linted_is_not_silenced_with_its_category(judged: Judge):
    example = 'op.get_bind().execute(sa.text("SELECT 1")).scalar_one()'
    assert [each.code for each in judged(example, "sqlite", {"craft": "off"})] == ["ADB001"]
    assert judged(example, "sqlite", {"not-linted": "off"}) == ()


def test_what_came_before_is_judged_and_the_rest_is_said_not_to_be_linted(judged: Judge):
    found = judged("""
        op.drop_table("a")
        rows = op.get_bind().execute(sa.text("SELECT 1")).all()
        op.drop_table("b")
        """)
    assert [(each.line - FIRST, each.code) for each in found] == [(0, "ADB101"), (1, "ADB001")]
    assert found[1].message.startswith("from here on the revision is not linted: ")


def test_a_revision_that_asks_whether_it_is_offline_is_not_linted_as_a_whole(judged: Judge):
    found = judged("""
        from alembic import context
        if not context.is_offline_mode():
            op.drop_table("a")
        op.drop_table("b")
        """)
    assert [(each.line - FIRST, each.code) for each in found] == [(1, "ADB001"), (3, "ADB101")]
    assert found[0].message == (
        "what the revision does with a connection is not linted: here it asks whether it has one"
    )


def test_a_statement_without_sql_is_not_linted(judged: Judge):
    found = judged("""
        op.execute(sa.table("a", sa.column("b")).update().values(b=object()))
        """)
    assert [each.code for each in found] == ["ADB001"]
    assert found[0].message.startswith("the statement is not linted: ")


def test_a_file_that_is_gone_has_no_suppressions_and_is_judged(captured_body: CaptureBody):
    found = captured_body('op.drop_table("a")  # alembic-db: ignore[ADB101] gone')
    assert [each.suppressed for each in judge(found)] == ["gone"]
    gone = replace(found, file=Path("nowhere.py"))
    assert [(each.code, each.suppressed) for each in judge(gone)] == [("ADB101", None)]


def test_without_a_line_it_is_told_where_upgrade_begins(captured_body: CaptureBody):
    found: Captured = captured_body("pass")
    failed = replace(found, unrendered=Unrendered(None, "it broke"))
    (finding,) = judge(failed)
    assert (finding.line, finding.message) == (
        FIRST - 1,
        "from here on the revision is not linted: it broke",
    )


NEW = 'op.create_table("new", sa.Column("id", sa.Integer), sa.Column("a", sa.Text)'
EXEMPT = [
    'op.create_index("ix", "new", ["a"])',
    'op.create_unique_constraint("uq", "new", ["a"])',
    'op.create_foreign_key("fk", "new", "users", ["a"], ["id"])',
    'op.create_check_constraint("ck", "new", "a > 0")',
    'op.alter_column("new", "a", nullable=False)',
    'op.alter_column("new", "a", existing_type=sa.Text(), type_=sa.Integer())',
    'op.add_column("new", sa.Column("b", sa.Text(), nullable=False, unique=True, index=True))',
    'op.drop_column("new", "a")',
    'op.drop_table("new")',
    'op.rename_table("new", "newer")\nop.drop_column("newer", "a")',
    'op.rename_table("new", "newer")\nop.drop_table("newer")',
    'op.execute("CREATE INDEX ix ON new (a)")',
    'op.execute("DELETE FROM new")',
    'op.execute("INSERT INTO new SELECT id, name FROM users")',
    'op.execute("ALTER TABLE new ALTER a SET NOT NULL, DROP a")',
    'op.bulk_insert(sa.table("new", sa.column("id", sa.Integer)), [{"id": 1}])',
    'with op.batch_alter_table("new") as batch:\n    batch.drop_column("a")',
    'op.create_index("ix", "new", ["a"])\nop.drop_index("ix")',
]


@pytest.mark.parametrize("then", EXEMPT)
def test_a_table_made_in_the_same_revision_is_exempt(judged: Judge, then: str):
    assert codes(judged, f"{NEW})\n{then}") == []
    assert codes(judged, f'{NEW}, schema="s")\n{then}') != []


@pytest.mark.parametrize(
    "made",
    [
        'op.execute("CREATE TABLE new (id int, a text)")',
        'op.execute("CREATE TABLE new AS SELECT id, name AS a FROM users")',
        'with op.batch_alter_table("users") as b:\n    b.add_column(sa.Column("x", sa.Text))\n'
        + NEW
        + ")",
    ],
)
def test_it_may_be_made_by_sql_or_beside_others(judged: Judge, made: str):
    assert codes(judged, f'{made}\nop.drop_column("new", "a")') == []


def test_a_schema_tells_tables_of_one_name_apart(judged: Judge):
    example = f'{NEW}, schema="s")\nop.drop_column("new", "a", schema="s")\nop.drop_table("new")'
    (found,) = judged(example)
    assert (found.code, found.line - FIRST) == ("ADB101", 2)


def test_what_was_dropped_and_made_again_was_there_before(judged: Judge):
    (found,) = judged(f'op.drop_table("new")\n{NEW})\nop.drop_column("new", "a")')
    assert (found.code, found.line - FIRST) == ("ADB101", 0)


def test_a_table_is_a_stranger_before_it_is_made(judged: Judge):
    (found,) = judged(f'op.rename_table("new", "old")\n{NEW})')
    assert found.code == "ADB401"
