"""What a score on renders is worth on photos: runs of things seen alike that were judged on both."""

from collections.abc import Sequence

from pydantic import BaseModel


class Judged(BaseModel):
    """A run that was measured on renders and on photos, by the main metric of its kind."""

    what: str
    synthetic: float
    real: float
    photos: int | None = None
    own: bool = False  # the person's own run, `what` is its name


# One run each, as docs/names.md tells; the key is how such things are seen (`tools.drawable.expected`).
MEASURED: dict[str, tuple[Judged, ...]] = {
    "slide": (Judged(what="blood cells", synthetic=0.98, real=0.87, photos=50),),
    "fruit": (Judged(what="apples", synthetic=0.84, real=0.79, photos=60),),
    "alive": (
        Judged(what="people", synthetic=0.77, real=0.37, photos=30),
        Judged(what="dogs", synthetic=0.80, real=0.03, photos=13),
    ),
    "surface": (Judged(what="cracks in roads", synthetic=0.13, real=0.01, photos=59),),
}
CHINESE = {"blood cells": "血细胞", "apples": "苹果", "people": "人", "dogs": "狗", "cracks in roads": "路面裂缝"}
LITTLE = 0.5  # of the score on renders: less kept on photos is said to be little


def said(judged: Sequence[Judged], *, zh: bool = False) -> str:
    """What to expect on photos, in a sentence or two; without the way out, which each surface words itself."""
    if not judged:
        return (
            "同类物体还没有用照片评估过，渲染图上的分数在照片上能保留多少，无从得知。"
            if zh
            else "No run of such things was judged on photos yet: what a score on renders is worth there is not known."
        )
    parts = [_pair(one, zh) for one in judged]
    if zh:
        tail = "照片上只能保留一小部分。" if keeps_little(judged) else ""
        return f"同类物体用照片评估过：{'；'.join(parts)}。{tail}"
    tail = " Little of it is kept on photos." if keeps_little(judged) else ""
    return f"Things seen so that were judged on photos: {', '.join(parts)}.{tail}"


def keeps_little(judged: Sequence[Judged]) -> bool:
    """Whether the best of them kept less than half of its score."""
    return bool(judged) and max(one.real / max(one.synthetic, 1e-9) for one in judged) < LITTLE


def _pair(one: Judged, zh: bool) -> str:
    photos = one.photos or ""
    if zh:
        return f"{CHINESE.get(one.what, one.what)}，渲染图 {one.synthetic:.2f}，{photos} 张照片 {one.real:.2f}"
    on = f"{photos} photos" if photos else "photos"
    return f"{one.what} {one.synthetic:.2f} on renders and {one.real:.2f} on {on}"
