from __future__ import annotations

import pytest

from alembic_migrate.render import journals
from alembic_migrate.results import Applied, JournalEntry

DONE = JournalEntry(
    "b", "upgrade", "2026-01-02T03:04:05.678+00:00", "2026-01-02T03:04:06.000+00:00", "done",
    "0" * 64, "1.2", "here",
)  # fmt: skip
RUNNING = JournalEntry(
    "c", "downgrade", "2026-01-02T03:05:00.000+00:00", None, "running", None, "1.3", "there"
)
LINES = (
    "c downgrade running, 2026-01-02T03:05:00.000+00:00, there, version 1.3\n"
    "b upgrade done, 2026-01-02T03:04:05.678+00:00 - 2026-01-02T03:04:06.000+00:00, here, "
    "version 1.2"
)


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ([Applied("app", (RUNNING, DONE))], LINES),
        ([Applied("app", ())], "(no journal)"),
        (
            [Applied("app", (RUNNING, DONE)), Applied("x", ())],
            f"[app]\n{LINES}\n\n[x]\n(no journal)",
        ),
        ([], ""),
    ],
)
def test_a_journal_is_one_line_an_entry(answers, text):
    assert journals.journals(answers) == text
