from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from alembic_migrate.results import Revision, Revisions

ENV = """\
from alembic import context
from sqlalchemy import create_engine

engine = create_engine("sqlite:///" + context.config.get_main_option("file"))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = '''\
"""{doc}"""

revision = {revision!r}
down_revision = {down!r}
branch_labels = {labels!r}
depends_on = {depends!r}


def upgrade():
    pass


def downgrade():
    pass
'''


def record(script, *, current=()):
    """Read a revision of Alembic's into a record, as the tool itself does."""
    return Revision(
        revision=script.revision,
        down_revisions=tuple(script._versioned_down_revisions),
        depends_on=_words(script.dependencies),
        branch_labels=tuple(script.branch_labels),
        message=script.doc,
        doc=script.longdoc,
        path=Path(script.path),
        next_revisions=tuple(script.nextrev),
        is_head=script.is_head,
        is_effective_head=script._is_real_head,
        is_branch_point=script.is_branch_point,
        is_merge_point=script.is_merge_point,
        is_current=script.revision in current,
    )


def _words(value):
    return (value,) if isinstance(value, str) else tuple(value or ())


class History:
    """A folder of generated revisions, and what Alembic's own commands print of it."""

    def __init__(self, folder, seed):
        self.folder = folder
        versions = folder / "versions"
        versions.mkdir()
        (folder / "env.py").write_text(ENV)
        for each in generated(random.Random(seed)):
            (versions / f"{each['revision']}.py").write_text(REVISION.format(**each))
        self.out = io.StringIO()
        self.config = Config(stdout=self.out)
        self.config.set_main_option("script_location", str(folder))
        self.config.set_main_option("file", str(folder / "file.db"))
        self.script = ScriptDirectory(str(folder))

    def alembic(self, command, *args, **kwargs):
        command(self.config, *args, **kwargs)
        printed = self.out.getvalue()
        self.out.truncate(0)
        self.out.seek(0)
        return printed

    def answer(self, scripts, *, current=()):
        return [Revisions("app", tuple(record(each, current=current) for each in scripts))]


def generated(dice):
    """Yield the values of twelve revisions with branches, merges, dependencies and labels."""
    heads = []
    ids = []
    for number in range(12):
        revision = f"{dice.getrandbits(48):012x}"
        roll = dice.random()
        if not heads or roll < 0.15:
            down = None
        elif len(heads) > 1 and roll < 0.4:
            down = tuple(dice.sample(heads, 2))
        elif roll < 0.6:
            down = dice.choice(ids)
        else:
            down = dice.choice(heads)
        parents = down if isinstance(down, tuple) else (down,)
        free = [each for each in ids if each not in parents]
        depends = None
        if free and dice.random() < 0.3:
            depends = dice.choice(free)
            depends = dice.choice([depends, [depends]])
        new_branch = down is None or down not in heads
        labels = f"label{number}" if new_branch and not isinstance(down, tuple) else None
        doc = dice.choice(
            ["first line", "two\nlines", "a paragraph\n\nand: another\n  indented", ""]
        )
        yield {
            "revision": revision,
            "down": down,
            "labels": (labels,) if labels else None,
            "depends": depends,
            "doc": f"{doc}\n\nRevision ID: {revision}\n",
        }
        heads = [each for each in heads if each not in parents] + [revision]
        ids.append(revision)


@pytest.fixture(params=range(12))
def history(request, tmp_path, monkeypatch):
    made = History(tmp_path, request.param)
    # One ScriptDirectory for both sides: the order of a revision's followers is that of a set.
    monkeypatch.setattr(ScriptDirectory, "from_config", lambda _config: made.script)
    return made
