"""API keys: shown once, kept as hashes, compared in constant time.

A key holds 256 random bits, so a plain SHA-256 cannot be guessed back; slow hashes are for
passwords that people choose.
"""

import hashlib
import hmac
import json
import re
import secrets
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from tools.core.errors import FixArguments, StepFailed
from tools.core.files import write_bytes
from tools.core.locks import locked

KeyRole = Literal["use", "admin"]
_PATIENCE_S = 5.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_LONGEST = 200  # characters that are hashed at all


@dataclass(frozen=True)
class Key:
    """Who may ask: `admin` may also move traffic between versions and promote."""

    name: str
    sha256: str
    role: KeyRole
    created: str


ANYBODY = Key("anybody", "", "admin", "")  # where no key is asked for: the owner's own machine


class Keys:
    """The keys of a file, read again when it changes: a removed key is refused from the next request on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._keys: list[Key] = []

    def all(self) -> list[Key]:
        """Every key of the file; none when there is no file.

        Raises:
            StepFailed: the file is damaged.
        """
        with self._lock:
            try:
                stat = self.path.stat()
            except FileNotFoundError:
                self._stamp, self._keys = None, []
                return []
            if (stat.st_mtime_ns, stat.st_ino) != self._stamp:
                self._keys = _read(self.path)
                self._stamp = (stat.st_mtime_ns, stat.st_ino)
            return self._keys

    def find(self, presented: str) -> Key | None:
        """The key that was presented. Every kept hash is compared, so the time says nothing."""
        digest = _digest(presented[:_LONGEST])
        found = None
        for key in self.all():
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found

    def add(self, name: str, role: KeyRole = "use") -> str:
        """Make a key; returns it. It is never seen again.

        Raises:
            FixArguments: the name is taken or cannot be used.
        """
        if not _NAME.fullmatch(name):
            raise FixArguments(f"{name[:80]!r} cannot name a key; use up to 64 letters, digits, dots, dashes")
        secret = f"sight_{secrets.token_urlsafe(32)}"
        key = Key(name, _digest(secret), role, datetime.now(UTC).isoformat(timespec="seconds"))
        self._change(name, key)
        return secret

    def remove(self, name: str) -> None:
        """Refuse a key from now on.

        Raises:
            FixArguments: there is none of that name.
        """
        self._change(name, None)

    def _change(self, name: str, key: Key | None) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        busy = StepFailed(f"{self.path} is being changed by another process; try again")
        with locked(self.path.with_name(f".{self.path.name}.lock"), _PATIENCE_S, busy):
            kept = _read(self.path) if self.path.exists() else []
            if key is None and all(k.name != name for k in kept):
                raise FixArguments(f"there is no key {name!r} in {self.path}")
            if key is not None and any(k.name == name for k in kept):
                raise FixArguments(f"there is a key {name!r} already; remove it first, or take another name")
            _write(self.path, [k for k in kept if k.name != name] + ([key] if key else []))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _read(path: Path) -> list[Key]:
    try:
        return [Key(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        # Damaged is not empty: an empty list would let everybody in.
        raise StepFailed(f"{path}: the keys cannot be read ({type(error).__name__}); restore the file") from None


def _write(path: Path, keys: list[Key]) -> None:
    """Beside and renamed, readable by its owner alone from the first byte."""
    write_bytes(path, json.dumps([asdict(key) for key in keys], indent=1).encode(), mode=0o600)
