"""What is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that ``check`` has to say.

    Attributes:
        code: stable: ``several-heads``, ``pending``, ``model-change``, ``not-imported``, ``drift``.
        message: the finding in words.
        hint: the line that mends it.
        data: further facts, plain JSON values.
    """

    code: str
    message: str
    hint: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """What ``check`` found out about one base.

    Attributes:
        base: the base's name.
        database: the URL with its password masked; None where there is none (with ``scratch_url``
            alone), so that pending revisions were not looked for.
        findings: empty where models, history and database agree.
        compared: whether the models were compared. Without a scratch database they are not while
            revisions are pending, since each of these would look like a change of the models.
        left_out: tables that no revision made and no model knows.
        drift: whether the database was compared with its history.
        unowned: what else is in the database and not in the history, as in ``view titles``.
        tenant: whose database it is, of a base that has tenants; else None.
    """

    base: str
    database: str | None
    findings: tuple[Finding, ...]
    compared: bool
    left_out: tuple[str, ...] = ()
    drift: bool = False
    unowned: tuple[str, ...] = ()
    tenant: str | None = None
