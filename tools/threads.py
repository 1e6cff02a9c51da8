"""How the threads of torch wait for each other."""

import os


def wait_politely() -> None:
    """Let idle threads sleep soon. Counts only before torch is loaded; what the user has set stays.

    Threads that spin while they wait make training ten times slower as soon as anything else wants a core; but some
    microseconds of waiting awake are worth it: on two free cores training gains a third and more.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
