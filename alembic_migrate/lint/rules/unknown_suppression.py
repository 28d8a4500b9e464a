"""ADB004: a suppression of a rule that does not exist."""

from __future__ import annotations

import difflib
import itertools
import re
from typing import TYPE_CHECKING

from alembic_migrate.lint.rule import Rule, Spot, told_by_the_engine
from alembic_migrate.lint.suppressions import OF_VERIFY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alembic_migrate.lint.suppressions import Suppressions

# Whether squawk has a rule of a name it has to know itself.
_OF_ANOTHER_ENGINE = re.compile(r"squawk:[a-z0-9-]+")


def spots(accepted: Suppressions, by_code: Mapping[str, Rule]) -> Iterator[Spot]:
    """Yield the suppressions of a file that no rule answers to."""
    for line, text in accepted.misread:
        yield Spot(
            line,
            f"{text!r} is not understood, and ignores nothing",
            "# alembic-db: ignore[ADB101] why that is safe here",
        )
    known = {*by_code, *OF_VERIFY}
    names = {rule.name: code for code, rule in by_code.items()}
    for each in accepted.given:
        if each.code in known or _OF_ANOTHER_ENGINE.fullmatch(each.code):
            continue
        nearest = names.get(each.code) or _nearest(each.code, sorted(known))
        yield Spot(
            each.line,
            f"{each.code} is no rule, so the comment ignores nothing",
            f"# alembic-db: ignore[{nearest}] {each.reason or 'why that is safe here'}",
        )


def _nearest(code: str, codes: Sequence[str]) -> str:
    """Return the code that is most alike, of several that which begins alike for longest."""

    def likeness(one: str) -> tuple[float, int]:
        same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(code, one, strict=False))
        return difflib.SequenceMatcher(None, code, one).ratio(), len(list(same))

    return max(codes, key=likeness)


RULE = Rule(
    code="ADB004",
    name="unknown-suppression",
    category="craft",
    summary="A comment ignores a rule that does not exist, or cannot be read.",
    why="""
A misspelt code ignores nothing. The form is `# alembic-db: ignore[ADB101] reason`, with commas
between several codes, on a line of the call or alone on the line above; `# alembic-db:
ignore-file[ADB101] reason` is about the whole file. What `verify` finds in a downgrade has codes
that are words: `# alembic-db: ignore[left-behind] reason` on the line of `def downgrade()`.
""",
    look=told_by_the_engine,
    bad='op.drop_table("invoices")  # alembic-db: ignore[ADB1001] no release since 4.2 reads it',
    good='op.drop_table("invoices")  # alembic-db: ignore[ADB101] no release since 4.2 reads it',
)
