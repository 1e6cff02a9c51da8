"""What a job imports anyway, imported before it is forked. Nothing here starts a thread."""

import onnx  # noqa: F401
import torch

import agent.cli
import agent.console
import agent.graph
import agent.report
import agent.run  # noqa: F401
import tools
import tools.trainers.yolo
from tools.trainers.networks import quiet_ultralytics

tools.all_tools()
quiet_ultralytics()
import ultralytics.models  # noqa: E402 F401 it reads what was set just now

torch.set_num_threads(1)
