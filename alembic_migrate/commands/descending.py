"""The way down: what each downgrade leaves of what its upgrade did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic_migrate.commands.accepting import Accepting
from alembic_migrate.databases.catalogue.comparing import compare
from alembic_migrate.results import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.bridge.staging import Stage, Walked
    from alembic_migrate.databases.catalogue.comparing import Difference
    from alembic_migrate.databases.catalogue.items import Catalogue
    from alembic_migrate.errors import MigrationError
    from alembic_migrate.results import Step

_SHOWN = 5  # things that a message names; the data have them all
_LONGEST = 200  # characters that are said of one of them
_WRITE_IT = 'write it, or say that there is no way back: raise NotImplementedError("why")'


class Descent:
    """A history on its way down, from its heads to nothing.

    A revision whose downgrade fails is gone round: the way goes on below it, on another scratch
    database. Where a downgrade left something behind, one that fails below it is tried again
    without that.

    Args:
        stage: the scratch database.
        scripts: the revision files.
        order: the ids of all revisions in the order in which they go up.
        seen: what was there on the way up before each revision, and at the end.

    Attributes:
        findings: downgrades that fail, do nothing, or leave something behind.
        notes: downgrades that say that there is no way back; what comments accept, and comments
            that accept nothing.
        steps: the downgrades that ran.
        left: what lies about on the stage that was not there on the way up.
    """

    def __init__(
        self, stage: Stage, scripts: Scripts, order: Sequence[str], seen: Sequence[Catalogue]
    ) -> None:
        self.findings: list[Finding] = []
        self.notes: list[Finding] = []
        self.steps: list[Step] = []
        self.left: set[tuple[object, ...]] = set()
        self._stage = stage
        self._scripts = scripts
        self._order = order
        self._seen = seen
        self._accepting = Accepting()

    def go(self) -> None:
        """Go down.

        Raises:
            AlembicMigrateError: the database, not a revision, is why it did not go on.
        """
        self._go()
        self.notes += self._accepting.remarks()

    def _go(self) -> None:
        place = len(self._order)
        while place:
            self._stage.be_at(place)
            lacking = self._lacking(place)
            if lacking == place:
                self._tell_lacking(place)
                place -= 1
                continue
            walked = self._stage.walk(lacking)
            place = self._look_back(place, walked)
            if walked.error is None:
                continue
            if self.left:
                self.left.clear()  # on another database it is not in the way
            else:
                self._tell_failed(place, walked.error)
                place -= 1

    def _lacking(self, place: int) -> int:
        """Return the highest place down to which every revision has a ``downgrade()``."""
        for number in range(place, 0, -1):
            module = self._scripts.get_revision(self._order[number - 1]).module
            if not hasattr(module, "downgrade"):
                return number
        return 0

    def _look_back(self, place: int, walked: Walked) -> int:
        """Compare what was seen with the way up, and return the place that was come to."""
        for before, after in zip(walked.seen, walked.seen[1:], strict=False):
            place -= 1
            wanted = self._seen[place]
            there = [one for one in compare(wanted, after) if not _is_validated(one)]
            found = [one for one in there if _known(one) not in self.left]
            self.left = {_known(one) for one in there}
            self._accepting.judged(*self._revision(place))
            if found:
                done = compare(wanted, self._seen[place + 1])
                nothing = bool(done) and not compare(before, after)
                self._tell(place, self._left_behind(place, found, nothing=nothing), nothing=nothing)
        self.steps += walked.steps
        return place

    def _revision(self, place: int) -> tuple[str, Path]:
        """Return the id and the file of the revision that leads up from a place."""
        script = self._scripts.get_revision(self._order[place])
        return script.revision, Path(script.path)

    def _tell(self, place: int, finding: Finding, *, nothing: bool = False) -> None:
        """Count a finding, or note that a comment accepts it."""
        note = self._accepting.accepted(*self._revision(place), finding, nothing=nothing)
        if note is None:
            self.findings.append(finding)
        else:
            self.notes.append(note)

    def _left_behind(self, place: int, found: Sequence[Difference], *, nothing: bool) -> Finding:
        revision, file = self._revision(place)
        does = f"does nothing: it {_listed(found)}" if nothing else _listed(found)
        types = [one.item for one in found if one.verb == "add" and one.item.kind == "type"]
        drops = "; ".join(f'op.execute("DROP TYPE {item.name}")' for item in types)
        hint = _WRITE_IT if nothing else f"correct it: {file}"
        return Finding(
            "downgrade-does-nothing" if nothing else "left-behind",
            f"the downgrade of revision {revision} {does}",
            f"a type is not dropped with its table: {drops}" if len(types) == len(found) else hint,
            {
                "revision": revision,
                "file": str(file),
                "differences": [one.data for one in found],
            },
        )

    def _tell_lacking(self, place: int) -> None:
        revision, file = self._revision(place - 1)
        finding = Finding(
            "downgrade-failed",
            f"revision {revision} has no downgrade(): {file}",
            _WRITE_IT,
            {"revision": revision, "file": str(file), "line": None},
        )
        self._tell(place - 1, finding, nothing=True)

    def _tell_failed(self, place: int, error: MigrationError) -> None:
        cause = error.__cause__
        if not isinstance(cause, NotImplementedError):
            self._tell(place - 1, failed_revision("downgrade-failed", error))
            return
        revision, file = self._revision(place - 1)
        self._accepting.judged(revision, file)
        said = f" ({cause})" if str(cause) else ""
        self.notes.append(
            Finding(
                "irreversible",
                f"revision {revision} says that there is no way back{said}",
                data={"revision": revision, "file": str(file)},
            )
        )


def failed_revision(code: str, error: MigrationError) -> Finding:
    """Return the finding for a revision that failed."""
    message = error.message[error.message.index("revision ") :]
    facts = {key: error.data.get(key) for key in ("revision", "file", "line")}
    return Finding(code, message, data=facts)


def _is_validated(one: Difference) -> bool:
    """Tell whether a constraint was only validated, which nobody has to take back."""
    if one.item.kind != "constraint" or one.fact != "definition":
        return False
    return str(one.before) == f"{one.after} NOT VALID"


def _known(one: Difference) -> tuple[object, ...]:
    return (one.verb, one.item.key, one.fact, repr(one.after))


def _listed(found: Sequence[Difference]) -> str:
    """Return what a downgrade leaves, in words that follow its name."""
    parts = [
        _some("leaves", [one.item.text for one in found if one.verb == "add"]),
        _some("does not bring back", [one.item.text for one in found if one.verb == "remove"]),
        _some("leaves changed", [one.change for one in found if one.verb in {"change", "rename"}]),
    ]
    return " and ".join(part for part in parts if part)


def _some(front: str, things: Sequence[str]) -> str:
    if not things:
        return ""
    more = f" and {len(things) - _SHOWN} more" if len(things) > _SHOWN else ""
    return f"{front} {', '.join(map(_short, things[:_SHOWN]))}{more}"


def _short(thing: str) -> str:
    """Return what is said of a thing on one line; a definition may be long."""
    line = " ".join(thing.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
