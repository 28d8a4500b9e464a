"""``python -m alembic_migrate`` is ``alembic-db``."""

from __future__ import annotations

from alembic_migrate.cli import main

if __name__ == "__main__":
    main()
