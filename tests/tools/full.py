"""A disk that is full from some write on."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def full_after(monkeypatch: pytest.MonkeyPatch, writes: int) -> Iterator[list[int]]:
    """The disk takes so many files that have to last, and then none. Yields a list with an entry for each it took."""
    taken: list[int] = []

    def sync(number: int) -> None:
        if stat.S_ISDIR(os.fstat(number).st_mode):
            return  # of a folder: takes no space
        if len(taken) >= writes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken.append(number)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", sync)
        yield taken
