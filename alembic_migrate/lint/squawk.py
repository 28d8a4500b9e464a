"""squawk (https://squawkhq.com), a linter of PostgreSQL's SQL, as a second engine.

It is a program of its own that reads SQL. It runs once a revision, with a configuration of ours so
that it sees none of the project's; its exit status is not trusted, only what it prints. What it
says is told at the line of the operation that the statement came from.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_migrate.errors import ConfigError
from alembic_migrate.findings import LintFinding
from alembic_migrate.lint.engine import severity_of
from alembic_migrate.lint.rules import RULES
from alembic_migrate.lint.severities import SQUAWK
from alembic_migrate.lint.suppressions import suppressions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alembic_migrate.findings import Severity
    from alembic_migrate.lint.operations import Captured, Operation

_SECONDS = 30

# Matters of taste, or what this tool does itself: lock_timeout, statement_timeout, a transaction
# around each revision. "squawk:NAME" in the key lint switches one on.
NOISE = frozenset(
    {
        "prefer-big-int",
        "prefer-bigint-over-int",
        "prefer-bigint-over-smallint",
        "prefer-identity",
        "prefer-repack",
        "prefer-robust-stmts",
        "prefer-text-field",
        "prefer-timestamp-tz",
        "ban-char-field",
        "require-enum-value-ordering",
        "require-lock-timeout",
        "require-statement-timeout",
        "require-table-schema",
        "require-timeout-settings",
        "unused-ignore",
    }
)

# Its rules, and those of ours that say the same of the same line.
SAME: Mapping[str, frozenset[str]] = {
    "adding-field-with-default": frozenset({"volatile-default"}),
    "adding-foreign-key-constraint": frozenset({"foreign-key-validated"}),
    "adding-not-nullable-field": frozenset({"require-column", "set-not-null-scan"}),
    "adding-required-field": frozenset({"add-required-column"}),
    "adding-serial-primary-key-field": frozenset({"primary-key-blocking"}),
    "ban-concurrent-index-creation-in-transaction": frozenset({"concurrently-in-transaction"}),
    "ban-uncommitted-transaction": frozenset({"transaction-by-hand"}),
    "ban-drop-column": frozenset({"drop-column"}),
    "ban-drop-schema": frozenset({"drop-schema"}),
    "ban-drop-table": frozenset({"drop-table"}),
    "ban-truncate-cascade": frozenset({"delete-all-rows"}),
    "changing-column-type": frozenset({"narrow-type", "type-rewrite"}),
    "constraint-missing-not-valid": frozenset(
        {
            "check-validated",
            "exclusion-blocking",
            "foreign-key-validated",
            "primary-key-blocking",
            "unique-constraint-blocking",
            "validated-at-once",
        }
    ),
    "disallowed-unique-constraint": frozenset(
        {"exclusion-blocking", "unique-constraint-blocking", "unique-on-rows"}
    ),
    "renaming-column": frozenset({"rename-column"}),
    "renaming-table": frozenset({"rename-table"}),
    "require-concurrent-index-creation": frozenset({"create-index-blocking"}),
    "require-concurrent-index-deletion": frozenset({"drop-index-blocking"}),
    "require-concurrent-reindex": frozenset({"blocking-maintenance"}),
    "transaction-nesting": frozenset({"transaction-by-hand"}),
}

_IN_TRANSACTION = frozenset({"ban-concurrent-index-creation-in-transaction"})


@dataclass(frozen=True, slots=True)
class _Said:
    """One thing that squawk says.

    Attributes:
        rule: its rule's name.
        line: the line of the text, counted from 0.
        message: what is wrong.
        help: what to do, or None.
    """

    rule: str
    line: int
    message: str
    help: str | None

    @classmethod
    def read(cls, item: dict[str, Any]) -> _Said:
        """Return what an object of squawk's JSON says."""
        return cls(item["rule_name"], int(item["line"]), item["message"], item.get("help"))


class Squawk:
    """squawk, found when it is first needed.

    Args:
        severities: what the configuration makes of ``squawk:NAME`` and of ``squawk``.
        pg_version: the version of PostgreSQL that it judges for; None is its own default.
    """

    def __init__(self, severities: Mapping[str, Severity], pg_version: str | None) -> None:
        self._severities = severities
        self._pg_version = pg_version

    def judge(self, captured: Captured) -> tuple[LintFinding, ...]:
        """Return what squawk finds in the SQL of a revision, by line.

        Raises:
            ConfigError: it is not installed, does not end, or prints no answer.
        """
        statements = _statements(captured)
        if not statements:
            return ()
        text, starts = _script(statement for statement, _ in statements)
        accepted = suppressions(captured.file)
        found = []
        for said in self._run(captured, text):
            place = sum(start <= said.line for start in starts) - 1
            statement, operation = statements[max(place, 0)]
            severity = self._severity(said.rule)
            if severity != "off" and not _is_elsewhere(said.rule, operation):
                finding = _finding(captured, said, severity, statement, operation.line)
                reason = accepted.reason(finding.code, finding.line)
                found.append(replace(finding, suppressed=reason))
        return tuple(sorted(found, key=lambda finding: (finding.line, finding.code)))

    def _severity(self, name: str) -> Severity:
        said = self._severities.get(f"{SQUAWK}:{name}")
        if said is not None:
            return said
        ours = [rule for rule in RULES if rule.name in SAME.get(name, ())]
        is_off = ours and all(severity_of(rule, self._severities) == "off" for rule in ours)
        return "off" if is_off or name in NOISE else self._severities.get(SQUAWK, "warning")

    def _settings(self, captured: Captured) -> str:
        """Return its configuration, as TOML."""
        asked = [
            word.removeprefix(f"{SQUAWK}:")
            for word, severity in self._severities.items()
            if word.startswith(f"{SQUAWK}:") and severity != "off"
        ]
        lines = [f"assume_in_transaction = {str(captured.transactional).lower()}"]
        lines += [f"included_rules = {json.dumps(asked)}"] * bool(asked)
        lines += [f"pg_version = {json.dumps(self._pg_version)}"] * bool(self._pg_version)
        return "\n".join(lines) + "\n"

    def _run(self, captured: Captured, text: str) -> list[_Said]:
        with tempfile.TemporaryDirectory(prefix="alembic-db-") as folder:
            configuration = Path(folder, "squawk.toml")
            configuration.write_text(self._settings(captured), encoding="utf-8")
            words = [self._program, "--config", str(configuration), "--reporter", "Json"]
            try:
                done = subprocess.run(
                    words, input=text.encode(), capture_output=True, timeout=_SECONDS, check=False
                )
            except subprocess.TimeoutExpired:
                raise _failed(captured, f"it did not end within {_SECONDS} s") from None
            except OSError as error:
                raise _failed(captured, f"{self._program}: {error.strerror}") from None
        try:
            return [_Said.read(item) for item in _array(json.loads(done.stdout))]
        except (ValueError, TypeError, KeyError):
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise _failed(captured, said[0] if said else "it printed no answer") from None

    @cached_property
    def _program(self) -> str:
        # Beside the Python that runs, also where its environment is not activated.
        beside = str(Path(sys.executable).parent)
        found = shutil.which(SQUAWK, path=beside) or shutil.which(SQUAWK)
        if found is None:
            raise ConfigError(
                "squawk is not installed",
                hint="pip install 'alembic-migrate[squawk]'\nor leave it out: squawk = false",
            )
        return found


def merged(ours: Sequence[LintFinding], theirs: Iterable[LintFinding]) -> tuple[LintFinding, ...]:
    """Return the findings of both by line; what both say of a line is told by our rule."""
    said = {(finding.file, finding.line, finding.name) for finding in ours}
    more = (
        finding
        for finding in theirs
        if not any(
            (finding.file, finding.line, name) in said for name in SAME.get(finding.name, ())
        )
    )
    return tuple(sorted((*ours, *more), key=lambda finding: (finding.line, finding.code)))


def _statements(captured: Captured) -> tuple[tuple[str, Operation], ...]:
    """Return each statement of a revision's operations.

    The COMMIT and BEGIN around an ``autocommit_block`` are no operation's: squawk is told of the
    transaction instead.
    """
    return tuple((sql, operation) for operation in captured.upgrade for sql in operation.sql)


def _script(statements: Iterable[str]) -> tuple[str, list[int]]:
    """Return statements as one text, and the line on which each begins, counted from 0.

    A semicolon has a line of its own, which a comment at the end of a statement cannot swallow, and
    a blank line below: so it does not matter whether lines are counted from 0 or from 1.
    """
    text = ""
    starts = []
    for statement in statements:
        starts.append(text.count("\n"))
        text += f"{statement}\n;\n\n"
    return text, starts


def _array(answer: Any) -> list[dict[str, Any]]:
    if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
        raise TypeError("squawk answers with an array of objects")
    return answer


def _is_elsewhere(rule: str, operation: Operation) -> bool:
    """Tell whether a rule is about the transaction that an ``autocommit_block`` is not in."""
    return rule in _IN_TRANSACTION and operation.autocommit


def _finding(
    captured: Captured, said: _Said, severity: Severity, statement: str, line: int
) -> LintFinding:
    return LintFinding(
        code=f"{SQUAWK}:{said.rule}",
        name=said.rule,
        category=SQUAWK,
        severity=severity,
        revision=captured.revision,
        file=captured.file,
        line=line,
        message=said.message,
        safe=said.help,
        sql=(statement,),
        engine=SQUAWK,
    )


def _failed(captured: Captured, said: str) -> ConfigError:
    return ConfigError(
        f"squawk cannot judge revision {captured.revision}: {said}",
        hint="squawk = false leaves it out",
    )
