"""Patterns are compiled when they are first used."""

from __future__ import annotations

import re

import pytest

from alembic_migrate.patterns import pattern


def test_its_methods_are_those_of_the_compiled_one():
    late = pattern(r"(?P<word>[a-z]+)", re.IGNORECASE)
    assert late.fullmatch("Emma")["word"] == "Emma"
    assert late.sub(".", "A b 1") == ". . 1"
    assert [found[0] for found in late.finditer("a b")] == ["a", "b"]
    assert pattern(rb"\d").search(b"a1").start() == 1


def test_it_is_compiled_no_sooner_than_it_is_used():
    wrong = pattern("(")
    with pytest.raises(re.error):
        wrong.match("")
