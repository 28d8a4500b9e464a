"""Revisions in Alembic's own shapes, so that people and scripts recognise them.

The shapes are those of Alembic 1.20's ``Script.cmd_format()`` and ``Script.log_entry``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.render.words import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic_migrate.results import Revision, Revisions


def parents(revision: Revision) -> str:
    """Return the ids that a revision follows: ``a, b`` or ``<base>``."""
    return ", ".join(revision.down_revisions) or "<base>"


def line(
    revision: Revision,
    *,
    labels: bool = False,
    descent: bool = False,
    tree: bool = True,
    current: bool = False,
    message: bool = False,
) -> str:
    """Return a revision's short form: ``a -> b (label) (head) (current) (mergepoint), message``.

    Args:
        revision: the revision.
        labels: with its branch labels.
        descent: with the revisions it follows and depends on in front.
        tree: with ``(branchpoint)`` and ``(mergepoint)``.
        current: with ``(current)`` where the database is at it.
        message: with its message.
    """
    text = revision.revision
    if descent:
        depends = f" ({', '.join(revision.depends_on)})" if revision.depends_on else ""
        text = f"{parents(revision)}{depends} -> {text}"
    if labels and revision.branch_labels:
        text += f" ({', '.join(revision.branch_labels)})"
    marks = {
        " (head)": revision.is_effective_head,
        " (effective head)": revision.is_head and not revision.is_effective_head,
        " (current)": current and revision.is_current,
        " (branchpoint)": tree and revision.is_branch_point,
        " (mergepoint)": tree and revision.is_merge_point,
    }
    text += "".join(mark for mark, holds in marks.items() if holds)
    return f"{text}, {revision.message}" if message else text


def entry(revision: Revision, *, current: bool = False) -> str:
    """Return a revision's long form, several lines; it ends with a newline as Alembic's does."""
    marks = {
        " (head)": revision.is_head,
        " (branchpoint)": revision.is_branch_point,
        " (mergepoint)": revision.is_merge_point,
        " (current)": current and revision.is_current,
    }
    facts = {
        "Rev": revision.revision + "".join(mark for mark, holds in marks.items() if holds),
        "Merges" if revision.is_merge_point else "Parent": parents(revision),
        "Also depends on": ", ".join(revision.depends_on),
        "Branches into": ", ".join(revision.next_revisions) if revision.is_branch_point else "",
        "Branch names": ", ".join(revision.branch_labels),
        "Path": str(revision.path),
    }
    head = "\n".join(f"{name}: {fact}" for name, fact in facts.items() if fact)
    doc = "\n".join(f"    {paragraph}" for paragraph in revision.doc.splitlines())
    return f"{head}\n\n{doc}\n"


def heads(answers: Sequence[Revisions], *, verbose: bool = False) -> str:
    """Return what ``heads`` prints."""

    def text(answer: Revisions) -> str:
        return "\n".join(
            entry(each) if verbose else line(each, labels=True, tree=False)
            for each in answer.revisions
        )

    return blocks(answers, text)


def history(
    answers: Sequence[Revisions], *, verbose: bool = False, indicate_current: bool = False
) -> str:
    """Return what ``history`` prints."""

    def one(revision: Revision) -> str:
        if verbose:
            return entry(revision, current=indicate_current)
        return line(revision, labels=True, descent=True, current=indicate_current, message=True)

    return blocks(answers, lambda answer: "\n".join(map(one, answer.revisions)))


def show(answers: Sequence[Revisions]) -> str:
    """Return what ``show`` prints; ``current`` of a database at base names nothing."""
    return blocks(answers, lambda answer: "\n".join(map(entry, answer.revisions)) or "(none)")


def branches(answers: Sequence[Revisions], *, verbose: bool = False) -> str:
    """Return what ``branches`` prints.

    Args:
        answers: each base's branch points, each followed by the revisions that leave it.
        verbose: the long form of the branch points, and messages of what follows.
    """

    def one(point: Revision, after: Sequence[Revision]) -> str:
        first = entry(point) if verbose else line(point, labels=True)
        indent = " " * len(point.revision)
        return "\n".join(
            [first, *(f"{indent} -> {line(each, labels=True, message=verbose)}" for each in after)]
        )

    def text(answer: Revisions) -> str:
        return "\n".join(f"{one(point, after)}\n" for point, after in _forks(answer.revisions))

    return blocks(answers, text)


def _forks(revisions: Sequence[Revision]) -> Iterator[tuple[Revision, Sequence[Revision]]]:
    """Yield each branch point with the revisions that leave it, which stand after it."""
    place = 0
    while place < len(revisions):
        end = place + 1 + len(revisions[place].next_revisions)
        yield revisions[place], revisions[place + 1 : end]
        place = end
