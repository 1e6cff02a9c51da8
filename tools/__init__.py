"""What the agent can do, one module a tool."""

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

# ONNX Runtime and the hub's libraries report home unless told not to before they are imported. Who sets these decides.
for _name in ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
    os.environ.setdefault(_name, "1")
# OpenVINO reports home at its import unless a file in the home folder says no. Without this package of its own, which
# may be missing by its design, it cannot; nothing is written into anybody's home.
_modules: dict[str, Any] = sys.modules
_modules.setdefault("openvino_telemetry", None)


def all_tools() -> "list[BaseTool]":
    """The tools that the agent binds, in the order of a round; imported only when asked for."""
    from tools.label.learn import learn_from_photos
    from tools.label.tool import label_photos_in
    from tools.memory.store import search_memory
    from tools.repair.tool import improve_photos_in
    from tools.steps.annotate import annotate_images
    from tools.steps.curate import curate_dataset
    from tools.steps.diagnose import diagnose_model
    from tools.steps.evaluate import evaluate_model
    from tools.steps.export_dataset import export_dataset
    from tools.steps.export_model import export_model
    from tools.steps.generate import generate_images
    from tools.steps.learn_from_examples import learn_from_examples
    from tools.steps.scenes import design_scenes
    from tools.steps.score import score_images
    from tools.steps.task import ask_user, define_task
    from tools.steps.train import train_model

    return [
        define_task, design_scenes, generate_images, score_images, curate_dataset, annotate_images, train_model,
        evaluate_model, diagnose_model, export_model, export_dataset, search_memory, ask_user,
        label_photos_in, learn_from_photos, learn_from_examples, improve_photos_in,
    ]  # fmt: skip
