"""Libraries that report home are told not to, whatever environment a person starts us in."""

import os
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from tests.waiting import LONG_S

ASKED = """
import sys
import tools
import onnxruntime
from huggingface_hub import constants
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
assert session.get_inputs()[0].name == "x"
print(constants.HF_HUB_DISABLE_TELEMETRY)
"""


CONVERTED = """
import sys
import tools
import openvino
from openvino.tools.ovc import telemetry_utils
model = openvino.convert_model(sys.argv[1])
assert [i.get_any_name() for i in model.inputs] == ["x"]
print(telemetry_utils.tm.__name__)
"""


def in_a_fresh_home(home, asked=ASKED, **environment):
    """What code prints where nothing is set: CI's variables alone would keep ONNX Runtime and OpenVINO quiet."""
    shape = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy"]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "one", shape[:1], shape[1:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    path = home.parent / "model.onnx"
    onnx.save(model, path)
    clean = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(Path.cwd()), **environment}
    made = subprocess.run(
        [sys.executable, "-c", asked, str(path)], env=clean, capture_output=True, text=True, timeout=LONG_S, check=False
    )
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@pytest.mark.skipif(sys.platform == "win32", reason="reports by the system's own tracing there")
def test_the_runtime_of_exported_models_writes_no_identifier_and_queues_no_report(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    hub_is_quiet = in_a_fresh_home(home)
    assert not list(home.rglob("*onnxruntime*")), "ONNX Runtime keeps its reports and its identifier there"
    assert hub_is_quiet == "True"


def test_who_wants_the_hub_to_know_says_so(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    assert in_a_fresh_home(home, HF_HUB_DISABLE_TELEMETRY="0", DO_NOT_TRACK="0") == "False"


def test_the_runtime_of_small_devices_cannot_report_and_leaves_nothing_in_the_home(tmp_path):
    pytest.importorskip("openvino")
    home = tmp_path / "home"
    home.mkdir()
    assert in_a_fresh_home(home, CONVERTED) == "openvino.tools.ovc.telemetry_stub"
    assert not list(home.rglob("*")), "OpenVINO keeps its consent, its identifier and its counts there"
