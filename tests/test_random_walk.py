"""A random walk through a history: revisions, forks and merges are made, databases go up and down.

Each revision makes one table of its own. Whatever the walk does, the database has exactly the
tables of the revisions that its version rows have behind them, and Alembic's own
``ScriptDirectory`` agrees about everything that is told.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import warnings
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import alembic_migrate
from alembic_migrate.errors import AlembicMigrateError, HistoryError, UsageError

TEMPLATE = '''\
"""${message}"""
import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    op.create_table("t_${up_revision}", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("t_${up_revision}")
'''

# Indices into what there is when the rule runs; any number will do.
places = st.integers(min_value=0, max_value=10_000)


class Walk(RuleBasedStateMachine):
    """A project with an empty history and an empty database, and what was made of them."""

    def __init__(self):
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="random-walk-"))
        self.folder = self.root / "migrations"
        (self.folder / "versions").mkdir(parents=True)
        (self.folder / "script.py.mako").write_text(TEMPLATE)
        (self.root / "walked_models.py").write_text(
            "from sqlalchemy import MetaData\n\nmetadata = MetaData()\n"
        )
        (self.root / "pyproject.toml").write_text(
            '[tool.alembic-migrate]\nmetadata = "walked_models:metadata"\n'
            'url = "sqlite:///walk.db"\n'
        )
        self.parents: dict[str, tuple[str, ...]] = {}

    def teardown(self):
        shutil.rmtree(self.root)

    # --- the history -----------------------------------------------------------------------

    @initialize()
    def first_revision(self):
        self.write("base")

    @rule(place=places)
    def revision_at_the_end(self, place):
        self.write(self.pick(self.heads(), place))

    @rule(place=places)
    def branch_off(self, place):
        self.write(self.pick(sorted(self.parents), place), splice=True)

    @rule()
    @precondition(lambda self: len(self.parents) < 12)
    def another_beginning(self):
        self.write("base")

    @precondition(lambda self: len(self.heads()) > 1)
    @rule(first=places, second=places)
    def merge(self, first, second):
        heads = self.heads()
        one = heads.pop(first % len(heads))
        two = self.pick(heads, second)
        self.note(self.project().merge([one, two], rev_id=self.new_id()))

    @rule()
    def merge_all(self):
        several = len(self.heads()) > 1
        (made,) = written = self.project().merge(rev_id=self.new_id())
        assert bool(made.revisions) == several
        self.note(written)

    def write(self, parent, *, splice=False):
        self.note(self.project().revision(rev_id=self.new_id(), head=parent, splice=splice))

    def note(self, written):
        for revision in written[0].revisions:
            self.parents[revision.revision] = revision.down_revisions

    def new_id(self):
        # Not one the beginning of another, and not in the order in which they are made.
        number = len(self.parents)
        return f"{(number * 7919) % 10_007:05d}x{number}"

    # --- the database ----------------------------------------------------------------------

    @rule(place=places)
    def upgrade(self, place):
        words = ["head", "heads", "+1", "+2", *sorted(self.parents)]
        self.go("upgrade", self.pick(words, place))

    @rule(place=places)
    def downgrade(self, place):
        words = ["-1", "-2", "base", *sorted(self.behind(self.rows()))]
        self.go("downgrade", self.pick(words, place))

    @rule()
    def upgrade_all(self):
        self.go("upgrade", "heads")
        assert self.rows() == self.heads()

    def go(self, verb, target):
        """Go up or down as Alembic would; where it refuses, so do we, and nothing is changed."""
        before = self.rows()
        try:
            # From several heads "-1" is ambiguous: Alembic warns and takes one of them, we refuse.
            with warnings.catch_warnings(action="error"):
                plan = getattr(self.scripts(), f"_{verb}_revs")(target, tuple(before))
        except (AssertionError, CommandError, RevisionError, UserWarning):
            with pytest.raises(AlembicMigrateError) as refused:
                getattr(self.project(), verb)(target)
            assert isinstance(refused.value, HistoryError | UsageError)
            assert self.rows() == before
            return
        (run,) = getattr(self.project(), verb)(target)
        assert [step.revision for step in run.steps] == [step.revision.revision for step in plan]
        assert (list(run.before), list(run.after)) == (before, self.rows())

    # --- what always holds -----------------------------------------------------------------

    @invariant()
    def the_tables_are_those_of_the_rows_and_their_ancestors(self):
        rows = self.rows()
        made = self.behind(rows)
        assert self.tables() == {f"t_{revision}" for revision in made}
        for row in rows:
            assert row not in self.behind(set(rows) - {row}), "one row is behind another"

    @invariant()
    def alembic_agrees(self):
        project, scripts, rows = self.project(), self.scripts(), self.rows()
        (heads,) = project.heads()
        assert sorted(each.revision for each in heads.revisions) == sorted(scripts.get_heads())
        (history,) = project.history(indicate_current=True)
        walked = [script.revision for script in scripts.walk_revisions()]
        assert [each.revision for each in history.revisions] == walked
        assert sorted(each.revision for each in history.revisions if each.is_current) == rows
        (current,) = project.current()
        assert [each.revision for each in current.databases[0].revisions] == rows
        assert current.at_head == (rows == sorted(scripts.get_heads()))
        (status,) = project.status()
        assert status.error is None
        left = scripts.iterate_revisions("heads", tuple(rows) or "base", implicit_base=True)
        assert [each.revision for each in status.pending] == [s.revision for s in left][::-1]
        assert (status.state == "at head") == current.at_head

    # --- helpers ---------------------------------------------------------------------------

    def project(self):
        return alembic_migrate.load(self.root, environ={})

    def scripts(self):
        config = Config()
        config.set_main_option("script_location", str(self.folder))
        return ScriptDirectory.from_config(config)

    def query(self, sql):
        connection = sqlite3.connect(self.root / "walk.db")
        try:
            return [row[0] for row in connection.execute(sql)]
        finally:
            connection.close()

    def tables(self):
        return set(self.query("SELECT name FROM sqlite_master WHERE name LIKE 't\\_%' ESCAPE '\\'"))

    def rows(self):
        if not self.query("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"):
            return []
        return self.query("SELECT version_num FROM alembic_version ORDER BY 1")

    def heads(self):
        followed = {parent for parents in self.parents.values() for parent in parents}
        return sorted(self.parents.keys() - followed)

    def behind(self, revisions):
        """Return these revisions with everything that they stand on."""
        found, todo = set(), list(revisions)
        while todo:
            revision = todo.pop()
            if revision not in found:
                found.add(revision)
                todo += self.parents[revision]
        return found

    @staticmethod
    def pick(choices, place):
        return choices[place % len(choices)]


TestRandomWalk = Walk.TestCase
TestRandomWalk.settings = settings(
    max_examples=12,
    stateful_step_count=20,
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=list(HealthCheck),
)
