"""What ``verify`` asks about a base, and the answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from alembic_migrate.results import Finding, Step

QuestionName = Literal["history", "sum", "up", "models", "down", "again"]
Answered = Literal["ok", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question that ``verify`` asks about a base, and its answer.

    Attributes:
        name: ``history`` (one head, every file loads), ``sum`` (the files are those that were
            summed), ``up`` (every revision runs, from nothing to the heads), ``models`` (the result
            is what the models say), ``down`` (every downgrade leaves what was there before its
            upgrade), ``again`` (after that it runs again, to the same result).
        answer: ``failed`` where there are findings.
        seconds: how long it took, in seconds of wall time.
        findings: what is wrong; their codes are ``several-heads``, ``broken-history``, those of
            ``sum``, ``upgrade-failed``, ``model-change``, ``not-imported``, ``downgrade-failed``,
            ``downgrade-does-nothing``, ``left-behind``, ``second-upgrade-failed`` and
            ``second-upgrade-differs``.
        notes: what is worth knowing and not wrong: ``irreversible``, a downgrade that raises
            ``NotImplementedError``; findings that a comment accepts, with its reason as
            ``accepted``; ``unused-suppression`` and ``unexplained-suppression``, comments that
            accept nothing.
        steps: the revisions that ran, with their times; those of ``down`` and ``again`` too.
        reason: why it was skipped.
    """

    name: QuestionName
    answer: Answered
    seconds: float = 0.0
    findings: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    steps: tuple[Step, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """What ``verify`` found out about one base, on a scratch database.

    Attributes:
        base: the base's name.
        ok: no question failed.
        server: where the scratch database was made: the URL with its password masked; None where
            none was.
        revisions: how many revisions the history has; None where it cannot be read.
        questions: what was asked, in order.
    """

    base: str
    ok: bool
    server: str | None
    revisions: int | None
    questions: tuple[Question, ...]
