"""Money of a run, written down before it is spent: a cap that requests at once, kills and retries cannot pass."""

import json
import os
import threading
from pathlib import Path
from typing import Any, Literal

Outcome = Literal["kept", "refunded", "unknown"]
_CENT_DUST = 1e-9  # sums of floats are a little off


class Ledger:
    """Reservations and what became of them, one JSON line each, in the run's folder.

    A reservation counts as spent until the service said that it delivered nothing. One without an outcome (a kill, a
    time-out) stays spent: the service may have charged for it.

    Args:
        path: of the file; made when missing.
        cap_usd: never passed, over all the runs that wrote the file.
    """

    def __init__(self, path: Path, cap_usd: float) -> None:
        self.path, self.cap_usd = path, cap_usd
        self._entries: dict[int, tuple[str, float, str]] = {}  # number -> what for, US dollars, state
        self._open: set[int] = set()
        self._changed = threading.Condition()
        self._read()

    @property
    def spent_usd(self) -> float:
        """What is or may have been charged so far."""
        with self._changed:
            return round(self._spent(), 6)

    def cost_of(self, what: str) -> float:
        """US dollars of one image, with attempts that failed after they may have been charged."""
        with self._changed:
            return round(sum(usd for w, usd, state in self._entries.values() if w == what and state != "refunded"), 6)

    def reserve(self, what: str, usd: float) -> int | None:
        """Set money aside; call it before a request is sent.

        Waits while others hold what is left, for they may give it back.

        Returns:
            The number of the reservation, or None when the cap leaves no room.
        """
        with self._changed:
            while self._spent() + usd > self.cap_usd + _CENT_DUST:
                if not self._open:
                    return None
                self._changed.wait()
            number = len(self._entries) + 1
            self._write({"number": number, "for": what, "usd": usd, "state": "reserved"})
            self._entries[number] = (what, usd, "reserved")
            self._open.add(number)
            return number

    def settle(self, number: int, outcome: Outcome) -> None:
        """Say what became of a reservation."""
        with self._changed:
            what, usd, _ = self._entries[number]
            self._write({"number": number, "for": what, "usd": usd, "state": outcome})
            self._entries[number] = (what, usd, outcome)
            self._open.discard(number)
            self._changed.notify_all()

    def _spent(self) -> float:
        return sum(usd for _, usd, state in self._entries.values() if state != "refunded")

    def _read(self) -> None:
        if not self.path.is_file():
            return
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
                self._entries[int(entry["number"])] = (str(entry["for"]), float(entry["usd"]), str(entry["state"]))
            except (ValueError, KeyError, TypeError):
                # Half a line of a kill: a reservation that was never sent, or an outcome that is then unknown.
                continue

    def _write(self, entry: dict[str, Any]) -> None:
        """Append a line and have it on the disk before anything else happens."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            file.seek(0, os.SEEK_END)
            start = b""
            if file.tell():
                file.seek(-1, os.SEEK_END)
                start = b"" if file.read(1) == b"\n" else b"\n"
            file.write(start + json.dumps(entry).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
