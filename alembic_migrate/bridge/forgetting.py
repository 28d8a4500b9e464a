"""Tables that are not dropped, since their models were probably forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic_migrate.events import Event, Report

if TYPE_CHECKING:
    from alembic_migrate.bridge.environment import Environment


@dataclass(frozen=True)
class Forgotten:
    """A table that is not dropped, since its model was probably forgotten.

    Attributes:
        table: its name.
        message: why.
        hint: what to do.
        file: where its model is, or None.
    """

    table: str
    message: str
    hint: str
    file: str | None


def tell_forgotten(environment: Environment, report: Report) -> tuple[Forgotten, ...]:
    """Report which DROPs were left out because a model was forgotten, and return them."""
    found = [
        Forgotten(
            table,
            f"{file} declares the table {table} and was not imported",
            "import it in import_models(), or name it in models = [...]",
            str(file),
        )
        for table, file in sorted(environment.ownership.undeclared.items())
    ]
    found += [
        Forgotten(
            table,
            f"the models have no table at all, and this history made {table}",
            'are they imported? models = ["package.models.*"]; drop_unowned = true drops it',
            None,
        )
        for table in sorted(environment.ownership.unmodelled)
    ]
    for one in found:
        hint = one.hint[0].upper() + one.hint[1:]
        message = f"{one.message}: its DROP was left out. {hint}"
        report(Event("warning", message, environment.target.label))
    return tuple(found)
