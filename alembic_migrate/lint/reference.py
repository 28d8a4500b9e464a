"""The rules as Markdown: the README's table and the page of all rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.rule import DEFAULT_SEVERITY
from alembic_migrate.lint.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.rule import Rule

_NAMES = {
    "mariadb": "MariaDB",
    "mysql": "MySQL",
    "postgresql": "PostgreSQL",
}

_PREFACE = """# The rules of lint

Made from the rules themselves, whose examples are also their tests: the rule finds one place in
the first block of each, and nothing in the second. A block is the body of an `upgrade()`, or a
whole file without its header.

A finding is accepted on its line, with a reason: `# alembic-db: ignore[ADB101] reason`; several
codes have commas between them. The comment stands on any line of the call, or alone on the line
above; `# alembic-db: ignore-file[ADB101] reason` is about the whole file. What becomes of a rule
is said in the configuration, by its code, its name or its category: `lint = { ADB301 = "error",
craft = "off" }`.

Nothing is said of a table that the revision itself makes: it is empty, and nobody uses it yet.
"""


def rule_table() -> str:
    """Return a Markdown table of the rules."""
    rows = ["| code | name | what it finds | databases |", "| --- | --- | --- | --- |"]
    for rule in RULES:
        summary = rule.summary.removesuffix(".")
        rows.append(f"| {rule.code} | `{rule.name}` | {summary} | {_databases(rule)} |")
    return "\n".join(rows) + "\n"


def rules_page() -> str:
    """Return the page of all rules, with what happens to whom and the examples."""
    return "\n".join([_PREFACE, *(line for rule in RULES for line in _section(rule))])


def _section(rule: Rule) -> Iterator[str]:
    yield f"## {rule.code} {rule.name}"
    yield ""
    severity = DEFAULT_SEVERITY[rule.category]
    yield f"{rule.category}, {severity} by default, {_databases(rule)}"
    yield ""
    yield f"**{rule.summary}**\n\n{rule.why.strip()}"
    for heading, example in (("It finds", rule.bad), ("It does not find", rule.good)):
        yield f"\n{heading}:\n\n```python\n{example.strip()}\n```"
    yield ""


def _databases(rule: Rule) -> str:
    return ", ".join(_NAMES[each] for each in sorted(rule.dialects)) or "all"
