"""What is typed for a revision: the plain forms. Whatever else there is, Alembic resolves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic_migrate.history.graph import Graph

_SHORTEST = 4  # letters of an id that a part of it may stand for


def resolve(graph: Graph, word: str) -> tuple[str, ...] | None:
    """Return the ids that a word means; None where Alembic must be asked.

    ``head``, ``heads``, ``base``, ``label@head``, a label, an id and the beginning of one only are
    understood; all relative forms, and all that is wrong, are for Alembic.
    """
    if word in {"head", "heads", "base"}:
        return {"head": _one(graph.heads), "heads": graph.effective_heads}.get(word, ())
    label, at, rest = word.partition("@")
    if at:
        return _head_of(graph, label) if rest == "head" else None
    if not word or not _is_plain(word):
        return None
    if word in graph.nodes:
        return (word,)
    return (graph.by_label[word],) if word in graph.by_label else _beginning(graph, word)


def _is_plain(word: str) -> bool:
    # Alembic looks for signs and numbers in what is typed, whatever the ids may be.
    return "+" not in word and "-" not in word and ":" not in word


def _one(heads: tuple[str, ...]) -> tuple[str, ...] | None:
    return heads if len(heads) < 2 else None  # noqa: PLR2004 - which of several is not said


def _head_of(graph: Graph, label: str) -> tuple[str, ...] | None:
    declared = graph.by_label.get(label)
    if declared is None:
        return None
    behind = graph.descendants([declared], dependencies=False)
    heads = tuple(head for head in graph.heads if head in behind)
    return _one(heads) if heads else None


def _beginning(graph: Graph, word: str) -> tuple[str, ...] | None:
    longer = [*graph.nodes, *graph.by_label]
    found = [name for name in longer if len(name) >= _SHORTEST and name.startswith(word)]
    if len(found) != 1:
        return None
    return (graph.by_label.get(found[0], found[0]),)
