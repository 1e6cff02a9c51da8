"""The training step on Ultralytics' networks and losses: all cores, 16-bit where the CPU has it, averaged weights.

Shared by the training of a task (`yolo.py`) and of the starter (`starter.py`): their images come from elsewhere.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from tools.core.devices import cpu_count, has_fast_bfloat16
from tools.core.task import TaskKind
from tools.trainers.batches import Batch, image_tensor, to_tensors
from tools.trainers.consistency import Teacher, Views, agreement

MAX_GRADIENT_NORM = 10.0
WEIGHT_DECAY = 0.02
WARM_UP_SHARE = 0.06  # of the schedule
FINAL_RATE_SHARE = 0.02  # of the learning rate, left at the end
# Ultralytics' 0.03 keeps a tenth of the random start after 80 steps: measured on 8 simple images, mask mAP50 is 0.0
# after 60 epochs with 0.03 and 1.0 with 0.1, though both lose the same.
BATCH_STATISTICS_MOMENTUM = 0.1
# Of the loss of classes. With Ultralytics' 0.5 it is a small part of the gradient, and in few steps a network learns
# where things are, not what: of 201 look-alikes in the very images it was trained on it took 134 for the target.
CLASS_GAIN = 4.0
MAX_AVERAGING = 0.998  # averages the last few hundred steps; early on fewer, see `Learner.step`


@contextmanager
def reproducible(threads: int | None) -> Iterator[None]:
    """The same numbers every time, on all cores; torch's global settings are put back afterwards."""
    import torch

    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(), torch.get_rng_state()
    warn = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.set_num_threads(threads or cpu_count())
    torch.use_deterministic_algorithms(True, warn_only=True)
    settings: Any = torch.utils.deterministic
    fill = settings.fill_uninitialized_memory
    settings.fill_uninitialized_memory = False  # else a sixth of a step fills memory that nobody reads
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1], warn_only=warn)
        settings.fill_uninitialized_memory = fill
        torch.set_rng_state(before[2])


def rate_at(progress: float, rate: float) -> float:
    """Learning rate after a share of the schedule: linear warm-up, then half a cosine."""
    if progress < WARM_UP_SHARE:
        return rate * max(0.02, progress / WARM_UP_SHARE)
    rest = min(1.0, (progress - WARM_UP_SHARE) / (1 - WARM_UP_SHARE))
    return rate * (FINAL_RATE_SHARE + (1 - FINAL_RATE_SHARE) * 0.5 * (1 + math.cos(math.pi * rest)))


class Learner:
    """A network, its averaged twin, and the optimizer."""

    def __init__(
        self, network: Any, kind: TaskKind, device: Any, *, bfloat16: bool | None = None, frozen: int = 0,
        teacher: Teacher | None = None,
    ) -> None:  # fmt: skip
        """Take a network to train.

        Args:
            network: of Ultralytics' modules.
            kind: of the task, which decides the loss.
            device: where to compute.
            bfloat16: compute in 16 bits; None asks the device.
            frozen: first layers that stay as they are, with their batch statistics.
            teacher: of a classifier that learns from photos without labels too; it follows the average.
        """
        import torch

        self.kind = kind
        self.device = device
        self.teacher = teacher
        self.bfloat16 = has_fast_bfloat16(device) if bfloat16 is None else bfloat16
        self.network = network.to(device).to(memory_format=torch.channels_last).train()
        for parameter in self.network.parameters():
            parameter.requires_grad_(True)
        for name, parameter in self.network.named_parameters():
            if ".dfl" in name:  # the fixed weights 0..15 of the box distribution
                parameter.requires_grad_(False)
        for module in self.network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = BATCH_STATISTICS_MOMENTUM
        for layer in self.network.model[:frozen]:
            layer.eval().requires_grad_(False)
        self.network.args.cls = CLASS_GAIN
        self.criterion = self.network.init_criterion()
        _exchange_mask_loss(self.criterion, device)
        self._average_from(self.network.state_dict())
        self.steps = 0
        self.optimizer = self._optimizer()

    def _optimizer(self) -> Any:
        import torch

        trained = [p for p in self.network.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in trained if p.ndim > 1], "weight_decay": WEIGHT_DECAY},
            {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.999), fused=True)

    def step(self, batch: Batch, rate: float) -> float:
        """One update. Returns the loss of one image.

        Raises:
            FloatingPointError: the loss is not a number.
        """
        import torch

        tensors = to_tensors(batch, self.device)
        images = tensors["img"]
        if batch.unlabelled is not None:
            images = torch.cat([images, image_tensor(batch.unlabelled.strong, self.device)])
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        with self._autocast():
            predictions = self.network.predict(images)
        if self.kind == "classify":
            tensors["cls"] = tensors["cls"].long()
        # Box distances need more than the 8 bits of a bfloat16's fraction: the loss is computed in 32 bits.
        loss = self._loss(as_float(predictions), tensors, batch.unlabelled)
        value = float(loss.detach()) / (1 if self.kind == "classify" else len(batch.images))
        if not math.isfinite(value):
            raise FloatingPointError("the loss is not a number")
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), MAX_GRADIENT_NORM, foreach=True)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.steps += 1
        self._update_average(min(MAX_AVERAGING, (1 + self.steps) / (20 + self.steps)))
        return value

    def _loss(self, predictions: Any, tensors: dict[str, Any], photos: Views | None) -> Any:
        """Of the labelled images; of a classifier's photos too, by what the teacher is sure of."""
        if photos is None or self.teacher is None:
            return self.criterion(predictions, tensors)[0].sum()
        labelled = len(tensors["img"])
        with self._autocast():
            seen = self.teacher.probabilities(image_tensor(photos.weak, self.device))
        return self.criterion(predictions[:labelled], tensors)[0].sum() + agreement(seen, predictions[labelled:])

    def _autocast(self) -> Any:
        import torch

        return torch.autocast(self.device.type, dtype=torch.bfloat16) if self.bfloat16 else nullcontext()

    def _average_from(self, tensors: Mapping[str, Any]) -> None:
        """Take averaged weights, and note which tensors belong together: once, not at every step."""
        self.average = {k: v.detach().to(self.device).clone() for k, v in tensors.items()}
        if self.teacher is not None:
            self.teacher.follow(self.average)
        now = self.network.state_dict()
        floats = [k for k, v in now.items() if v.is_floating_point()]
        self._floats = [self.average[k] for k in floats], [now[k] for k in floats]
        self._counts = [(self.average[k], now[k]) for k in now if k not in set(floats)]

    def _update_average(self, decay: float) -> None:
        import torch

        with torch.no_grad():
            torch._foreach_lerp_(*self._floats, 1 - decay)
            for mine, now in self._counts:
                mine.copy_(now)

    # State ------------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Every tensor that the next step depends on."""
        tensors = {f"network.{k}": v.detach().clone() for k, v in self.network.state_dict().items()}
        tensors |= {f"average.{k}": v.clone() for k, v in self.average.items()}
        for number, slots in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{name}": value.detach().clone() for name, value in slots.items()}
        return tensors

    def restore(self, tensors: Mapping[str, Any], steps: int) -> None:
        """Go on from `state()`."""
        import torch

        def laid_out(value: Any) -> Any:
            return value.to(memory_format=torch.channels_last) if value.ndim == 4 else value

        def part(prefix: str) -> dict[str, Any]:
            return {k[len(prefix) :]: laid_out(v) for k, v in tensors.items() if k.startswith(prefix)}

        self.network.load_state_dict(part("network."))
        self._average_from(part("average."))
        slots: dict[int, dict[str, Any]] = {}
        for key, value in part("optimizer.").items():
            number, name = key.split(".", 1)
            slots.setdefault(int(number), {})[name] = value
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": slots})
        self.steps = steps


def _exchange_mask_loss(criterion: Any, device: Any) -> None:
    """Have losses of masks computed in their boxes on a CPU, and of a whole batch at once on a GPU."""
    from tools.trainers.mask_loss import batched_mask_loss, cropped_mask_loss

    parts: list[Any] = [criterion, getattr(criterion, "one2many", None), getattr(criterion, "one2one", None)]
    for part in parts:
        if hasattr(part, "calculate_segmentation_loss"):
            part.calculate_segmentation_loss = cropped_mask_loss if device.type == "cpu" else batched_mask_loss


def as_float(value: Any) -> Any:
    """Nested predictions with every 16-bit tensor as 32-bit."""
    if isinstance(value, dict):
        return {k: v if k == "feats" else as_float(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(as_float(v) for v in value)
    return value.float() if hasattr(value, "float") else value
