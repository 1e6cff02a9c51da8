"""The starter weights that come with the package."""

import re
from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights" / "starter.safetensors"

CLASS_OUTPUT = re.compile(r"\.cv3\.\d+\.2\.(weight|bias)$")
