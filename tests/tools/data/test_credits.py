"""Whose models images show is said in the report and with the exported data."""

from agent.report.facts import facts_of
from agent.report.write import write_report
from tests.runs import make_run
from tools.data.card import dataset_card
from tools.data.credits import Credit, credits_of

BY = "Creative Commons Attribution 3.0"
DOG = {"id": "Lib#1", "name": "Dog", "author": "Ann | Bo", "licence": BY, "library": "Lib"}
CAT = {"id": "Lib#2", "name": "Cat", "author": "Cy", "licence": "Public domain", "library": "Lib"}


def with_models(run):
    """The first two images show a dog, the second a cat too."""
    first, second, *_ = run.dataset.samples()
    for sample, models in ((first, [DOG]), (second, [DOG, CAT])):
        run.dataset.update_samples({sample.id: {"provenance": sample.provenance | {"models": models}}})
    return run


def test_a_run_with_a_cc_by_model_carries_its_author(tmp_path):
    run = with_models(make_run(tmp_path / "run"))
    assert credits_of(run.dataset.samples()) == [
        Credit("Dog", "Ann | Bo", BY, "Lib", 2), Credit("Cat", "Cy", "Public domain", "Lib", 1),
    ]  # fmt: skip
    write_report(run)
    page, text = (run.folder / "report.html").read_text(), (run.folder / "report.md").read_text()
    for said in ("Ann", BY, "Public domain", "name the author"):
        assert said in page and said in text
    card = dataset_card(run.record.name, "dogs", run.task, list(run.dataset.samples()), run.record.engines, [])
    assert "Models by others" in card and "Ann" in card and BY in card


def test_a_run_without_models_by_others_says_nothing_of_them(tmp_path):
    run = make_run(tmp_path / "run")
    assert facts_of(run).credits == []
    assert "Models by others" not in dataset_card("x", "y", run.task, list(run.dataset.samples()), {}, [])
