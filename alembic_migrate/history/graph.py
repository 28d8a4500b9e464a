"""A history as a graph: what follows what, told as Alembic tells it.

Every answer takes time in proportion to the number of revisions, and is the one that Alembic's
``RevisionMap`` gives; only where a revision has several dependencies, whose order Alembic leaves to
chance, the order is that of the file.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from alembic_migrate.history.headers import Header, Unclear

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Node:
    """A revision and what is around it, by id.

    Attributes:
        header: what the file says.
        down: the revisions it follows, each once.
        links: those and the revisions it depends on; what an ancestor already depends on is left
            out.
        next: the revisions that follow it.
        next_of_any_kind: those and the revisions that depend on it.
        labels: its branch labels, its own and inherited ones.
    """

    __slots__ = ("dependencies", "down", "header", "labels", "links", "next", "next_of_any_kind")

    def __init__(self, header: Header) -> None:
        self.header = header
        self.down: Sequence[str] = header.down
        self.links: Sequence[str] = header.down
        self.dependencies: Sequence[str] = ()
        self.next: list[str] = []
        self.next_of_any_kind: list[str] = []
        self.labels: frozenset[str] = frozenset()

    @property
    def is_fork(self) -> bool:
        """Whether several revisions follow it or depend on it."""
        return len(self.next_of_any_kind) > 1

    @property
    def is_merge(self) -> bool:
        """Whether it follows several revisions."""
        return len(self.header.down) > 1


class Graph:
    """The revisions of a history.

    Args:
        headers: what the files say, in the order of the files.
        gaps: a revision that a file names may be missing, since another file cannot be read.

    Attributes:
        nodes: the revisions by id, in the order of the files.
        by_label: the revision that declares each branch label.

    Raises:
        Unclear: it is no history that can be run, or one for Alembic alone to judge.
    """

    def __init__(self, headers: Iterable[Header], *, gaps: bool = False) -> None:
        self.nodes: dict[str, Node] = {}
        for header in headers:
            if self.nodes.setdefault(header.revision, node := Node(header)) is not node:
                raise Unclear("two files have one id")
        self.by_label = self._declared()
        for node in self.nodes.values():
            self._link(node, gaps=gaps)
        self._order = self._from_the_bases()
        if any(node.dependencies for node in self.nodes.values()):
            self._leave_out_inherited_dependencies()
        if self.by_label:
            self._inherit_labels()

    # --- what there is ---------------------------------------------------------------------

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """The revisions that nothing follows, in the order of the files."""
        return tuple(name for name, node in self.nodes.items() if not node.next)

    @cached_property
    def effective_heads(self) -> tuple[str, ...]:
        """The heads on which nothing depends either."""
        return tuple(name for name, node in self.nodes.items() if not node.next_of_any_kind)

    @cached_property
    def bases(self) -> tuple[str, ...]:
        """The revisions that follow nothing, in the order of the files."""
        return tuple(name for name, node in self.nodes.items() if not node.header.down)

    def ancestors(self, revisions: Iterable[str], *, dependencies: bool = True) -> set[str]:
        """Return revisions with everything that they follow, and depend on where that counts."""
        found: set[str] = set()
        todo = list(revisions)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                node = self.nodes[name]
                todo += node.links if dependencies else node.down
        return found

    def descendants(self, revisions: Iterable[str], *, dependencies: bool = True) -> set[str]:
        """Return revisions with everything that follows them, and depends on them where wanted."""
        found: set[str] = set()
        todo = list(revisions)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                node = self.nodes[name]
                todo += node.next_of_any_kind if dependencies else node.next
        return found

    # --- inside ----------------------------------------------------------------------------

    def _declared(self) -> dict[str, str]:
        labels: dict[str, str] = {}
        for name, node in self.nodes.items():
            for label in node.header.labels:
                if label in self.nodes or label in labels:
                    raise Unclear("a label is used twice")
                labels[label] = name
        return labels

    def _link(self, node: Node, *, gaps: bool) -> None:
        name, nodes = node.header.revision, self.nodes
        down, wanted = node.header.down, node.header.depends_on
        if len(down) == 1 and not wanted and (parent := nodes.get(down[0])) is not None:
            parent.next.append(name)
            parent.next_of_any_kind.append(name)
            return
        node.down = self._known(dict.fromkeys(down), gaps=gaps)
        ids = (self.by_label.get(word, word) for word in wanted)
        node.dependencies = self._known(dict.fromkeys(ids), gaps=gaps)
        node.links = tuple(dict.fromkeys((*node.down, *node.dependencies)))
        for each in node.links:
            nodes[each].next_of_any_kind.append(name)
        for each in node.down:
            nodes[each].next.append(name)

    def _known(self, names: Iterable[str], *, gaps: bool) -> tuple[str, ...]:
        named = tuple(names)
        known = tuple(name for name in named if name in self.nodes)
        if known != named and not gaps:
            raise Unclear("a revision that is named is missing")
        return known

    def _from_the_bases(self) -> list[Node]:
        """Return every revision behind those that it follows and depends on."""
        waiting = {name: len(node.links) for name, node in self.nodes.items() if node.links}
        ordered = [node for node in self.nodes.values() if not node.links]
        for node in ordered:  # it grows while it is gone through
            for name in node.next_of_any_kind:
                if waiting[name] == 1:
                    ordered.append(self.nodes[name])
                waiting[name] -= 1
        if len(ordered) != len(self.nodes):
            raise Unclear("the revisions go round in a circle")
        return ordered

    def _leave_out_inherited_dependencies(self) -> None:
        """Take from the links what one of the revisions that a revision follows depends on too."""
        inherited: dict[str, frozenset[str]] = {}
        nothing: frozenset[str] = frozenset()
        for node in self._order:
            found = nothing
            for name in node.down:
                parent = self.nodes[name]
                behind = inherited[name]
                if parent.dependencies:
                    behind = behind.union(parent.dependencies)
                found = behind | found if found else behind
            inherited[node.header.revision] = found
            if node.dependencies:
                own = (name for name in node.dependencies if name not in found)
                node.links = tuple(dict.fromkeys((*node.down, *own)))

    def _inherit_labels(self) -> None:
        """Give a label to all that follows, and back to the last fork or merge on a lone line."""
        for node in self._order:
            found = frozenset(node.header.labels)
            for name in node.down:
                above = self.nodes[name].labels
                found = found | above if found else above
            node.labels = found
        alone: set[str] = set()
        for node in reversed(self._order):
            if node.is_fork or node.is_merge:
                continue
            if node.next:
                if node.next[0] not in alone:
                    continue
                node.labels = self.nodes[node.next[0]].labels  # which has this one's own already
            alone.add(node.header.revision)
