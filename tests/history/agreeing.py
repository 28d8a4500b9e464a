"""What Alembic says of a history and what we say, side by side."""

from __future__ import annotations

import warnings

import pytest
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError

from alembic_migrate.bridge.records import record
from alembic_migrate.history.headers import Unclear
from alembic_migrate.history.load import load

WORDS = ("head", "heads", "base", "", "+1", "-1", "head-1", "zz", "a", "@head", "x@y@head")


def directory(root, folders, *, recursive=False):
    """Return Alembic's reader of some folders, with the one thing it leaves to chance settled.

    Several dependencies of a revision come out of a set, in the order of this process's hashes.
    """
    scripts = ScriptDirectory(
        str(root),
        version_locations=[str(folder) for folder in folders],
        recursive_version_locations=recursive,
    )
    for revision in scripts.revision_map._revision_map.values():
        if revision is not None:
            left = set(revision._normalized_resolved_dependencies)
            ordered = dict.fromkeys(revision._resolved_dependencies)
            revision._normalized_resolved_dependencies = tuple(d for d in ordered if d in left)
    return scripts


def assert_agreement(root, folders, *, recursive=False, rows=(), words=(), **options):
    """Compare all that is told of a history; where Alembic refuses it, so do we."""
    history = load([str(folder) for folder in folders], recursive=recursive, **options)
    try:
        with warnings.catch_warnings(action="error"):
            scripts = directory(root, folders, recursive=recursive)
    except (CommandError, RevisionError, UserWarning, KeyError):
        with pytest.raises(Unclear):
            _ = history.graph
        return None
    assert_same_graph(history, scripts)
    for current in rows:
        assert_same_pending(history, scripts, current)
    for word in (*WORDS, *words, *history.graph.nodes, *history.graph.by_label):
        assert_same_meaning(history, scripts, word)
    return history


def assert_same_graph(history, scripts):
    map_, graph = scripts.revision_map, history.graph
    known = [each for each in map_._revision_map if isinstance(each, str)]
    assert set(known) == {*graph.nodes, *graph.by_label}
    assert list(graph.nodes) == known[: len(graph.nodes)]
    assert history.heads == tuple(scripts.get_heads())
    assert history.effective_heads == map_._real_heads
    assert graph.bases == map_.bases
    walked = list(scripts.walk_revisions())
    assert list(history.newest_first) == [script.revision for script in walked]
    for script in walked:
        assert history.record(script.revision) == record(script)
        node = graph.nodes[script.revision]
        assert tuple(node.links) == script._normalized_down_revisions
        assert set(node.next_of_any_kind) == script._all_nextrev
        for dependencies in (True, False):
            upwards = map_._get_descendant_nodes([script], include_dependencies=dependencies)
            downwards = map_._get_ancestor_nodes([script], include_dependencies=dependencies)
            name = [script.revision]
            assert graph.descendants(name, dependencies=dependencies) == _ids(upwards)
            assert graph.ancestors(name, dependencies=dependencies) == _ids(downwards)


def assert_same_pending(history, scripts, current):
    if any(each not in history.graph.nodes for each in current):
        with pytest.raises(Unclear):  # for Alembic, the beginning of an id will do
            history.pending(current)
        return
    try:
        steps = scripts._upgrade_revs("heads", tuple(current))
    except (CommandError, RevisionError):
        with pytest.raises(Unclear):
            history.pending(current)
        return
    assert list(history.pending(current)) == [step.revision.revision for step in steps]
    at_head = set(current) in (set(scripts.get_heads()), set(scripts.revision_map._real_heads))
    assert history.is_at_head(current) == at_head


def assert_same_meaning(history, scripts, word):
    """Compare what a word means; we may pass, and must where Alembic refuses it."""
    try:
        found = history.resolve(word)
    except Unclear:
        return
    assert found == tuple(script.revision for script in scripts.get_revisions(word))


def _ids(scripts):
    return {script.revision for script in scripts}
