"""lint: what revisions would do to whom, judged before they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.bridge.capturing import capture
from alembic_migrate.bridge.scoping import Scope, in_scope
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.commands.each import each, is_symbol, one
from alembic_migrate.config.problems import nearest
from alembic_migrate.errors import UsageError
from alembic_migrate.events import Event
from alembic_migrate.findings import Lint, LintRule
from alembic_migrate.lint.engine import judge
from alembic_migrate.lint.rule import DEFAULT_SEVERITY
from alembic_migrate.lint.rules import RULES
from alembic_migrate.lint.severities import severities
from alembic_migrate.lint.squawk import Squawk, merged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alembic_migrate.events import Report
    from alembic_migrate.findings import LintFinding
    from alembic_migrate.lint.operations import Captured
    from alembic_migrate.lint.rule import Rule
    from alembic_migrate.targets import Target

    Judge = Callable[[Captured], tuple[LintFinding, ...]]

_KNOWN_TO_SQUAWK = "postgresql"


def lint(
    targets: Sequence[Target], scope: Scope, *, squawk: bool | None, report: Report
) -> tuple[Lint, ...]:
    """Return what the rules find in revisions of each base.

    Args:
        targets: the bases; of one with tenants all of them, where it matters where they are.
        scope: which revisions.
        squawk: ask squawk too; None as the base's configuration says.
        report: is told what happens.

    Raises:
        UsageError: a scope that cannot be, or revisions of one base for several.
        AlembicMigrateError: as ``each``; findings are no errors.
    """
    scope.check()
    if scope.revisions is not None and not is_symbol(scope.revisions):
        one(targets, f"the range {scope.revisions}")
    databases: dict[str, list[Target]] = {}
    for target in targets:
        databases.setdefault(target.name, []).append(target)
    bases = [found[0] for found in databases.values()]
    return each(bases, lambda t: _lint(databases[t.name], scope, squawk, report), keep_going=True)


def _lint(databases: Sequence[Target], scope: Scope, squawk: bool | None, report: Report) -> Lint:
    target = databases[0]
    find = judge_of(target, squawk=squawk)
    scripts = Scripts(target)
    chosen = in_scope(databases, scripts, scope, report)
    dialect = None
    findings: list[LintFinding] = []
    for captured in capture(target, scripts, chosen, report=report) if chosen else ():
        dialect = captured.dialect
        findings += find(captured)
    if squawk and dialect not in {None, _KNOWN_TO_SQUAWK}:
        report(Event("warning", f"squawk knows PostgreSQL, and no {dialect}", target.name))
    # An environment that runs several databases captures a revision once for each of them.
    return Lint(target.name, str(scope), dialect, chosen, tuple(dict.fromkeys(findings)))


def judge_of(target: Target, *, squawk: bool | None = None) -> Judge:
    """Return what finds what there is to say about a revision of a base, as it is configured.

    Args:
        target: the base.
        squawk: ask squawk too; None as the base's configuration says.

    Raises:
        AlembicMigrateError: the configuration names a rule that there is not, or squawk is missing.
    """
    severe = severities(target)
    asks_squawk = bool(target.config["squawk"]) if squawk is None else squawk
    second = Squawk(severe, target.config["squawk_pg_version"]) if asks_squawk else None

    def find(captured: Captured) -> tuple[LintFinding, ...]:
        found = judge(captured, severe)
        if second is not None and captured.dialect == _KNOWN_TO_SQUAWK:
            found = merged(found, second.judge(captured))
        return found

    return find


def rules(asked: str | None = None) -> tuple[LintRule, ...]:
    """Return what there is to know about a rule, by its code or its name, or about all.

    Raises:
        UsageError: there is no such rule.
    """
    found = tuple(rule for rule in RULES if asked is None or asked in {rule.code, rule.name})
    if not found:
        words = [word for rule in RULES for word in (rule.code, rule.name)]
        near = nearest(asked or "", words)
        perhaps = f'did you mean "{near}"? ' if near else ""
        raise UsageError(
            f'there is no rule "{asked}"',
            hint=f"{perhaps}alembic-db lint --explain all lists the rules",
        )
    return tuple(map(_told, found))


def _told(rule: Rule) -> LintRule:
    return LintRule(
        code=rule.code,
        name=rule.name,
        category=rule.category,
        severity=DEFAULT_SEVERITY[rule.category],
        dialects=tuple(sorted(rule.dialects)),
        summary=rule.summary,
        why=rule.why.strip(),
        bad=rule.bad.strip("\n"),
        good=rule.good.strip("\n"),
    )
