"""Estimates grow with the work, and a plan that must fit into minutes does."""

import pytest

from tools.core.errors import StepFailed
from tools.core.settings import EFFORTS, Settings
from tools.runs.estimate import LEAST_JUDGING, Plan, about_judging, estimate, fit_plan, photos_judging

QUICK = Plan(images=200, rounds=2, effort="quick")
STANDARD = Plan(images=480, rounds=3, effort="standard")


def minutes(plan: Plan, cores: int = 2, **settings: int) -> float:
    return estimate(plan, Settings(**settings), cores).minutes


def test_the_quick_plan_is_done_in_twelve_minutes_on_two_cores():
    assert 4 < minutes(QUICK) <= 12


def test_the_stages_add_up_and_rendering_is_as_measured():
    cost = estimate(QUICK, Settings(), 2)
    assert sum(cost.stages.values()) == pytest.approx(cost.minutes, abs=0.1)
    assert cost.stages["generate"] == pytest.approx(200 * 0.85 / 60, abs=0.01)
    assert cost.money == 0


def test_epochs_that_are_set_count_whatever_the_effort():
    short = [estimate(plan, Settings(epochs=13), 2).stages["train"] for plan in (QUICK, STANDARD)]
    usual = [estimate(plan, Settings(), 2).stages["train"] for plan in (QUICK, STANDARD)]
    wanted = [t * 13 / EFFORTS[p.effort].epochs for t, p in zip(usual, (QUICK, STANDARD), strict=True)]
    assert short == pytest.approx(wanted, rel=0.02)


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (minutes(QUICK), minutes(STANDARD)),
        (minutes(QUICK), minutes(QUICK.model_copy(update={"images": 360}))),
        (minutes(QUICK), minutes(QUICK.model_copy(update={"rounds": 3}))),
        (minutes(QUICK), minutes(QUICK, size_px=416)),
        (minutes(QUICK), minutes(QUICK.model_copy(update={"photos": 100}))),
        (minutes(QUICK, cores=8), minutes(QUICK)),
    ],
)
def test_more_work_takes_longer(less, more):
    assert less < more


def test_a_larger_image_costs_by_its_area():
    large, small = (estimate(QUICK, Settings(size_px=s), 2).stages["generate"] for s in (640, 320))
    assert large == pytest.approx(4 * small, rel=0.01)


@pytest.mark.parametrize(
    ("wanted", "budget", "images_given"),
    [(STANDARD, 30.0, False), (STANDARD, 12.0, False), (STANDARD, 5.0, False), (STANDARD, 3.0, False),
     (QUICK, 4.0, False),
     (Plan(images=200, rounds=2, effort="standard"), 12.0, True),
     (Plan(images=2000, rounds=4, effort="thorough"), 60.0, False)],
)  # fmt: skip
def test_a_plan_fits_its_minutes_and_says_what_was_cut(wanted, budget, images_given):
    settings = Settings()
    plan, notes = fit_plan(wanted, budget, settings, images_given=images_given, cores=2)
    assert estimate(plan, settings, 2, limited=True).minutes <= budget
    assert plan.images <= wanted.images
    assert plan.rounds <= wanted.rounds
    assert plan.images >= settings.plan.min_images
    assert (plan == wanted) == (notes == [])
    if plan.images != wanted.images:
        assert f"{plan.images} pictures instead of {wanted.images}" in notes[0]


def test_images_that_were_asked_for_outlive_long_training():
    plan, notes = fit_plan(Plan(images=200, rounds=1, effort="thorough"), 5.3, Settings(), images_given=True, cores=2)
    assert (plan.images, plan.effort) == (200, "quick")
    assert "effort quick instead of thorough" in notes[0]


def test_the_cut_plan_is_the_largest_that_fits():
    settings = Settings()
    plan, _ = fit_plan(QUICK, 5, settings, cores=2)
    assert estimate(plan.model_copy(update={"images": plan.images + 2}), settings, 2, limited=True).minutes > 5


@pytest.mark.parametrize("budget", [None, 10_000.0])
def test_a_plan_with_time_enough_stays(budget):
    assert fit_plan(STANDARD, budget, Settings(), cores=2) == (STANDARD, [])


def test_what_cannot_fit_is_refused_with_the_least_it_takes():
    with pytest.raises(
        StepFailed, match=r"0.5 minutes are not enough: even 24 pictures of 320 px in one round take about"
    ):
        fit_plan(STANDARD, 0.5, Settings(), cores=2)


def test_efforts_grow():
    plans = [Plan(images=level.images, rounds=level.rounds, effort=name) for name, level in EFFORTS.items()]
    times = [minutes(p) for p in plans]
    assert times == sorted(times)


def test_few_images_are_seen_often_unless_minutes_are_limited():
    few, many = (QUICK.model_copy(update={"images": n}) for n in (20, 400))
    often, once = (estimate(few, Settings(), 2, limited=limited).stages["train"] for limited in (False, True))
    assert often > 3 * once
    assert estimate(many, Settings(), 2) == estimate(many, Settings(), 2, limited=True)


def test_photos_that_judge_take_their_time_of_the_plan():
    settings = Settings()
    without, _ = fit_plan(QUICK, 6, settings, cores=2)
    plan, notes = fit_plan(QUICK.model_copy(update={"photos": 200}), 6, settings, cores=2)
    assert plan.photos == 200 and (plan.images, plan.rounds) < (without.images, without.rounds) and notes
    assert estimate(plan, settings, 2, limited=True).minutes <= 6


@pytest.mark.parametrize(
    ("there", "minutes", "judging"),
    [(5000, None, 5000), (30, 1, 30), (5000, 1, LEAST_JUDGING), (140, 6, 140), (1000, 6, 150), (1000, 12, 300)],
)
def test_photos_judge_as_many_as_the_minutes_allow(there, minutes, judging):
    settings = Settings()
    assert photos_judging(there, minutes, settings) == judging
    assert len(about_judging(judging, there, minutes)) == (judging < there)
