"""What a score on renders is worth on photos: runs of things seen alike that were judged on both."""

from collections.abc import Sequence

from pydantic import BaseModel


class Judged(BaseModel):
    """A run that was measured on renders and on photos."""

    what: str
    synthetic: float
    real: float
    photos: int | None = None
    metric: str = "box mAP50"
    own: bool = False  # the person's own run, `what` is its name


# One run each, as docs/names.md tells; the key is how such things are seen (`tools.drawable.expected`).
MEASURED: dict[str, tuple[Judged, ...]] = {
    "slide": (Judged(what="blood cells", synthetic=0.98, real=0.87, photos=50),),
    "liquid": (Judged(what="bubbles", synthetic=0.92, real=0.94, photos=12),),
    "fruit": (Judged(what="apples", synthetic=0.84, real=0.79, photos=60),),
    "person": (
        Judged(what="pedestrians", synthetic=0.53, real=0.65, photos=85),
        Judged(what="people in all kinds of scenes", synthetic=0.74, real=0.12, photos=128),
    ),
    "alive": (
        Judged(what="dogs photographed for themselves", synthetic=0.58, real=0.59, photos=50),
        Judged(what="dogs in all kinds of scenes", synthetic=0.80, real=0.01, photos=256),
    ),
    "surface": (
        Judged(what="cracks in roads", synthetic=0.12, real=0.25, photos=58),
        Judged(what="scratches on steel", synthetic=0.32, real=0.45, photos=50),
    ),
}
CHINESE = {
    "blood cells": "血细胞", "bubbles": "气泡", "apples": "苹果", "pedestrians": "行人",
    "people in all kinds of scenes": "各种场景中的人", "dogs photographed for themselves": "单独拍摄的狗",
    "dogs in all kinds of scenes": "各种场景中的狗", "cracks in roads": "路面裂缝",
    "scratches on steel": "钢板划痕",
}  # fmt: skip
LITTLE = 0.5  # of the score on renders: less kept on photos is said to be little


def said(judged: Sequence[Judged], *, zh: bool = False, plain: bool = False) -> str:
    """What to expect on photos, in a sentence or two; without the way out, which each surface words itself.

    Args:
        judged: similar runs; none where nothing alike was judged.
        zh: in Chinese.
        plain: how much of the score was kept, in place of figures and metrics.
    """
    if not judged:
        return (
            "同类物体还没有用照片评估过，绘制图片上的分数在照片上能保留多少，无从得知。"
            if zh
            else "No run of such things was judged on photos yet: what a score on renders is worth there is not known."
        )
    parts = ("；" if zh else ", ").join(_pair(one, zh, plain) for one in judged)
    if zh:
        lead = "同类模型在照片上保留了多少分数：" if plain else "用照片评估过的同类任务："
        return f"{lead}{parts}。" + ("照片上只能保留一小部分。" if keeps_little(judged) else "")
    lead = "On photos similar models kept of their score:" if plain else "Similar runs that photos judged too:"
    return f"{lead} {parts}." + (" Little of it is kept on photos." if keeps_little(judged) else "")


def keeps_little(judged: Sequence[Judged]) -> bool:
    """Whether the best of them kept less than half of its score."""
    return bool(judged) and max(map(_kept, judged)) < LITTLE


def _kept(one: Judged) -> float:
    return one.real / max(one.synthetic, 1e-9)


def _pair(one: Judged, zh: bool, plain: bool) -> str:
    what = CHINESE.get(one.what, one.what) if zh else one.what
    if plain:
        return f"{what} {min(100 * _kept(one), 100):.0f} %"
    if zh:
        photos = f"{one.photos} 张照片" if one.photos else "照片"
        return f"{what}，绘制图片 {one.synthetic:.2f}，{photos} {one.real:.2f}（{one.metric}）"
    photos = f"{one.photos} photos" if one.photos else "photos"
    return f"{what} {one.synthetic:.2f} on renders and {one.real:.2f} on {photos} ({one.metric})"
