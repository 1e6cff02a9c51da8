"""A file lock between processes; the system lets it go when its holder ends, however that happens."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_RETRY_S = 0.02


@contextmanager
def locked(path: Path, patience_s: float, refusal: Exception) -> Iterator[None]:
    """Hold the lock of a file, which is made when it does not exist.

    Args:
        path: the file.
        patience_s: how long to wait for another holder.
        refusal: raised when the other still holds it then.
    """
    with path.open("a") as file:
        deadline = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise refusal from None
                time.sleep(_RETRY_S)
        yield
