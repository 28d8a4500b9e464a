"""What a base's configuration makes of the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alembic_migrate.config.problems import nearest
from alembic_migrate.errors import ConfigError
from alembic_migrate.lint.rule import DEFAULT_SEVERITY
from alembic_migrate.lint.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic_migrate.findings import Severity
    from alembic_migrate.targets import Target

SQUAWK: Final = "squawk"


def severities(target: Target) -> Mapping[str, Severity]:
    """Return what the key ``lint`` makes of rules, by their codes, names and categories.

    What begins with ``squawk:`` is the name of one of its rules, and all of them are ``squawk``.

    Raises:
        ConfigError: it names a rule that there is not.
    """
    said: Mapping[str, Severity] = target.config["lint"] or {}
    known = [word for rule in RULES for word in (rule.code, rule.name)]
    known += [*DEFAULT_SEVERITY, SQUAWK]
    for word in said:
        if word not in known and not word.startswith(f"{SQUAWK}:"):
            near = nearest(word, known)
            perhaps = f'did you mean "{near}"? ' if near else ""
            raise ConfigError(
                f'{target.prefix}lint names an unknown rule, "{word}" '
                f"({target.config.origin('lint').text})",
                hint=f"{perhaps}alembic-db lint --explain all lists the rules",
            )
    return said
