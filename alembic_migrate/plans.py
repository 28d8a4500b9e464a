"""A plan: what ``upgrade`` would run, as frozen records, and as a file that is kept until then."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_migrate.errors import UsageError
from alembic_migrate.findings import LintFinding, Unrendered
from alembic_migrate.results import as_json
from alembic_migrate.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT = 1


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """One statement of a plan.

    Attributes:
        sql: as ``upgrade --sql`` writes it, its terminator behind it.
        line: the line of the revision's file that it comes from; None for what Alembic adds: the
            version table, BEGIN and COMMIT.
    """

    sql: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedRevision:
    """One revision of a plan.

    Attributes:
        revision: its id.
        message: the first paragraph of its docstring.
        file: its file.
        file_hash: the SHA-256 of the file's text, whatever its line ends.
        statements: what it runs, in order, the version table's statements among them.
        findings: what ``lint`` has to say about it.
        unrendered: what cannot be written as SQL without a connection; empty where the statements
            are all that it runs.
    """

    revision: str
    message: str
    file: Path
    file_hash: str | None
    statements: tuple[PlannedStatement, ...]
    findings: tuple[LintFinding, ...] = ()
    unrendered: tuple[Unrendered, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What ``upgrade`` would run on one database.

    Attributes:
        base: the base's name.
        database: the URL with its password masked; None where there is none to show.
        dialect: SQLAlchemy's name of it; None where nothing would run.
        asked: the revision as it was typed.
        before: ids in the version table now.
        after: ids in it afterwards.
        heads: ids of the folder's heads.
        revisions: what would run, first to run first; empty where there is nothing to do.
        hash: of what the plan would do: it differs where any of this does.
        tenant: whose database it is, of a base that has tenants; else None.
        tag: what the environment script was told, as ``upgrade`` has to tell it.
    """

    base: str
    database: str | None
    dialect: str | None
    asked: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    heads: tuple[str, ...]
    revisions: tuple[PlannedRevision, ...] = ()
    hash: str = ""
    tenant: str | None = None
    tag: str | None = None


def sealed(plan: Plan) -> Plan:
    """Return a plan with its hash."""
    return replace(plan, hash=_fingerprint(plan))


def write(plans: Sequence[Plan], root: Path) -> str:
    """Return plans as the text of a file, whose hash covers all of it.

    Args:
        plans: what ``read`` gives back.
        root: the project's; files below it are named without it.
    """
    document = {
        "plan": FORMAT,
        "version": VERSION,
        "hash": "",
        "bases": [_relative(as_json(plan), root) for plan in plans],
    }
    return _hashed(document)


def read(text: str, name: str) -> tuple[Plan, ...]:
    """Return the plans of a file.

    Args:
        text: what is in it.
        name: what messages call it.

    Raises:
        UsageError: it is no plan, or was changed after it was written.
    """
    make = "write a plan: alembic-db plan --out FILE"
    try:
        document = json.loads(text)
        if document["plan"] != FORMAT:
            said = f"it is of format {document['plan']}, and this version reads {FORMAT}"
            raise UsageError(f"{name} cannot be read as a plan: {said}", hint=make)
        plans = tuple(_plan(entry) for entry in document["bases"])
        written = _hashed(document)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{name} is no plan", hint=make) from None
    # A text that says the same otherwise is refused too: of two keys of one name people read the
    # first and programs the last, and an escaped word is not found by who looks for it.
    if text.strip() != written.strip():
        raise UsageError(
            f"{name} was changed after it was written: what it holds does not fit its hash",
            hint=make,
        )
    return plans


def _plan(entry: dict[str, Any]) -> Plan:
    lists = {key: tuple(entry[key]) for key in ("before", "after", "heads")}
    revisions = tuple(_revision(each) for each in entry["revisions"])
    return Plan(**entry | lists | {"revisions": revisions})


def _revision(entry: dict[str, Any]) -> PlannedRevision:
    changed = {
        "file": Path(entry["file"]),
        "statements": tuple(PlannedStatement(**each) for each in entry["statements"]),
        "findings": tuple(_finding(each) for each in entry["findings"]),
        "unrendered": tuple(Unrendered(**each) for each in entry["unrendered"]),
    }
    return PlannedRevision(**entry | changed)


def _finding(entry: dict[str, Any]) -> LintFinding:
    return LintFinding(**entry | {"file": Path(entry["file"]), "sql": tuple(entry["sql"])})


def _fingerprint(plan: Plan) -> str:
    """Return the hash of what a plan does: neither where its files are, nor what is said of it."""
    said = {
        "base": plan.base,
        "tenant": plan.tenant,
        "tag": plan.tag,
        "dialect": plan.dialect,
        "asked": plan.asked,
        "before": sorted(plan.before),
        "after": sorted(plan.after),
        "revisions": [
            {
                "revision": each.revision,
                "file_hash": each.file_hash,
                "statements": as_json(each.statements),
                "unrendered": as_json(each.unrendered),
            }
            for each in plan.revisions
        ],
    }
    return _sha256(json.dumps(said, sort_keys=True))


def _hashed(document: dict[str, Any]) -> str:
    """Return a document as the text of a file, with the hash of that text in it."""
    without = json.dumps(document | {"hash": ""}, indent=2)
    return json.dumps(document | {"hash": _sha256(without)}, indent=2) + "\n"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _relative(value: Any, root: Path) -> Any:
    """Return a document in which no file below a folder is named with it."""
    if isinstance(value, list):
        return [_relative(each, root) for each in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _relative(each, root) for key, each in value.items()}
    if "file" in changed and Path(changed["file"]).is_relative_to(root):
        changed["file"] = Path(changed["file"]).relative_to(root).as_posix()
    return changed
