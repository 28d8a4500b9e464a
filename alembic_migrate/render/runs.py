"""What ``upgrade``, ``downgrade``, ``stamp`` and ``ensure-version`` did, and their SQL scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.render.words import count, lines, name_of, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alembic_migrate.results import Run, Written


MANY = 20  # tenants: of more, those with the same answer share a line
_NAMED = 10  # tenants in such a line that are named

# What is told of these, whether or not there was something to do.
_ALWAYS = {
    "ensure-version": "the version table is there",
    "resolve": "resolved: the database is at {}",
}


def runs(answers: Sequence[Run], *, named: bool, verbose: bool = False) -> str:
    """Return one line a base: ``app: upgraded to abc (head), 2 revisions``.

    Args:
        answers: one a base, or a tenant. Of many tenants those with the same answer share a line.
        named: whether the project's bases have names.
        verbose: a line for each in any case.
    """
    if verbose or len(answers) <= MANY:
        return "\n".join(sentence(name_of(each, named=named), summary(each)) for each in answers)
    alike: dict[tuple[str, str, bool], list[Run]] = {}
    for each in answers:
        alike.setdefault((each.base, summary(each), each.tenant is None), []).append(each)
    return lines(_together(found, said, named=named) for (_, said, _), found in alike.items())


def _together(answers: Sequence[Run], said: str, *, named: bool) -> str:
    """Return one line for tenants with the same answer; few of them are named."""
    if len(answers) == 1:
        return sentence(name_of(answers[0], named=named), said)
    front = f"{answers[0].base}: " if named else ""
    names = ", ".join(each.tenant or each.base for each in answers[:_NAMED])
    return f"{front}{len(answers)} tenants {said}" + (
        f": {names}" if len(answers) <= _NAMED else ""
    )


def summary(run: Run) -> str:
    """Return what one run did, without the base: ``upgraded to abc (head), 2 revisions``."""
    if run.rehearsed:
        return _rehearsal(run)
    if run.verb in _ALWAYS:
        return _ALWAYS[run.verb].format(_place(run))
    if not run.steps and set(run.before) == set(run.after):
        if run.verb == "upgrade" and not run.heads and not run.after:
            return "nothing to do: the folder has no revisions"
        return f"already at {_place(run)}"
    if run.verb == "stamp":
        return f"stamped {_place(run)}"
    # An environment script that runs several databases runs a revision on each.
    ran = {step.revision for step in run.steps}
    how_many = f", {count(len(ran), 'revision')}" if ran else ""
    return f"{run.verb}d to {_place(run)}{how_many}"


def _rehearsal(run: Run) -> str:
    """Return what was rehearsed: the time of each revision, and that nothing is left of it."""
    if not run.steps:
        return f"nothing to rehearse: already at {_place(run)}"
    times = [
        f"  {step.revision}  {step.seconds:.3f} s  {step.message}".rstrip() for step in run.steps
    ]
    done = f"rehearsed {count(len(run.steps), 'revision')} and rolled back; still at {_place(run)}"
    return "\n".join([done, *times])


def _place(run: Run) -> str:
    """Return the ids that the version table holds now, heads marked; ``base`` without any."""
    return ids(run.after, run.heads)


def ids(revisions: Sequence[str], heads: Sequence[str]) -> str:
    """Return the ids of a version table, heads marked; ``base`` without any."""
    marked = (f"{each} (head)" if each in heads else each for each in revisions)
    return ", ".join(marked) or "base"


def script(answers: Sequence[Run] | Sequence[Written], *, named: bool = True) -> str:
    """Return the SQL that would run; the parts of several bases stand under a heading comment."""
    if len(answers) == 1:
        return (answers[0].sql or "").rstrip("\n")
    kind = "base" if named else "tenant"
    return "\n\n".join(
        lines([f"-- {kind}: {name_of(each, named=named)}", (each.sql or "").strip("\n")])
        for each in answers
    )


def written_scripts(paths: Iterable[str]) -> str:
    """Return one line a script that was written to a file."""
    return "\n".join(f"Wrote {path}" for path in paths)
