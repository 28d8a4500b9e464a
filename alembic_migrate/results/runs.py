"""What ran on a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Step:
    """One revision that ran.

    Attributes:
        revision: the id that was applied, reverted or stamped.
        message: its message.
        seconds: how long it ran, in seconds of wall time.
    """

    revision: str
    message: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Run:
    """What ``upgrade``, ``downgrade``, ``stamp``, ``ensure-version`` or ``resolve`` did to a base.

    Attributes:
        base: the base's name.
        verb: the command.
        database: the URL with its password masked; several, with commas between them, where the
            base's own ``env.py`` runs several databases.
        before: ids in the version table before the run.
        after: ids in the version table after it.
        heads: ids of the folder's heads.
        steps: the revisions that ran, in their order.
        sql: the script, where ``--sql`` asked for it; nothing was run then.
        rehearsed: the steps ran and were rolled back; nothing changed.
        tenant: whose database it is, of a base that has tenants; else None.
    """

    base: str
    verb: Literal["upgrade", "downgrade", "stamp", "ensure-version", "resolve"]
    database: str | None
    before: tuple[str, ...]
    after: tuple[str, ...]
    heads: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    sql: str | None = None
    rehearsed: bool = False
    tenant: str | None = None
