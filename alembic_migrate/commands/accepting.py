"""What comments in revision files accept of what ``verify`` finds in their downgrades."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.rules import no_downgrade
from alembic_migrate.lint.source import read
from alembic_migrate.lint.suppressions import OF_VERIFY, suppressions
from alembic_migrate.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alembic_migrate.lint.suppressions import Suppression, Suppressions


class Accepting:
    """The comments of the revisions that were judged."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, Path], Suppressions] = {}

    def accepted(
        self, revision: str, file: Path, finding: Finding, *, nothing: bool = False
    ) -> Finding | None:
        """Return the note that a finding is accepted; None where it counts.

        Args:
            revision: its id.
            file: its file.
            finding: what was found in its downgrade.
            nothing: it does nothing, which a lint rule finds too: what accepts one accepts both.
        """
        given, line = self.judged(revision, file), _line(file)
        codes = [finding.code, *([no_downgrade.RULE.code] if nothing else ())]
        # Each is asked, so that none of them is told as unused.
        reasons = [reason for code in codes if (reason := given.reason(code, line))]
        if not reasons:
            return None
        message = f"{finding.message}: accepted, {reasons[0]}"
        return Finding(finding.code, message, data={**finding.data, "accepted": reasons[0]})

    def judged(self, revision: str, file: Path) -> Suppressions:
        """Return what the file of a revision accepts, and remember that it was judged."""
        if (revision, file) not in self._files:
            self._files[revision, file] = suppressions(file)
        return self._files[revision, file]

    def remarks(self) -> Iterator[Finding]:
        """Yield notes on comments that accept nothing: without a reason, or without a finding."""
        for (revision, file), given in self._files.items():
            for each in given.unexplained():
                if each.code in OF_VERIFY:
                    said = "is still reported: the comment that ignores it gives no reason"
                    yield _remark("unexplained-suppression", revision, file, each, said)
            for each in given.unused(OF_VERIFY):
                said = "finds nothing that the comment could ignore"
                yield _remark("unused-suppression", revision, file, each, said)


def _remark(kind: str, revision: str, file: Path, given: Suppression, said: str) -> Finding:
    data = {"revision": revision, "file": str(file), "line": given.line}
    return Finding(kind, f"{file}:{given.line}: {given.code} {said}", data=data)


def _line(path: Path) -> int:
    """Return where a file's ``downgrade()`` begins; where there is none, as the lint rule does."""
    source = read(path)
    function = source and (source.function("downgrade") or source.function("upgrade"))
    return function.lineno if function else 1
