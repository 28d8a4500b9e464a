"""ADB313: a command that rewrites or locks a table as a whole.

PostgreSQL, "VACUUM", "CLUSTER", "REINDEX", "REFRESH MATERIALIZED VIEW", "LOCK", and "ALTER TABLE"
(SET LOGGED, SET UNLOGGED, SET TABLESPACE, SET ACCESS METHOD, DETACH PARTITION).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import autocommitted, execute
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import on_existing
from alembic_migrate.lint.wording import LOCK_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured

_ANEW = re.compile(
    r"(?P<what>VACUUM\s*(?:\([^)]*\bFULL\b(?!\s+(?:FALSE|OFF))[^)]*\)|FULL\b)|CLUSTER\b"
    r"|REINDEX\b|REFRESH\s+MATERIALIZED\s+VIEW\b|LOCK\b"
    r"|ALTER\s+TABLE\b.*\b(?P<action>SET\s+(?:LOGGED|UNLOGGED|TABLESPACE|ACCESS\s+METHOD)"
    r"|DETACH\s+PARTITION)\b)",
    re.IGNORECASE | re.DOTALL,
)
_CONCURRENTLY = re.compile(r"\bCONCURRENTLY\b", re.IGNORECASE)


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "execute", "other", "ddl"):
        sql = " ".join(operation.sql)
        found = _ANEW.match(sql)
        if found is None or _CONCURRENTLY.search(sql):
            continue
        what = " ".join((found["action"] or found["what"]).upper().split())
        yield Spot(
            operation.line,
            f"reads or writes wait while {what} has {operation.qualified or 'its table'} to itself",
            _safe(sql, what),
            operation,
        )


def _safe(sql: str, what: str) -> str | None:
    if what in {"REINDEX", "DETACH PARTITION"}:
        place = r"(\bREINDEX\s+(?:\([^)]*\)\s*)?\w+|\bDETACH\s+PARTITION\s+\S+)"
        concurrent = re.sub(place, r"\1 CONCURRENTLY", sql, count=1, flags=re.IGNORECASE)
        return autocommitted(execute(concurrent))
    if what == "REFRESH MATERIALIZED VIEW":
        place = r"(\bREFRESH\s+MATERIALIZED\s+VIEW)"
        return execute(re.sub(place, r"\1 CONCURRENTLY", sql, count=1, flags=re.IGNORECASE))
    return None


RULE = Rule(
    code="ADB313",
    name="blocking-maintenance",
    category="locking",
    summary="A command that writes a table anew, or locks it as a whole.",
    why=f"""
VACUUM FULL, CLUSTER, REINDEX, REFRESH MATERIALIZED VIEW, LOCK, DETACH PARTITION and ALTER TABLE ...
SET LOGGED, UNLOGGED, TABLESPACE or ACCESS METHOD keep others from a table for as long as it takes
to read or write all of it. REINDEX, REFRESH and DETACH can do it CONCURRENTLY (REFRESH needs a
unique index on the view); VACUUM FULL and CLUSTER are better left to pg_repack, outside of
revisions.
{LOCK_TIMEOUT}""",
    look=_look,
    bad='op.execute("REINDEX TABLE orders")',
    good="""
with op.get_context().autocommit_block():
    op.execute("REINDEX TABLE CONCURRENTLY orders")
""",
    dialects=frozenset({"postgresql"}),
)
