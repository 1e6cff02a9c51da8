"""What a job imports anyway, imported before it is forked. Nothing here starts a thread."""

import onnx  # noqa: F401
import torch

import agent.cli.app
import agent.cli.console
import agent.graph
import agent.report.write
import agent.run  # noqa: F401
import tools
import tools.trainers.yolo
from tools.models.networks import quiet_ultralytics

tools.all_tools()
quiet_ultralytics()
import ultralytics.models  # noqa: E402 F401 it reads what was set just now

torch.set_num_threads(1)
