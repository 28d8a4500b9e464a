"""What ``lint`` and ``sum`` have to say, as frozen records of plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from alembic_migrate.results import Finding

Category = Literal["destructive", "data-dependent", "locking", "breaking", "craft"]
Severity = Literal["error", "warning", "off"]
Engine = Literal["alembic-db", "squawk"]


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
