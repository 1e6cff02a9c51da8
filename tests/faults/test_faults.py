"""Short versions of `benchmarks/faults.py`: odd endpoints in the fast suite, kills and hardship in the slow one."""

import random

import pytest

from tests.faults import endpoint
from tests.faults.disks import tried as under_hardship
from tests.faults.jobs import build
from tests.faults.kills import calm
from tests.faults.kills import tried as killed
from tests.faults.quirks import QUIRKS, SCENARIOS


@pytest.mark.slow
def test_odd_answers_of_an_endpoint_end_with_a_sentence_and_the_run_goes_on(tmp_path):
    faults = []
    with endpoint.served(tmp_path / "memory") as server:
        for case in endpoint.cases(40, seed=4):
            faults += [(case, fault) for fault in endpoint.tried(case, server, tmp_path / "runs").faults]
    assert faults == []


def test_cases_are_distinct_and_hold_every_quirk_and_scenario():
    found = list(endpoint.cases(300, seed=4))
    assert len({case[:2] for case in found}) == 300
    assert {case.quirk for case in found} == set(QUIRKS) and {case.scenario for case in found} == set(SCENARIOS)


@pytest.mark.slow
@pytest.mark.timeout(3600)  # some whole jobs
def test_what_was_killed_and_gone_on_with_is_what_it_would_have_been(tmp_path):
    told = killed(tmp_path, 4, 7, ("build", "label"), lambda _told: None)
    assert not any(t.faults for t in told), "\n".join(fault for t in told for fault in t.faults)
    assert sum(t.orphans for t in told) == 0 and sum(sum(t.signals.values()) for t in told) >= 4


@pytest.fixture(scope="module")
def undisturbed_build(tmp_path_factory):
    return calm(build(), tmp_path_factory.mktemp("undisturbed") / "calm")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["64 file descriptors", "a clock that jumps"])
def test_a_build_under_hardship_ends_with_a_sentence_and_goes_on(tmp_path, undisturbed_build, kind):
    undisturbed, seconds = undisturbed_build
    told = under_hardship(kind, tmp_path / "rough", undisturbed, seconds, random.Random(5))
    assert not told.faults, "\n".join(told.faults)
