"""What ``lint`` and ``sum`` have to say, and what ``lint`` cannot see, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from alembic_migrate.results import Finding

Category = Literal["destructive", "data-dependent", "locking", "breaking", "craft", "squawk"]
Severity = Literal["error", "warning", "off"]
Engine = Literal["alembic-db", "squawk"]

NOT_LINTED = "not-linted"  # the rule about revisions that cannot run without a connection


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One place in a revision where a rule does not hold.

    Attributes:
        code: the rule's stable code: ``ADB101``.
        name: the rule's name in words: ``drop-table``.
        category: what is at stake.
        severity: what the configuration makes of it: ``error`` or ``warning``.
        revision: the revision's id.
        file: the revision's file.
        line: the line in it, counted from 1.
        message: what happens to whom, in the user's own names.
        safe: the safe way, code to paste; None where there is none but to be sure.
        sql: the statements that it is about, without their semicolons; empty where it is about
            the revision as a whole.
        suppressed: the reason that a comment gives for ignoring it; None where it counts.
        engine: who found it.
    """

    code: str
    name: str
    category: Category
    severity: Severity
    revision: str
    file: Path
    line: int
    message: str
    safe: str | None = None
    sql: tuple[str, ...] = ()
    suppressed: str | None = None
    engine: Engine = "alembic-db"


@dataclass(frozen=True, slots=True)
class Lint:
    """What ``lint`` found out about one base.

    Attributes:
        base: the base's name.
        scope: which revisions it was about, in words: ``pending revisions``.
        dialect: SQLAlchemy's name of the database's kind; None where there was nothing to lint.
        revisions: the ids that were linted, first to run first.
        findings: by revision and line; those that a comment accepts are among them.
    """

    base: str
    scope: str
    dialect: str | None
    revisions: tuple[str, ...]
    findings: tuple[LintFinding, ...]

    @property
    def counted(self) -> tuple[LintFinding, ...]:
        """The findings that no comment accepts."""
        return tuple(each for each in self.findings if each.suppressed is None)

    @property
    def not_linted(self) -> frozenset[str]:
        """The revisions of which a part could not be linted, and that nobody accepted."""
        return frozenset(each.revision for each in self.counted if each.name == NOT_LINTED)

    def fails(self, *, strict: bool = False) -> bool:
        """Tell whether a finding is an error; with ``strict``, whether there is any."""
        return any(strict or each.severity == "error" for each in self.counted)


@dataclass(frozen=True, slots=True)
class LintRule:
    """What there is to know about a rule.

    Attributes:
        code: its stable code.
        name: its name in words.
        category: what is at stake.
        severity: what it is where nothing configures it.
        dialects: SQLAlchemy's names of those it is about, sorted; empty: all.
        summary: one line.
        why: what happens to whom, and when it does not matter; Markdown.
        bad: what it finds something in.
        good: the same done safely.
    """

    code: str
    name: str
    category: Category
    severity: Severity
    dialects: tuple[str, ...]
    summary: str
    why: str
    bad: str
    good: str


@dataclass(frozen=True, slots=True)
class SumCheck:
    """How one base's revision files differ from its ``alembic-db.sum``.

    Attributes:
        base: the base's name.
        file: the file of sums, which may not be there.
        kept: the base keeps sums: ``sum = true``.
        revisions: how many revision files there are.
        findings: the differences; their codes are ``sum-missing``, ``sum-conflict``,
            ``sum-unreadable``, ``sum-head``, ``edited-revision``, ``removed-revision`` and
            ``untracked-revision``.
        written: the file was written anew, so that there is no difference any more.
    """

    base: str
    file: Path
    kept: bool
    revisions: int
    findings: tuple[Finding, ...] = ()
    written: bool = False


@dataclass(frozen=True, slots=True)
class Unrendered:
    """Why a function of a revision could not run without a connection.

    Attributes:
        line: the line in the revision's file, or None.
        message: what was raised, in one line.
    """

    line: int | None
    message: str
