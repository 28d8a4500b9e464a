"""squawk on the SQL of every rule's examples: what it finds that our rules do not, and why."""

from __future__ import annotations

import pytest

from alembic_migrate.lint.engine import judge
from alembic_migrate.lint.rules import RULES
from alembic_migrate.lint.squawk import Squawk, merged

# What squawk says of examples that are safe, and why our rules do not.
MORE = {
    "ban-drop-constraint": "a constraint that goes refuses nothing that was accepted before",
    "ban-drop-not-null": "code may meet NULL; the change itself loses nothing and waits for nobody",
    "changing-column-type": "the type only widens, and PostgreSQL rewrites nothing",
    "constraint-missing-not-valid": "it takes VALIDATE for the constraint's own transaction",
    "renaming-table": "a view of the old name stands in for the table",
}
OF_POSTGRESQL = [rule for rule in RULES if rule.concerns("postgresql")]


def by_squawk(captured):
    found = merged(judge(captured), Squawk({}, None).judge(captured))
    return {finding.name for finding in found if finding.engine == "squawk"}


@pytest.mark.parametrize("rule", OF_POSTGRESQL, ids=lambda rule: rule.code)
def test_squawk_has_nothing_to_add_to_what_a_rule_finds(rule, captured_body):
    assert by_squawk(captured_body(rule.bad)) == set()


@pytest.mark.parametrize("rule", OF_POSTGRESQL, ids=lambda rule: rule.code)
def test_what_squawk_says_of_a_safe_example_is_known(rule, captured_body):
    assert by_squawk(captured_body(rule.good)) <= MORE.keys()
