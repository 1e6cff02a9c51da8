"""Pretrained models on this machine: where they are found, what they run on, and how their memory is given back.

Weights come from a folder, from the cache of the Hugging Face hub or, where the profile allows it, from the hub itself.
"""

import gc
import logging
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.core.errors import StepFailed

log = logging.getLogger(__name__)


def local_folder(name: str) -> Path | None:
    """The folder that holds a model: a path, or its snapshot in the hub's cache. None: not on this machine.

    Args:
        name: a path, or 'owner/name' as on the hub.
    """
    path = Path(name).expanduser()
    if path.exists():
        return path
    if name.count("/") != 1:
        return None
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        snapshot = Path(snapshot_download(name, local_files_only=True))  # a look into the cache; nothing is fetched
    except (HFValidationError, LocalEntryNotFoundError, OSError):
        return None
    return snapshot if any(_holds_weights(f) for f in snapshot.glob("**/*")) else None


def _holds_weights(path: Path) -> bool:
    return path.suffix in (".safetensors", ".bin", ".pt", ".pth")


def load_pretrained(load: Callable[..., Any], name: str, *, offline: bool, setting: str, **options: Any) -> Any:
    """Call a `from_pretrained` with errors in words.

    Args:
        load: e.g. `AutoModel.from_pretrained`.
        name: a path, or a name on the hub.
        offline: never look at the network.
        setting: the setting that names the model, for the message.
        options: passed on.

    Raises:
        StepFailed: the weights are not here, damaged, or of another kind.
    """
    folder = local_folder(name)
    try:
        return load(str(folder or name), local_files_only=offline or folder is not None, **options)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, TypeError) as error:
        why = next(iter(str(error).strip().splitlines()), type(error).__name__)
        where = "could not be opened" if folder else "is not on this machine and could not be fetched"
        raise StepFailed(
            f"model {name!r} {where} ({why}); name another with SIGHTSMITH_{setting.upper()},"
            " a folder or a name on the hub"
        ) from error


def release() -> None:
    """Give memory back between stages: call it after the last reference to a model is gone. The peak is logged."""
    gc.collect()
    log.info("peak memory so far: %s", ", ".join(f"{k} {v:.0f} MiB" for k, v in peak_memory().items()))
    torch = _loaded_torch()
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def peak_memory() -> dict[str, float]:
    """Greatest memory in use so far, in MiB: of this process, and of the GPU where torch has used one."""
    # Linux counts in KiB.
    peaks = {"process": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    torch = _loaded_torch()
    if torch is not None and torch.cuda.is_available():
        peaks["gpu"] = torch.cuda.max_memory_allocated() / 2**20
    return {name: round(value, 1) for name, value in peaks.items()}


def _loaded_torch() -> Any:
    """Torch when something has imported it; never imported for a look at its memory."""
    import sys

    return sys.modules.get("torch")
