"""A language model is told what can be drawn by name, so that a small one names it rightly at the first call."""

from agent.graph import recall
from agent.run_folder import start_run
from tests.tools.generators.model_files import sh3f
from tools.core.settings import Settings
from tools.drawable.drawing import MAX_NAMES_CHARS, names_to_choose_from
from tools.generators.blender.library import Library


def told(run) -> str:
    return str(recall({"messages": []}, run)["messages"][0].content)


def test_every_name_is_in_the_prompt(tmp_path):
    sh3f(tmp_path / "a.sh3f", [{"name": "Zorka"}])
    run = start_run("zorkas", Settings(runs_dir=tmp_path / "runs", model_libraries=str(tmp_path / "a.sh3f")))
    text = told(run)
    library = Library.of_run(run.folder, settings=run.settings)
    assert all(library.spec(key).name in text for key in library.keys())  # noqa: SIM118
    assert (
        "zorka" in text and "never the name of a relative" in text and len(names_to_choose_from(run)) < MAX_NAMES_CHARS
    )


def test_an_engine_that_draws_any_word_has_no_list(tmp_path):
    run = start_run("zorkas", Settings(runs_dir=tmp_path / "runs", generator="diffusion"))
    assert names_to_choose_from(run) == "" and "Names that can be drawn" not in told(run)


def test_a_folder_that_is_gone_is_for_the_tools_to_say(tmp_path):
    run = start_run("zorkas", Settings(runs_dir=tmp_path / "runs"))
    run.record.assets = str(tmp_path / "gone")
    assert names_to_choose_from(run) == ""
