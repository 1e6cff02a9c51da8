"""What networks run on: the device, and the numbers that it computes with."""

import os
from typing import Any, Literal

Device = Literal["cuda", "cpu"]


def choose_device() -> Device:
    """The GPU when there is one, else the CPU."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def choose_dtype(device: str) -> Any:
    """Half precision where it is faster and safe: bf16 on GPUs that have it, else fp16; 32 bits on a CPU."""
    import torch

    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.float32


def cpu_count() -> int:
    """Cores this process may use, which in a container are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_fast_bfloat16(device: Any) -> bool:
    """Whether 16-bit floats are computed in hardware; emulated ones are slower than 32-bit."""
    import torch

    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, lambda: False)()) for name in names)
