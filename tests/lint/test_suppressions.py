"""Comments that accept findings, where they stand, and what is said of those that do not."""

from __future__ import annotations

import pytest

from tests.lint.conftest import FIRST, Judge

REASON = "no release since 4.2 reads it"


def told(
    judged: Judge, example: str, dialect: str = "postgresql"
) -> list[tuple[int, str, str | None]]:
    """Return line (the body's first is 1), code and accepted reason of each finding."""
    return [
        (each.line - FIRST + 1, each.code, each.suppressed) for each in judged(example, dialect)
    ]


@pytest.mark.parametrize(
    ("example", "line"),
    [
        ('op.drop_table("a")  # alembic-db: ignore[ADB101] {}', 1),
        ('# alembic-db: ignore[ADB101] {}\nop.drop_table("a")', 2),
        ('# alembic-db: ignore[ADB101] {}\n# more of it\nop.drop_table("a")', 3),
        ('op.drop_table(\n    "a",  # alembic-db: ignore[ADB101] {}\n    schema="s",\n)', 1),
        ('op.drop_table(\n    "a",\n    schema="s",\n)  # alembic-db: ignore[ADB101] {}', 1),
        ('op.drop_table(\n    # alembic-db: ignore[ADB101] {}\n    "a",\n)', 1),
        ('op.drop_table("a")  # noqa: X1  # alembic-db: ignore[ADB101] {}', 1),
        ('op.drop_table("a")  # alembic-db: ignore[ADB101] {}  # noqa: X1', 1),
        ('op.drop_table("a")  # alembic-db: ignore[adb101]: {}', 1),
        ('op.drop_table("a"), op.drop_column("b", "c")  #alembic-db:ignore[ ADB101 ,ADB102] {}', 1),
        ('# alembic-db: ignore-file[ADB101] {}\n\nop.drop_table("a")', 3),
        ('op.drop_table("a")\n\n# alembic-db: ignore-file[ADB101,ADB102] {}', 1),
    ],
)
def test_a_finding_is_accepted_on_its_call_or_above_or_for_the_file(judged, example, line):
    found = told(judged, example.replace("{}", REASON))
    assert (line, "ADB101", REASON) in found


def test_only_the_codes_that_are_named_are_accepted(judged: Judge):
    example = f'op.drop_table("a")  # alembic-db: ignore[ADB102] {REASON}'
    assert told(judged, example) == [(1, "ADB003", None), (1, "ADB101", None)]


def test_a_line_further_down_is_not_accepted(judged: Judge):
    example = f'# alembic-db: ignore[ADB101] {REASON}\nop.drop_table("a")\nop.drop_table("b")'
    assert told(judged, example) == [(2, "ADB101", REASON), (3, "ADB101", None)]


def test_a_comment_at_the_end_of_the_line_above_is_about_that_line(judged: Judge):
    example = f'op.f("x")  # alembic-db: ignore[ADB101] {REASON}\nop.drop_table("a")'
    assert told(judged, example) == [(1, "ADB003", None), (2, "ADB101", None)]


def test_a_string_is_no_comment(judged: Judge):
    example = 'op.drop_table("# alembic-db: ignore[ADB101] x")'
    assert told(judged, example) == [(1, "ADB101", None)]


@pytest.mark.parametrize("given", ["", " ", " :", " - ", "  # noqa"])
def test_without_a_reason_nothing_is_accepted(judged: Judge, given: str):
    found = judged(f'op.drop_table("a")  # alembic-db: ignore[ADB101]{given}')
    assert [(each.code, each.suppressed) for each in found] == [("ADB002", None), ("ADB101", None)]


@pytest.mark.parametrize(
    ("comment", "message", "safe"),
    [
        (
            "# alembic-db: ignore ADB101 because",
            "'# alembic-db: ignore ADB101 because' is not understood, and ignores nothing",
            "# alembic-db: ignore[ADB101] why that is safe here",
        ),
        (
            "# alembic-db: ignore[] because",
            "'# alembic-db: ignore[] because' is not understood, and ignores nothing",
            "# alembic-db: ignore[ADB101] why that is safe here",
        ),
        (
            "# alembic-db: ignore[drop-table] because",
            "drop-table is no rule, so the comment ignores nothing",
            "# alembic-db: ignore[ADB101] because",
        ),
        (
            "# alembic-db: ignore[ADB1O1] because",
            "ADB1O1 is no rule, so the comment ignores nothing",
            "# alembic-db: ignore[ADB101] because",
        ),
    ],
)
def test_what_is_no_rule_is_told_with_the_nearest(judged: Judge, comment, message, safe):
    found = {each.code: each for each in judged(f'op.drop_table("a")  {comment}')}
    assert (found["ADB004"].message, found["ADB004"].safe) == (message, safe)
    assert found["ADB101"].suppressed is None


def test_the_rules_of_squawk_are_left_to_squawk(judged: Judge):
    example = 'op.drop_table("a")  # alembic-db: ignore[ADB101,squawk:ban-drop-table] gone'
    assert told(judged, example) == [(1, "ADB101", "gone")]


def test_a_suppression_for_another_database_is_not_unused(judged: Judge):
    example = 'op.create_index("ix", "a", ["b"])  # alembic-db: ignore[ADB301] it is small'
    assert told(judged, example, "postgresql") == [(1, "ADB301", "it is small")]
    assert told(judged, example, "sqlite") == []


def test_a_rule_that_is_off_does_not_make_its_suppression_unused(judged: Judge):
    example = 'op.drop_table("a")  # alembic-db: ignore[ADB101] gone'
    assert judged(example, "sqlite", {"destructive": "off"}) == ()


def test_where_a_part_was_not_linted_no_suppression_is_unused(judged: Judge):
    example = """
        for (number,) in op.get_bind().execute(sa.text("SELECT id FROM a")).all():
            op.execute(f"DELETE FROM b{number}")  # alembic-db: ignore[ADB104] they are copies
        """
    assert told(judged, example) == [(1, "ADB001", None)]


def test_codes_of_verify_are_known_and_left_to_it(judged: Judge):
    example = 'op.f("x")  # alembic-db: ignore[left-behind] others use the type'
    assert told(judged, example) == []
    example = 'op.f("x")  # alembic-db: ignore[left-behin] others use the type'
    (found,) = judged(example, "postgresql")
    assert (found.code, found.safe) == (
        "ADB004",
        "# alembic-db: ignore[left-behind] others use the type",
    )
