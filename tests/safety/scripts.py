"""Environment scripts as projects have them of their own."""

from __future__ import annotations

from textwrap import dedent

_ENV = """
from alembic import context
from sqlalchemy import create_engine, pool, text

URL = context.config.get_main_option("sqlalchemy.url")
{before}
with create_engine(URL, poolclass=pool.NullPool{engine}).connect() as connection:
    {connected}
    context.configure(connection=connection{configure})
    with context.begin_transaction():
        context.run_migrations()
        {ran}
"""

# As alembic init -t async writes it, without its logging.
ASYNC_ENV = """
import asyncio

from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine


def migrate(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
        # ran


async def run():
    url = context.config.get_main_option("sqlalchemy.url")
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


asyncio.run(run())
"""


def script(
    *, before: str = "", engine: str = "", connected: str = "", configure: str = "", ran: str = ""
) -> str:
    """Return a synchronous env.py.

    Args:
        before: lines before the engine is made; URL may be set anew.
        engine: further arguments of ``create_engine()``.
        connected: what is done with the connection first, in one line.
        configure: further arguments of ``context.configure()``.
        ran: what is done when the revisions have run, in one line, before a commit of all.
    """
    more = {"engine": engine, "configure": configure}
    return _ENV.format(
        before=dedent(before),
        connected=connected or "pass",
        ran=ran or "pass",
        **{name: f", {text}" if text else "" for name, text in more.items()},
    )


def over_several(*urls: str) -> str:
    """Return an env.py that runs several databases one after the other, each with its commits."""
    return f"""
from alembic import context
from sqlalchemy import create_engine, pool

for url in {urls!r}:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""
