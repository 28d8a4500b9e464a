"""What we say of a history is what Alembic says: for any history that there can be."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.history.agreeing import assert_agreement

LETTERS = "abcdef0123456789"
LABELS = ("billing", "shop", "x", "a-b", "abcdx")


@st.composite
def histories(draw):
    """Return files as (folder, name, text), in any order, and rows of version tables."""
    number = draw(st.integers(0, 14))
    # Beginnings in common, so that parts of ids are ambiguous at times.
    ids = draw(st.lists(st.text(LETTERS, min_size=1, max_size=3), min_size=number, max_size=number))
    ids = [
        f"abcd{text}" if draw(st.booleans()) else f"{text}{at:04}" for at, text in enumerate(ids)
    ]
    ids = list(dict.fromkeys(ids))
    labels = list(draw(st.lists(st.sampled_from(LABELS), unique=True, max_size=4)))
    used, files = [], []
    for at, revision in enumerate(ids):
        before = ids[:at]
        down = draw(st.lists(st.sampled_from(before), unique=True, max_size=3)) if before else []
        if before and draw(st.integers(0, 2)):
            down = [before[-1]] if draw(st.booleans()) else down[:1]
        names = before + used
        wanted = draw(st.lists(st.sampled_from(names), max_size=3)) if names else []
        wanted = wanted if draw(st.integers(0, 3)) == 0 else []
        own = [labels.pop()] if labels and draw(st.integers(0, 2)) == 0 else []
        used += own
        files.append(draw(file_of(revision, down, own, wanted, at)))
    rows = draw(st.lists(st.lists(st.sampled_from(ids), max_size=3), max_size=6)) if ids else [[]]
    return files, rows


@st.composite
def file_of(draw, revision, down, labels, depends_on, at):
    lines = [draw(st.sampled_from([f'"""message {at}\n\n  more of it\n"""', "", '"""\n\n"""']))]
    name = f"{draw(st.integers(0, 99)):02}_{revision}.py"
    note = draw(st.sampled_from(["", ": str | None", ": object"]))
    if all(letter in LETTERS for letter in revision) and draw(st.booleans()):
        name = f"{revision}.py"  # which says the id where the file does not
    else:
        lines.append(f"revision{note} = {revision!r}")
    lines.append(f"down_revision{note} = {draw(written(down))}")
    lines += [f"branch_labels = {draw(written(labels))}"] if labels or draw(st.booleans()) else []
    lines += [f"depends_on = {draw(written(depends_on))}"] if depends_on else []
    lines += ["", "", "def upgrade():", "    revision = 1", "", "", "def downgrade():", "    pass"]
    folder = draw(st.sampled_from(["one", "two", "two/below"]))
    return folder, name, "\n".join(lines) + "\n"


@st.composite
def written(draw, values):
    forms = [repr(list(values)), repr(tuple(values))]
    if len(values) == 1:
        forms = [*forms, repr(values[0]), f"({values[0]!r})"]
    if not values:
        forms = [*forms, "None", "None"]
    return draw(st.sampled_from(forms))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), st.booleans())
def test_any_history_is_told_as_alembic_tells_it(history, recursive):
    files, rows = history
    with tempfile.TemporaryDirectory() as root:
        folders = [Path(root, "one"), Path(root, "two")]
        for folder, name, text in files:
            Path(root, folder).mkdir(exist_ok=True, parents=True)
            Path(root, folder, name).write_text(text)
        assert_agreement(root, folders, recursive=recursive, rows=rows, indexed=False)
