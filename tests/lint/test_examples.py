"""The examples of each rule are its tests: one place in the bad one, none in the good one.

What is said of the bad ones stands in ``expected.txt``, which is written by hand like any other
expectation of a test.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from alembic_migrate.lint.rule import DEFAULT_SEVERITY, Rule
from alembic_migrate.lint.rules import BY_CODE, RULES
from tests.lint.conftest import FIRST, Judge

DIALECTS = ("sqlite", "postgresql", "mysql", "mariadb")
CASES = [
    pytest.param(rule, dialect, id=f"{rule.code}-{dialect}")
    for rule in RULES
    for dialect in DIALECTS
    if rule.concerns(dialect)
]


def expected() -> dict[tuple[str, str], str]:
    """Return what ``expected.txt`` says by code and dialect."""
    found = {}
    text = Path(__file__).with_name("expected.txt").read_text()
    for section in text.split("\n=== ")[1:]:
        heading, said = section.split("\n", maxsplit=1)
        code, dialects = heading.split(": ")
        found |= {(code, dialect): said.strip() for dialect in dialects.split(", ")}
    return found


@pytest.mark.parametrize(("rule", "dialect"), CASES)
def test_the_bad_example_has_one_place_and_the_good_one_none(
    rule: Rule, dialect: str, judged: Judge
):
    (finding,) = (each for each in judged(rule.bad, dialect) if each.code == rule.code)
    said = f"{finding.line - FIRST + 1}: {finding.message}\n{finding.safe or ''}"
    assert said.strip() == expected()[rule.code, dialect]
    assert (finding.name, finding.category) == (rule.name, rule.category)
    assert finding.severity == DEFAULT_SEVERITY[rule.category]
    assert finding.suppressed is None
    assert [each for each in judged(rule.good, dialect) if each.code == rule.code] == []


@pytest.mark.parametrize(("rule", "dialect"), CASES)
def test_a_rule_that_is_off_finds_nothing(rule: Rule, dialect: str, judged: Judge):
    found = judged(rule.bad, dialect, {rule.name: "off"})
    assert rule.code not in {each.code for each in found}


def test_codes_and_names_are_one_for_each_rule_and_tell_the_category():
    digits = {"destructive": "1", "data-dependent": "2", "locking": "3", "breaking": "4"}
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
    assert list(BY_CODE) == sorted(BY_CODE)
    for rule in RULES:
        assert rule.code[3] == ("0" if rule.about_lint else digits.get(rule.category, "5"))
        assert rule.summary.endswith(".")
        assert rule.why.strip()


def test_nothing_is_expected_of_what_is_no_case():
    assert set(expected()) == {(case.values[0].code, case.values[1]) for case in CASES}
