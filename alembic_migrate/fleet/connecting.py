"""How a scheduler of dask is reached, and what is looked at before anything is begun."""

from __future__ import annotations

import contextlib
import logging
import warnings
from typing import TYPE_CHECKING

from distributed import Client

from alembic_migrate.errors import ClusterError
from alembic_migrate.fleet import lookout, remote
from alembic_migrate.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

_THEIRS = ("distributed", "tornado", "asyncio")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep dask's logs and warnings off stderr: what matters of them is told in our own words."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in _THEIRS]
    before = {name: logging.getLogger(name).level for name in {*_THEIRS, *names}}
    with warnings.catch_warnings(action="ignore"):
        for name in before:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for name, level in before.items():
                logging.getLogger(name).setLevel(level)


def connected(address: str) -> Client:
    """Return a client of a scheduler that has workers fit for the work.

    Args:
        address: the scheduler's.

    Raises:
        ClusterError: nothing answers there, no worker is there, or one has another version.
    """
    try:
        client = Client(address, timeout=lookout.PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise _unanswered(address, error) from error
    try:
        _check(client, address)
    except BaseException:
        client.close(timeout=lookout.PATIENCE)
        raise
    return client


def _unanswered(address: str, error: Exception) -> ClusterError:
    hint = (
        "is the address that which `dask scheduler` printed when it started, as in "
        "tcp://10.0.0.1:8786, and can it be reached from here?"
    )
    if address.startswith("tls:"):
        hint += (
            "\nare these the files of a certificate that its authority signed: "
            "DASK_DISTRIBUTED__COMM__TLS__CA_FILE, DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and "
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY?"
        )
    return ClusterError(
        f"dask's scheduler at {address} does not answer: {type(error).__name__}",
        hint=hint,
        data={"scheduler": address},
    )


def _check(client: Client, address: str) -> None:
    patience = lookout.PATIENCE
    try:
        lookout.in_time(lambda: client.wait_for_workers(1, timeout=patience), 2 * patience)
    except TimeoutError as error:
        raise ClusterError(
            f"dask's scheduler at {address} has no workers",
            hint=f"on each machine, the same project in the same folder: dask worker {address}",
            data={"scheduler": address},
        ) from error
    try:
        found = lookout.in_time(
            lambda: client.run(remote.version, on_error="return"), lookout.SILENCE
        )
    except (OSError, TimeoutError) as error:
        raise _unanswered(address, error) from error
    for worker, version in sorted(found.items()):
        if isinstance(version, Exception):
            raise ClusterError(
                f"the worker {worker} cannot load alembic-migrate: "
                f"{type(version).__name__}: {version}",
                hint=f'on each worker: pip install "alembic-migrate[dask]=={VERSION}"',
            )
        if version != VERSION:
            raise remote.other_version(VERSION, version, f"the worker {worker}")
