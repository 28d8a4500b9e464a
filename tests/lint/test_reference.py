"""The page of the rules is made from them."""

from __future__ import annotations

from alembic_migrate.lint.reference import rules_page
from alembic_migrate.lint.rules import RULES
from tests import documentation


def test_the_page_of_the_rules_is_as_they_are():
    written = documentation.RULES.read_text(encoding="utf-8")
    assert rules_page() == written, "python -m tests.documentation writes it anew"


def test_every_rule_has_a_section_of_its_own():
    headings = [line for line in rules_page().splitlines() if line.startswith("## ")]
    assert headings == [f"## {rule.code} {rule.name}" for rule in RULES]
