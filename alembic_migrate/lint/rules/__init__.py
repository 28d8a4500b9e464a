"""The rules, one file each."""

from __future__ import annotations

from alembic_migrate.lint.rules import drop_table

RULES = tuple(sorted((drop_table.RULE,), key=lambda rule: rule.code))
BY_CODE = {rule.code: rule for rule in RULES}
