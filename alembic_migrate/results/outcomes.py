"""What becomes of each of several bases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from alembic_migrate.errors import AlembicMigrateError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What a command made of one base: a result, an error, or neither where it was not tried."""

    base: str
    result: T | None = None
    error: AlembicMigrateError | None = None
    tenant: str | None = None
