"""Passwords hidden by the structure they stand in: URLs, connection strings, quoted keys.

SQL, names and other prose are handed on as they are: nothing is searched for as a substring, so a
column called ``password`` keeps its name and its statements. Passwords become ``***``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable

HIDDEN = "***"

_TELLING = r"(?:[a-z0-9_]*(?:password|passwd|passphrase)|pwd|api[_-]?key|(?:[a-z0-9]+_)?secret)"

# scheme://user:password@host. A password may hold anything but blanks, an unescaped @ too, so the
# last @ of the word ends it, unless another URL has begun before that.
_AUTHORITY = pattern(
    r"(?P<front>\b[a-z][a-z0-9+.\-]*://[^\s:/?#@'\"]*:)(?P<secret>(?:(?!://)\S)*)@", re.IGNORECASE
)
_VARIABLE = pattern(r"\$\{[A-Za-z_]\w*\}")
_URL = pattern(r"\b[a-z][a-z0-9+.\-]*://\S+", re.IGNORECASE)
_QUERY = pattern(rf"(?P<front>[?&;](?:{_TELLING}|key|odbc_connect)=)[^&\s'\";]*", re.IGNORECASE)

# A connection string is a run of two or more KEY=VALUE pairs whose keys are a driver's own.
_DSN_KEY = (
    r"(?:host|hostaddr|port|dbname|database|user|username|uid|server|driver|dsn|data source"
    r"|initial catalog|user id|connect_timeout|sslmode|application_name|options|password|passwd|pwd"
    r"|sslpassword|passfile)"
)
_DSN_VALUE = r"(?:'(?:\\.|[^'\\])*'|\{[^}]*\}|[^\s;'\"{]*)"
_DSN = pattern(rf"\b{_DSN_KEY}={_DSN_VALUE}(?:(?:\s+|;\s*){_DSN_KEY}={_DSN_VALUE})+", re.IGNORECASE)
_DSN_SECRET = pattern(
    rf"(?P<front>\b(?:password|passwd|pwd|sslpassword)=){_DSN_VALUE}", re.IGNORECASE
)

_STRING = r"[bru]{0,2}(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")"
# {'password': 'x'} and {"password": "x"}: a mapping as Python or JSON writes it.
_MAPPING = pattern(rf"(?P<front>['\"]{_TELLING}['\"]\s*:\s*){_STRING}", re.IGNORECASE)
# connect(password="x"), PASSWORD = "x": a line of source, as tracebacks quote it.
_ASSIGNMENT = pattern(rf"(?P<front>\b{_TELLING}\s*=\s*){_STRING}", re.IGNORECASE)


def mask_url(url: str) -> str:
    """Return a URL (the whole text is one) with the password of its authority and query hidden.

    Blanks are allowed in the password here, because it is known where the URL ends.
    """
    front, mark, rest = url.partition("://")
    if not mark:
        # No URL, but what somebody meant to be one: user:password@host.
        _, at, place = url.rpartition("@")
        return f"{HIDDEN}@{place}" if at else url
    user, colon, secret = rest.partition(":")
    if colon and "@" in secret and not set(user) & set("/?@"):
        rest = f"{user}:{HIDDEN}@{secret.rpartition('@')[2]}"
    return _QUERY.sub(_hide, f"{front}{mark}{rest}")


def mask(text: str) -> str:
    """Return a message or a line of a log with every password in a known structure hidden."""
    if "://" in text:
        text = _AUTHORITY.sub(_hide_authority, text)
        text = _URL.sub(lambda found: _QUERY.sub(_hide, found[0]), text)
    if "=" in text:
        text = _DSN.sub(lambda found: _DSN_SECRET.sub(_hide, found[0]), text)
    return _MAPPING.sub(_hide_string, text) if "'" in text or '"' in text else text


def mask_traceback(text: str) -> str:
    """Return a traceback masked like a message, and with literals given to a secret key hidden."""
    return _ASSIGNMENT.sub(_hide_string, mask(text))


def _hide_authority(found: re.Match[str]) -> str:
    # A variable's name is no secret, and a line to paste has to stay one.
    return found[0] if _VARIABLE.fullmatch(found["secret"]) else f"{found['front']}{HIDDEN}@"


def _hide(found: re.Match[str]) -> str:
    return f"{found['front']}{HIDDEN}"


def _hide_string(found: re.Match[str]) -> str:
    quote = found[0][-1]
    return f"{found['front']}{quote}{HIDDEN}{quote}"


def masked(value: object, how: Callable[[str], str] = mask) -> object:
    """Return plain JSON values with ``how`` applied to every string among them, keys excepted."""
    if isinstance(value, str):
        return how(value)
    if isinstance(value, dict):
        return {key: masked(item, how) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, how) for item in value]
    return value
