"""Processes that are started find our packages from every folder, and get keys only if they need them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.core.processes import ROOT, before_workers_of_ray, environment, is_secret, module_command
from tools.generators.blender.engine import BlenderGenerator
from tools.generators.blender.library import Library


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder whose packages are called like ours."""
    for name in ("tools", "agent", "ui", "prompts"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('the packages of another project')\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("module", ["agent.cli.app", "tools.generators.blender.worker"])
def test_a_process_loads_our_packages_in_a_folder_with_packages_of_these_names(elsewhere, module):
    """The worker ends at once where it is told nothing."""
    command = module_command(module, *(["--help"] if module == "agent.cli.app" else []))
    done = subprocess.run(
        command, env=environment(keys=False), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_workers_of_ray_look_among_our_packages_first(elsewhere):
    """Ray puts the folder in which it is started first on the path of its workers."""
    with before_workers_of_ray():
        assert Path.cwd() == ROOT and (Path.cwd() / "tools" / "core" / "processes.py").is_file()
    assert Path.cwd() == elsewhere


def test_no_process_is_started_in_another_way():
    """`python -m` alone takes packages of the current folder for ours."""
    starts = re.compile(r"[\"']-m[\"']")
    found = [
        p for folder in ("agent", "tools", "ui") for p in (ROOT / folder).rglob("*.py") if starts.search(p.read_text())
    ]
    assert found == [ROOT / "tools" / "core" / "processes.py"]
    assert module_command("m", "a") == [sys.executable, "-P", "-m", "m", "a"]


def test_a_renderer_gets_no_key(monkeypatch):
    for name in (
        "OPENAI_API_KEY",
        "openai_api_key",
        "OPENAI_ORG_ID",
        "SIGHTSMITH_IMAGE_API_KEY",
        "SIGHTSMITH_VLM_BASE_URL",
    ):
        monkeypatch.setenv(name, "sk-owner")
        assert is_secret(name)
    monkeypatch.setenv("SIGHTSMITH_SEED", "7")
    own = BlenderGenerator(library=Library(), size_px=64)._pool._env
    assert "sk-owner" not in own.values() and own["SIGHTSMITH_SEED"] == "7"
    assert own["PYTHONPATH"].split(":")[0] == str(ROOT)
    assert environment(keys=True)["OPENAI_API_KEY"] == "sk-owner"
