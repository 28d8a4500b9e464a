"""Comments that accept what a rule finds, and why it is accepted.

``# alembic-db: ignore[ADB101] reason`` stands on a line of the call, or alone on the line above;
``# alembic-db: ignore-file[ADB101,ADB301] reason`` anywhere in the file. Without a reason it
accepts nothing. What ``verify`` finds in a downgrade is accepted in the same form, under its own
code, where ``def downgrade()`` stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alembic_migrate.lint.source import read

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from alembic_migrate.lint.source import Comment, Source

# What verify finds in one revision's downgrade.
OF_VERIFY = frozenset({"downgrade-does-nothing", "downgrade-failed", "left-behind"})

_MEANT = re.compile(r"#\s*alembic-db\s*:(?P<rest>.*)", re.IGNORECASE)
_WRITTEN = re.compile(
    r"\s*(?P<form>ignore(?:-file)?)\s*\[(?P<codes>[^\]]*)\](?P<reason>.*)", re.IGNORECASE
)
_ANOTHER_COMMENT = re.compile(r"\s#\s.*")


@dataclass(slots=True)
class Suppression:
    """One code in such a comment.

    Attributes:
        line: where the comment stands.
        code: the code in capitals, or ``squawk:`` and the name of one of its rules, or a code of
            ``verify``.
        reason: why; empty where none is given.
        lines: the lines that it is about; None is the whole file.
        used: something was found that it accepts.
    """

    line: int
    code: str
    reason: str
    lines: range | None
    used: bool = False


@dataclass(slots=True)
class Suppressions:
    """What a revision's file accepts.

    Attributes:
        given: each code of each comment.
        misread: lines and texts of comments that are meant to be one and cannot be read.
    """

    given: list[Suppression] = field(default_factory=list)
    misread: list[tuple[int, str]] = field(default_factory=list)

    def reason(self, code: str, line: int) -> str | None:
        """Return why a finding is accepted, and remember that it was; None where it counts."""
        reasons = []
        for each in self.given:
            if each.code == code and (each.lines is None or line in each.lines):
                each.used = True
                reasons.append(each.reason)
        return next((reason for reason in reasons if reason), None)

    def unexplained(self) -> Iterator[Suppression]:
        """Yield the suppressions without a reason."""
        return (each for each in self.given if not each.reason)

    def unused(self, codes: Collection[str]) -> Iterator[Suppression]:
        """Yield those of some codes for which nothing was found."""
        return (each for each in self.given if not each.used and each.code in codes)


def suppressions(path: Path) -> Suppressions:
    """Return what the comments of a revision's file accept; nothing where it cannot be read."""
    found = Suppressions()
    source = read(path)
    for comment in source.comments if source else ():
        meant = _MEANT.search(comment.text)
        if meant is None:
            continue
        written = _WRITTEN.fullmatch(meant["rest"])
        codes = [code.strip() for code in written["codes"].split(",")] if written else []
        if source is None or written is None or not all(codes):
            found.misread.append((comment.line, meant[0].strip()))
            continue
        whole = written["form"].lower() == "ignore-file"
        lines = None if whole else _lines(source, comment)
        reason = _ANOTHER_COMMENT.sub("", written["reason"]).strip(" \t:;,.-")
        for code in codes:
            known = code.upper() if code.upper().startswith("ADB") else code
            found.given.append(Suppression(comment.line, known, reason, lines))
    return found


def _lines(source: Source, comment: Comment) -> range:
    """Return the lines that a comment is about: alone on its line it is about what follows."""
    if not comment.alone:
        return source.lines_of(comment.line)
    if source.is_inside(comment.line):
        return source.lines_of(comment.line)
    alone = {each.line for each in source.comments if each.alone}
    below = comment.line + 1
    while below in alone:
        below += 1
    return source.lines_of(below)
