"""What makes torch fast on a CPU: how its threads wait, what becomes of freed memory, which kernels it remembers."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3  # of glibc's malloc.h
_USUAL = {_M_MMAP_THRESHOLD: 128 << 10, _M_TRIM_THRESHOLD: 128 << 10, _M_TOP_PAD: 128 << 10}
_KEEPING = {_M_MMAP_THRESHOLD: 32 << 20, _M_TRIM_THRESHOLD: 2**31 - 1, _M_TOP_PAD: 64 << 20}  # the first is the most


def prepare_for_torch() -> None:
    """Set what torch reads from the environment when it is loaded; what the user has set stays.

    Threads that spin while they wait make training ten times slower as soon as anything else wants a core; but some
    microseconds of waiting awake are worth it: on two free cores training gains a third and more. Kernels are made for
    each layer and image size: oneDNN keeps the last 1,024, which five sizes exceed, and makes them anew each time.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "8192")


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Keep what tensors free for the next ones, instead of handing it back to the system and asking for it again.

    By default glibc maps every tensor of more than some hundred kilobytes anew, and the system fills each page with
    zeros: a sixth of a training step. Afterwards all that is free is handed back. Without glibc nothing happens.
    """
    try:
        libc = ctypes.CDLL(None)
        choose, hand_back = libc.mallopt, libc.malloc_trim
    except (AttributeError, OSError, TypeError):
        yield
        return
    for option, value in _KEEPING.items():
        choose(option, value)
    try:
        yield
    finally:
        for option, value in _USUAL.items():
            choose(option, value)
        hand_back(0)
