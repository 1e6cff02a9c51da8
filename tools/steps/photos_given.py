"""Photos without labels that a person gives: what they show, in the values that scenes are designed with.

For engines that draw from words, after AIR (describe the few real images there are, draw more like them and more of
what they lack; outliers and copies are dropped as always): a CLIP compares each photo with how a caption says every
value of an axis, half of the next scenes follow what was seen, the other half the whole vocabulary. Renders are
compared with the photos themselves, see `tools.steps.diagnose`.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tools.core.errors import FixArguments, StepFailed
from tools.data.apart import apart_from
from tools.data.images import ImageArray, scaled_size
from tools.data.photo_files import PhotoFile, find_photos, read_ahead
from tools.data.real import load_real
from tools.data.sample import Sample, evenly
from tools.runs.runtime import RunContext, write_json
from tools.scenes.captions import value_in_words
from tools.scenes.vocabulary import Vocabulary, Weights
from tools.scorers.choosing import make_embedder

if TYPE_CHECKING:
    from tools.scorers.clip import Embedder

PHOTOS = 100  # that are looked at; more say the same, and large ones take a tenth of a second each
AXES_SEEN = ("context", "light", "weather", "viewpoint", "distance")  # of a photo as a whole
LIKE = 0.5  # share of the scenes that follows the photos; the others cover what they lack; ours
_SEEN_PX = 384  # of the shorter side: the largest input of the CLIPs and SigLIPs in use
_TOLD = 0.25  # share of the photos from which a value is told


def unlabelled_photos(run: RunContext, judges: Sequence[Sample]) -> list[PhotoFile]:
    """Photos without labels that the user gave, some from all over the folder; none that judges.

    Raises:
        FixArguments, StepFailed: the folder has gone, or cannot be read.
    """
    if run.record.unlabelled is None:
        return []
    files = [f.path for f in find_photos([Path(run.record.unlabelled)])]
    return apart_from(evenly(files, PHOTOS), judges)[0]


def judging_photos(run: RunContext) -> list[Sample]:
    """The real photos that decide or report; none where none are given."""
    if run.record.real is None:
        return []
    judging = run.settings.evaluation
    photos = load_real(Path(run.record.real), run.task, judging.real_val_share, judging.class_map)
    return [*photos.val, *photos.test]


def wishes_like_photos(run: RunContext, words: Vocabulary, embedder: "Embedder | None" = None) -> dict[str, Weights]:
    """Weights of the axes that half follow the photos without labels; none without photos or without a CLIP.

    Places that the request names stay as they are.

    Args:
        run: names the photos and the CLIP; what was seen is kept in its folder, so a resume sees the same.
        words: the vocabulary without the photos; a value of weight 0 stays at 0.
        embedder: takes the place of `settings.clip.model`.
    """
    path = run.folder / "rounds" / "photos_given.json"
    if not path.is_file():
        if run.record.unlabelled is None or "clip" not in run.settings.curation.scorer.split("+"):
            return {}
        try:
            files = unlabelled_photos(run, judging_photos(run))
            photos = [_small(p.image) for p in read_ahead(iter(files)) if p.image is not None]
            seen = _described(photos, words, embedder or make_embedder(run.settings)) if photos else {}
        except (FixArguments, StepFailed) as error:  # the folder is the user's and may have gone; so may the weights
            run.emit("warning", text=f"The photos without labels could not be described: {error}")
            return {}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, seen)
        told = [
            f"{value} ({share:.0%})" for shares in seen.values() for value, share in shares.items() if share > _TOLD
        ]
        if told:
            run.emit("note", text=f"Your photos look like: {', '.join(told)}. Half of the pictures follow them.")
    seen = json.loads(path.read_text(encoding="utf-8"))
    followed = [axis for axis in seen if not (axis == "context" and run.task.contexts)]
    return {axis: mixed(getattr(words, axis), seen[axis]) for axis in followed}


def _small(photo: ImageArray) -> ImageArray:
    """As large as a CLIP wants it at most, so that a hundred photos of a camera fit into memory."""
    h, w = photo.shape[:2]
    scale = _SEEN_PX / min(h, w)
    return photo if scale >= 1 else cv2.resize(photo, scaled_size(h, w, scale), interpolation=cv2.INTER_AREA)


def _described(photos: Sequence[ImageArray], words: Vocabulary, embedder: "Embedder") -> dict[str, dict[str, float]]:
    try:
        return shares_seen(photos, words, embedder)
    finally:
        embedder.close()


def shares_seen(photos: Sequence[ImageArray], words: Vocabulary, embedder: "Embedder") -> dict[str, dict[str, float]]:
    """{axis: {value: share of the photos}}, shared out where a photo fits several.

    Args:
        photos: (h, w, 3) RGB.
        words: values of the axes; those of weight 0 are not looked for.
        embedder: of words and images in one space.
    """
    looks = embedder.images(photos)
    seen = {}
    for axis in AXES_SEEN:
        values = [value for value, weight in getattr(words, axis).items() if weight > 0]
        texts = embedder.texts([f"a photo, {value_in_words(axis, value)}" for value in values])
        logits = embedder.scale * looks @ texts.T
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares = (odds / odds.sum(axis=1, keepdims=True)).mean(axis=0)
        seen[axis] = {value: round(float(share), 4) for value, share in zip(values, shares, strict=True)}
    return seen


def mixed(weights: Weights, shares: Mapping[str, float]) -> Weights:
    """Weights of which a part follows shares that were seen, and a part what was there before."""
    total = sum(weights.values())
    return {
        value: (1 - LIKE) * weight / total + LIKE * shares.get(value, 0.0) if weight > 0 else 0.0
        for value, weight in weights.items()
    }
