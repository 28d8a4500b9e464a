"""What ``init``, ``list-templates``, ``revision``, ``migrate`` and ``merge`` made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.render.words import name_of, sentence, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic_migrate.results import Initialised, Template, Written


def initialised(answers: Sequence[Initialised], *, named: bool) -> str:
    """Return the files that were written and what to do next."""
    return "\n".join([*_files(answers, named=named), *_next(answers, named=named)])


def _files(answers: Sequence[Initialised], *, named: bool) -> Iterator[str]:
    for each in answers:
        base = name_of(each, named=named)
        if not each.files:
            yield sentence(base, f"nothing to do: {shown(each.directory)} is there already")
        for path in each.files:
            yield sentence(base, f"wrote {shown(path)}")
    # Several bases stand in one pyproject.toml, which is given its table once.
    for configured in dict.fromkeys(each.configured for each in answers):
        if configured is not None:
            yield f"Added [tool.alembic-migrate] to {shown(configured)}"


def _next(answers: Sequence[Initialised], *, named: bool) -> Iterator[str]:
    made = [each for each in answers if each.files]
    if not made:
        return
    which = ""
    if named:
        which = f" --base {made[0].base}" if len(made) == 1 else " --all"
    yield "Next:"
    yield f'  alembic-db migrate{which} -m "first tables"   (writes a revision; read it)'
    yield f"  alembic-db upgrade{which}   (applies it)"


def templates(answers: Sequence[Template]) -> str:
    """Return one line a template: ``name - summary``."""
    return "\n".join(f"{each.name} - {each.summary}" for each in answers)


def written(answers: Sequence[Written], *, named: bool) -> str:
    """Return what was detected, what was left out, and the files written or why there are none."""
    return "\n".join(
        sentence(name_of(each, named=named), text) for each in answers for text in _lines(each)
    )


def summary(answer: Written) -> str:
    """Return what was made of one base in a few words, without the base."""
    return "; ".join(_outcome(answer))


def _lines(answer: Written) -> Iterator[str]:
    for change in answer.changes:
        yield f"detected: {change.text}"
    if answer.left_out:
        yield left_out(answer.left_out)
    yield from _outcome(answer)


def _outcome(answer: Written) -> Iterator[str]:
    for revision in answer.revisions:
        yield f"wrote {shown(revision.path)}"
    if not answer.revisions and answer.sql is None:
        reason = answer.reason or "nothing to do"
        yield reason if reason.startswith("nothing") else f"nothing to do: {reason}"


def left_out(tables: Sequence[str]) -> str:
    """Return the sentence about tables of the database that are none of this base's."""
    return (
        f"left alone, because no revision of this history made them: {', '.join(tables)}"
        " (drop_unowned = true drops such tables)"
    )
