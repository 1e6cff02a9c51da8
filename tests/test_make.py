"""`make test` as a whole: both parts run, and what failed in either is told at the end."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.waiting import LONG_S

MAKEFILE = Path(__file__).parents[1] / "Makefile"
PYTEST = """#!/bin/sh
case "$*" in *"not slow"*) part=fast; code=$FAST ;; *) part=slow; code=$SLOW ;; esac
echo "output of the $part part"
[ $code = 0 ] || echo "FAILED tests/test_$part.py::test_it - assert False"
echo "$part part ended with $code"
exit $code
"""


@pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")
@pytest.mark.parametrize(("fast", "slow"), [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0)])
def test_both_parts_run_and_their_failures_stand_at_the_end(tmp_path, fast, slow):
    script = tmp_path / "pytest"
    script.write_text(PYTEST)
    script.chmod(0o755)
    installed = tmp_path / "installed"  # newer than what it is made of: nothing is set up
    installed.touch()
    done = subprocess.run(
        ["make", "-f", str(MAKEFILE), "test", f"BIN={tmp_path}", f"STAMP={installed}"], cwd=MAKEFILE.parent, text=True,
        capture_output=True, timeout=LONG_S, check=False, env=os.environ | {"FAST": str(fast), "SLOW": str(slow)},
    )  # fmt: skip
    assert (done.returncode == 0) == (fast == slow == 0)
    first, last = done.stdout.split("\nfast tests: ")
    assert "output of the fast part" in first and "output of the slow part" in first
    for part, code in (("fast", fast), ("slow", slow)):
        assert f"{part} part ended with {code}" in last
        assert (f"FAILED tests/test_{part}.py::test_it - assert False" in last) == (code != 0)
