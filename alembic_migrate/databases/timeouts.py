"""How long connecting may take: configured, or what a URL says itself; for each of its hosts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import URL

# The drivers' own names for the seconds they wait for a connection.
_TIMEOUT_PARAMETERS = {
    "psycopg": "connect_timeout",
    "psycopg2": "connect_timeout",
    "asyncpg": "timeout",
    "pymysql": "connect_timeout",
    "mysqldb": "connect_timeout",
    "aiomysql": "connect_timeout",
    "asyncmy": "connect_timeout",
    "mysqlconnector": "connection_timeout",
    "mariadbconnector": "connect_timeout",
    "pymssql": "login_timeout",
    "pyodbc": "timeout",
}
_TIMEOUTS = frozenset(_TIMEOUT_PARAMETERS.values())
# Their limit is one for all hosts; the others' begins anew with each.
_LIMIT_ALL = frozenset({"asyncpg"})


@dataclass(frozen=True)
class ConnectTimeout:
    """How long connecting may take.

    Attributes:
        seconds: for each host that is tried.
        configured: whether somebody said so: a default gives way to what a URL or an engine says.
    """

    seconds: float = 10.0
    configured: bool = False

    def each(self, said: object) -> float:
        """Return the seconds for one host, where a URL or an engine may say its own."""
        try:
            own = float(str(said))
        except ValueError:
            own = 0.0
        return self.seconds if self.configured or own <= 0 else own

    def of_url(self, url: URL) -> float:
        """Return the seconds for all hosts of a URL."""
        said = next((url.query[name] for name in _TIMEOUTS if name in url.query), None)
        return _for_all(self.each(said), url.query.get("host") or url.host)

    def given(self, driver: str, parameters: Mapping[str, Any]) -> tuple[dict[str, Any], float]:
        """Return what to connect with, the limit in it, and the seconds for all hosts together.

        Args:
            driver: its name, as SQLAlchemy has it.
            parameters: what a connection would be made with.
        """
        name = _TIMEOUT_PARAMETERS.get(driver)
        each = self.each(parameters.get(name) if name is not None else None)
        whole = _for_all(each, parameters.get("host"))
        if name is None:
            return dict(parameters), whole
        return {**parameters, name: whole if driver in _LIMIT_ALL else max(1, round(each))}, whole


def _for_all(each: float, hosts: object) -> float:
    """Return the seconds for hosts that are tried one after the other."""
    several = hosts.split(",") if isinstance(hosts, str) else hosts
    count = len(several) if isinstance(several, list | tuple) else 1
    # libpq gives each of several two seconds at least.
    return each if count < 2 else count * max(each, 2.0) + 1.0  # noqa: PLR2004 - not several
