"""verify: whether a history does what it should, tried on a scratch database."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

from alembic_migrate.bridge.comparing import differences
from alembic_migrate.bridge.replaying import server_of
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.bridge.staging import Stage
from alembic_migrate.bridge.sums import check_sum
from alembic_migrate.bridge.walking import in_order
from alembic_migrate.commands.descending import Descent, failed_revision
from alembic_migrate.commands.each import each
from alembic_migrate.commands.found import model_change, not_imported, several_heads
from alembic_migrate.databases.catalogue.comparing import compare
from alembic_migrate.errors import AlembicMigrateError, HistoryError, Interrupted
from alembic_migrate.events import Event, quietly
from alembic_migrate.results import Finding
from alembic_migrate.verifications import Question, QuestionName, Verification

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from alembic_migrate.databases.catalogue.items import Catalogue
    from alembic_migrate.events import Report
    from alembic_migrate.results import Step
    from alembic_migrate.targets import Target
    from alembic_migrate.verifications import Answered

QUESTIONS: tuple[QuestionName, ...] = ("history", "sum", "up", "models", "down", "again")
_DOWN: tuple[QuestionName, ...] = ("down", "again")


def verify(targets: Sequence[Target], report: Report, *, down: bool) -> tuple[Verification, ...]:
    """Try each base's history on a scratch database.

    Args:
        targets: the bases.
        report: is told what happens.
        down: try the downgrades too, and the upgrades again after them.

    Raises:
        AlembicMigrateError: as ``each``; findings are no errors.
    """
    asked = tuple(name for name in QUESTIONS if down or name not in _DOWN)

    def work(target: Target) -> Verification:
        with Verifier(target, report) as verifier:
            return verifier.verification(asked)

    return each(targets, work, keep_going=True)


class Skipped(Exception):
    """A question cannot be asked; the text says why."""


class Verifier:
    """The questions about one base, each asked when it is wanted, on one scratch database.

    Args:
        target: the base.
        report: is told what happens.
    """

    def __init__(self, target: Target, report: Report) -> None:
        self.target = target
        self._report = report
        self._answers: dict[QuestionName, Question] = {}
        self._seen: tuple[Catalogue, ...] = ()
        self._server: str | None = None
        self._asks = {
            "history": self._history,
            "sum": self._sum,
            "up": self._up,
            "models": self._models,
            "down": self._down,
            "again": self._again,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the scratch database."""
        if "stage" in self.__dict__:
            self.stage.leave()

    def verification(self, names: Sequence[QuestionName]) -> Verification:
        """Ask questions and return the answers.

        Raises:
            AlembicMigrateError: they cannot be asked: the database cannot be reached, the models
                cannot be imported.
        """
        questions = tuple(self.answer(name) for name in names)
        readable = self._answers["history"].answer == "ok" or "revisions" in self.__dict__
        return Verification(
            base=self.target.name,
            ok=all(each.answer != "failed" for each in questions),
            server=self._server,
            revisions=len(self.revisions) if readable else None,
            questions=questions,
        )

    def answer(self, name: QuestionName) -> Question:
        """Ask one question, and before it those that it depends on; each is asked once.

        Raises:
            AlembicMigrateError: as ``verification``.
        """
        if name not in self._answers:
            self._answers[name] = self._asked(name)
        return self._answers[name]

    def _asked(self, name: QuestionName) -> Question:
        try:
            self._require(name)
            self._report(Event("step", f"Verifying {name}", self.target.name))
            began = time.perf_counter()
            question = self._asks[name]()
        except Skipped as skipped:
            return Question(name, "skipped", reason=str(skipped))
        except Interrupted as error:
            error.hint = "the scratch database was dropped, and nothing else was touched"
            raise
        return replace(question, seconds=time.perf_counter() - began)

    def _require(self, name: QuestionName) -> None:
        if name != "history":
            self.answer("history")
            if "revisions" not in self.__dict__:
                raise Skipped("the history cannot be read")
        if name in {"models", *_DOWN} and self.answer("up").answer != "ok":
            raise Skipped("the history does not go up")
        if name == "again":
            self.answer("down")

    # --- what they depend on --------------------------------------------------------------------

    @cached_property
    def scripts(self) -> Scripts:
        """The revision files."""
        return Scripts(self.target)

    @cached_property
    def revisions(self) -> tuple[str, ...]:
        """The ids in the order in which they go up."""
        return in_order(self.scripts)

    @cached_property
    def stage(self) -> Stage:
        """The scratch database."""
        return Stage(self.target, self.scripts, self.revisions, quietly(self._report))

    @cached_property
    def descent(self) -> Descent:
        """The way down."""
        return Descent(self.stage, self.scripts, self.revisions, self._seen)

    # --- the questions --------------------------------------------------------------------------

    def _history(self) -> Question:
        try:
            with self.scripts.explained():
                heads = self.scripts.get_heads()
            found = several_heads(self.target, heads)
            _ = self.revisions
        except HistoryError as error:
            return _answered("history", (self._broken(error),))
        return _answered("history", found)

    def _sum(self) -> Question:
        if not self.target.config["sum"]:
            raise Skipped("sum = true is not set")
        return _answered("sum", check_sum(self.target))

    def _up(self) -> Question:
        self._server = server_of(self.target)
        self.stage.be_at(0)
        try:
            walked = self.stage.walk(len(self.revisions))
        except HistoryError as error:
            return _answered("up", (self._broken(error),))
        if walked.error is not None:
            failed = failed_revision("upgrade-failed", walked.error)
            return _answered("up", (failed,), walked.steps)
        self._seen = walked.seen
        return _answered("up", (), walked.steps)

    def _models(self) -> Question:
        self.stage.be_at(len(self.revisions))
        with self.stage.used() as there:
            found = differences(there, self.scripts, quietly(self._report))
        return _answered(
            "models",
            (
                *(model_change(self.target, change, " --scratch") for change in found.changes),
                *(not_imported(forgotten) for forgotten in found.forgotten),
            ),
        )

    def _down(self) -> Question:
        self.descent.go()
        descent = self.descent
        answered = _answered("down", tuple(descent.findings), tuple(descent.steps))
        return replace(answered, notes=tuple(descent.notes))

    def _again(self) -> Question:
        if self.descent.left:
            raise Skipped("what the downgrades leave behind is in its way")
        self.stage.be_at(0)
        walked = self.stage.walk(len(self.revisions), looking=False)
        if walked.error is not None:
            failed = failed_revision("second-upgrade-failed", walked.error)
            return _answered("again", (failed,), walked.steps)
        return _answered("again", self._differing(walked.seen[-1]), walked.steps)

    def _differing(self, after: Catalogue) -> tuple[Finding, ...]:
        return tuple(
            Finding(
                "second-upgrade-differs",
                f"upgraded a second time, after the downgrades, it has another result: {one.text}",
                data=one.data,
            )
            for one in compare(self._seen[-1], after)
        )

    def _broken(self, error: AlembicMigrateError) -> Finding:
        message = error.message.removeprefix(self.target.prefix)
        return Finding("broken-history", message, error.hint, error.data)


def _answered(
    name: QuestionName, findings: tuple[Finding, ...], steps: tuple[Step, ...] = ()
) -> Question:
    answer: Answered = "failed" if findings else "ok"
    return Question(name, answer, findings=findings, steps=steps)
