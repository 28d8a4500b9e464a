"""A history, read from its files: what the commands that read ask instead of Alembic."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from alembic_migrate import results
from alembic_migrate.history.graph import Graph
from alembic_migrate.history.headers import Broken, Header, Unclear
from alembic_migrate.history.scanning import scan
from alembic_migrate.history.symbols import resolve
from alembic_migrate.history.walking import newest_first

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from alembic_migrate.history.scanning import ImportHeader
    from alembic_migrate.results import Revision


class History:
    """What the revision files of a base say.

    All but ``headers`` and ``broken`` raise ``Unclear`` where the files make no history that can
    be run, or one that is too unusual to be understood here.

    Attributes:
        headers: what each file says, in the order in which Alembic loads the files; of a broken one
            what stands above its first function, where that can be read.
        broken: the files that cannot be loaded.
    """

    def __init__(self, headers: Sequence[Header], broken: Sequence[Broken] = ()) -> None:
        self.headers = tuple(headers)
        self.broken = tuple(broken)

    @cached_property
    def graph(self) -> Graph:
        """The revisions with what is around them; those of broken files may be missing."""
        return Graph(self.headers, gaps=any(each.header is None for each in self.broken))

    @property
    def heads(self) -> tuple[str, ...]:
        """The ids that nothing follows."""
        return self.graph.heads

    @property
    def effective_heads(self) -> tuple[str, ...]:
        """The heads on which nothing depends either: what a database at head has as its rows."""
        return self.graph.effective_heads

    @cached_property
    def newest_first(self) -> tuple[str, ...]:
        """Every id, in the order in which Alembic walks them."""
        return tuple(newest_first(self.graph))

    def pending(self, current: Collection[str]) -> tuple[str, ...]:
        """Return the ids that ``upgrade heads`` would run, first to run first.

        Args:
            current: the ids in the version table.

        Raises:
            Unclear: one of them is none of the history's, or is behind another of them.
        """
        below = self._check(current)
        return tuple(reversed(newest_first(self.graph, below.union(current))))

    def _check(self, current: Collection[str]) -> set[str]:
        """Return what is below the ids of a version table.

        Raises:
            Unclear: they are not what such a table can hold.
        """
        if any(each not in self.graph.nodes for each in current):
            raise Unclear("the version table names a revision that is not there")
        below = self.graph.ancestors(
            link for each in current for link in self.graph.nodes[each].links
        )
        if not below.isdisjoint(current):
            raise Unclear("one row of the version table is the ancestor of another")
        return below

    def is_at_head(self, current: Collection[str]) -> bool:
        """Tell whether the ids in a version table are the heads, and nothing is left to run."""
        return set(current) in (set(self.heads), set(self.effective_heads))

    def has_applied(self, revisions: Collection[str], current: Collection[str]) -> bool:
        """Tell whether revisions, with all that they need, are among what a database has.

        Raises:
            Unclear: as ``pending``; or a row of the version table is there twice.
        """
        if len(set(current)) < len(current):
            raise Unclear("the version table names a revision twice")
        self._check(current)
        return self.graph.ancestors(current).issuperset(revisions)

    def resolve(self, word: str) -> tuple[str, ...]:
        """Return the ids that something typed means.

        Raises:
            Unclear: it is no plain form, or it means nothing.
        """
        found = resolve(self.graph, word)
        if found is None:
            raise Unclear("only Alembic can say what is meant")
        return found

    def record(self, revision: str, current: Collection[str] | None = None) -> Revision:
        """Return a revision as the commands show it.

        Args:
            revision: its id.
            current: the ids in the version table, where the database was asked.
        """
        node = self.graph.nodes[revision]
        header = node.header
        return results.Revision(
            revision=revision,
            down_revisions=header.down,
            depends_on=header.depends_on,
            branch_labels=tuple(sorted(node.labels)),
            message=header.doc.partition("\n\n")[0],
            doc=header.doc,
            path=Path(header.path),
            next_revisions=tuple(sorted(node.next)),
            is_head=not node.next,
            is_effective_head=not node.next_of_any_kind,
            is_branch_point=len(node.next) > 1,
            is_merge_point=node.is_merge,
            is_current=None if current is None else revision in current,
        )


def load(
    folders: Sequence[str],
    *,
    recursive: bool = False,
    import_header: ImportHeader | None = None,
    indexed: bool = True,
) -> History:
    """Read the history of some versions folders; the arguments are those of ``scan``.

    Raises:
        Unclear: ``import_header`` says so of a file.
    """
    found = scan(folders, recursive=recursive, import_header=import_header, indexed=indexed)
    return History(*found)
