"""Many processes at once: one migrates, the others wait, and nothing runs twice."""

from __future__ import annotations

import pytest

from tests.projects import Project
from tests.safety.histories import race, write_history


@pytest.mark.parametrize("processes", [2, 8])
@pytest.mark.parametrize("per_migration", [True, False], ids=["each", "all"])
def test_processes_that_start_together_apply_each_revision_once(
    project, database_url, processes, per_migration
):
    here: Project = project()
    write_history(here, database_url, count=2, transaction_per_migration=per_migration)

    results = race(here, processes, "upgrade")

    assert [result.exit for result in results] == [0] * processes, results
    assert here.rows(database_url, "SELECT n FROM counter") == [(1,)]
    assert here.stamped(database_url) == ["r0001"]
