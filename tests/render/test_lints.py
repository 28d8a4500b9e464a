from __future__ import annotations

from pathlib import Path

import pytest

from alembic_migrate.findings import LintRule
from alembic_migrate.render.lints import lints, rule, rule_list
from tests.render.records import a_lint, a_lint_finding

WARNING = a_lint_finding(severity="warning", line=4, code="ADB301", name="lock", safe=None)
SQUAWK = a_lint_finding(code="squawk:ban-it", name="ban-it", severity="warning", line=5)


def test_a_finding_has_its_place_and_the_safe_way_below():
    text = lints([a_lint(a_lint_finding(), WARNING, SQUAWK)], named=True)
    assert text == (
        "versions/b.py:3: error ADB101 drop-table: it is lost\n"
        '  op.rename_table("book")\n'
        "\n"
        "  # later\n"
        "versions/b.py:4: warning ADB301 lock: it is lost\n"
        "versions/b.py:5: warning squawk:ban-it: it is lost\n"
        '  op.rename_table("book")\n'
        "\n"
        "  # later\n"
        "app: 1 error, 2 warnings in 1 revision"
    )


def test_a_path_below_the_working_directory_is_relative():
    finding = a_lint_finding(file=Path.cwd() / "versions" / "b.py", safe=None)
    assert lints([a_lint(finding)], named=False).splitlines()[0] == (
        "versions/b.py:3: error ADB101 drop-table: it is lost"
    )


def test_what_is_accepted_is_counted_and_shown_where_more_is_asked_for():
    answer = a_lint(a_lint_finding(suppressed="nobody reads it"), revisions=("a", "b"))
    assert lints([answer], named=False) == "1 accepted in 2 revisions"
    assert lints([answer], named=False, verbose=True) == (
        "versions/b.py:3: accepted ADB101 drop-table: it is lost\n"
        "  accepted: nobody reads it\n"
        "1 accepted in 2 revisions"
    )


def test_what_was_not_linted_is_counted_by_revisions():
    missing = a_lint_finding(name="not-linted", code="ADB001", severity="warning", safe=None)
    text = lints([a_lint(missing, missing, revisions=("a", "b"))], named=False)
    assert text.splitlines()[-1] == "2 warnings in 2 revisions; 1 not linted as a whole"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (a_lint(), "app: no findings in 1 revision"),
        (a_lint(revisions=()), "app: nothing to lint: no pending revisions"),
    ],
)
def test_that_there_is_nothing_is_said(answer, text):
    assert lints([answer], named=True) == text


@pytest.mark.parametrize(
    ("findings", "fails", "strict"),
    [
        ((), False, False),
        ((WARNING,), False, True),
        ((a_lint_finding(),), True, True),
        ((a_lint_finding(suppressed="why"),), False, False),
    ],
)
def test_errors_fail_and_warnings_where_it_is_strict(findings, fails, strict):
    assert a_lint(*findings).fails() is fails
    assert a_lint(*findings).fails(strict=True) is strict


A_RULE = LintRule(
    code="ADB301",
    name="create-index-blocking",
    category="locking",
    severity="warning",
    dialects=("postgresql",),
    summary="An index is made.",
    why="Nobody can write.",
    bad='op.create_index("ix", "t", ["c"])',
    good="with op.get_context().autocommit_block():\n    ...",
)


def test_a_rule_is_told_with_both_examples():
    assert rule(A_RULE) == (
        "ADB301 create-index-blocking: An index is made.\n"
        "locking, warning by default; postgresql\n"
        "\n"
        "Nobody can write.\n"
        "\n"
        "Instead of\n"
        "\n"
        '    op.create_index("ix", "t", ["c"])\n'
        "\n"
        "write\n"
        "\n"
        "    with op.get_context().autocommit_block():\n"
        "        ..."
    )


def test_rules_are_listed_a_line_each():
    assert rule_list([A_RULE]) == "ADB301  create-index-blocking  warning  An index is made."
