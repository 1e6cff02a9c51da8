"""What must not be read by others: which settings are secret, by their type, and how a text is rid of their values.

A setting is secret when its type is `SecretStr`: keys, and addresses, since a user and password may stand in them.
"""

import logging
import re
import sys
import traceback
from base64 import b64encode
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from pydantic import BaseModel, SecretStr

HIDDEN = "***"
_LEAST_KEY, _LEAST_PASSWORD = 8, 6  # characters; "ollama" as a key, or "test" as a password, hides no other text
_known: set[str] = set()  # values of secret settings that this process has read
# The user and password of an address, up to the last @ before its path.
_USER = re.compile(r"(?<=://)[^/?#\s\"'<>]+@")
_NAMED = re.compile(r"(?i)\b(bearer\s+|api[-_]?key[\"']?\s*[=:]\s*[\"']?|token[=:]\s*)[^\s\"'&,}]+")
_LIKE_A_KEY = re.compile(r"\b(?:sk|pk|gsk|key)-[\w*-]{4,}")


def secret_fields(model: "type[BaseModel]") -> list[str]:
    """The fields of a model whose type is `SecretStr`, alone or in a union."""
    from pydantic import SecretStr

    return [
        name
        for name, field in model.model_fields.items()
        if field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    ]


def reveal(secret: "SecretStr | None") -> str | None:
    """The value of a secret, for the client that sends it; None where there is none."""
    return (secret.get_secret_value() or None) if secret is not None else None


def remember(secret: str) -> None:
    """Keep a value, so that `hide` takes it out of every text: a key, or what is secret in an address."""
    for part in _parts(secret):
        _known.add(part)


def _parts(secret: str) -> list[str]:
    try:
        address = urlsplit(secret)
    except ValueError:  # no address that anything could be asked at
        return [secret]
    if not address.netloc:
        return [secret] if len(secret) >= _LEAST_KEY else []
    user, sign, password = address.netloc.rpartition("@")[0].partition(":")
    values = [password] if sign else [user]
    values += [b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()]  # as clients send it
    values += [value for _, value in parse_qsl(address.query)]
    return [v for value in values for v in {value, unquote(value)} if len(v) >= _LEAST_PASSWORD]


def hide(text: str) -> str:
    """The text without the values of secret settings, and without the user and password of any address."""
    for secret in sorted(_known, key=len, reverse=True):
        if secret in text:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", HIDDEN, text)
    return _USER.sub(f"{HIDDEN}@", text)


def redact(text: str) -> str:
    """As `hide`, and without what looks like a key: for what servers and libraries say."""
    return _LIKE_A_KEY.sub(HIDDEN, _NAMED.sub(rf"\1{HIDDEN}", hide(text)))


def hide_in(value: Any) -> Any:
    """A value of JSON with `hide` done to every text in it; names of fields stay."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        return {name: hide_in(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [hide_in(item) for item in value]
    return value


def shown(address: str) -> str:
    """An address as it may be shown: without user, password and query."""
    return hide(address.partition("?")[0].partition("#")[0])


class QuietFormatter(logging.Formatter):
    """Lines of a log, tracebacks included, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        return redact(super().format(record))


def print_quietly(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What `sys.excepthook` prints, without secrets."""
    sys.stderr.write(redact("".join(traceback.format_exception(kind, error, trace))))
