"""What goes with which place: words people use for places, and the few combinations that cannot be."""

import re

from tools.core.errors import FixArguments
from tools.scenes.scene import CONTEXTS

# Words for a place, English and Chinese, to the nearest place that can be built.
PLACE_WORDS: dict[str, str] = {
    "orchard": "tree branch plantation grove vineyard forest woods 果园 果树 树 枝 森林",
    "bush": "shrub hedge greenhouse vine garden 灌木 丛 温室 大棚 花园",
    "grass": "lawn meadow park pitch yard 草 公园 院子",
    "soil": "dirt earth mud sand beach field farmland farm 土 田 泥 沙",
    "table": "desk kitchen plate bowl counter tray tabletop restaurant basket cafe 桌 厨房 盘 碗 餐 篮",
    "shelf": "supermarket store shop fridge rack cupboard warehouse market 货架 架子 超市 商店 冰箱 仓库 市场",
    "conveyor": "belt assembly-line production-line sorting-line factory 传送带 输送带 流水线 生产线 工厂",
    "floor": "ground carpet room tiles indoors indoor house home corridor 地板 地上 房间 室内 家里 走廊",
    "road": "street highway asphalt pavement sidewalk parking city traffic 路 街 停车场 城市",
    "sky": "air clouds flight 天空 天上 空中",
    "studio": "plain white background backdrop product-photo 白底 白色背景 纯色 影棚 摄影棚",
    "hand": "palm fingers handheld 手",
    "workbench": "workshop bench garage toolbox 工作台 车间 工具台 车库",
    "inspection": "machine-vision quality-control inspection-line inspection-station 检测线 检测工位 机器视觉 质检",
    "dashcam": "dash windscreen windshield dashboard-camera car-camera 行车记录仪 车载 挡风玻璃 车内",
    "aerial": "drone satellite airborne bird-eye birds-eye helicopter overflight 航拍 无人机 鸟瞰 卫星 空中俯瞰",
    "slide": "microscope microscopy lab laboratory petri-dish 显微镜 载玻片 玻片 实验室",
    "liquid": "water underwater fluid beer oil solution beaker aquarium tank pool sea 液体 水中 水下 水里 溶液 鱼缸",
    "surface": "wall facade wallpaper 表面 墙面 墙壁 板面",
}

# Places that only some things visit: not drawn from unless the thing is met there or the request names them.
# Seen straight from above, all things at one distance: there each is as large to the others as in the world.
FLAT_PLACES = frozenset({"inspection", "aerial", "slide", "surface"})
SPECIAL_PLACES = frozenset({"inspection", "dashcam", "aerial", "slide", "liquid", "surface"})
# Where a thing longer than this (metres) does not fit; a car on a table would be a toy.
SMALL_PLACES = frozenset({"table", "shelf", "conveyor", "hand", "workbench", "inspection"})
# A place and words for a camera that together are another place: "on the belt, seen from above".
SEEN_SO: tuple[tuple[str, str, str], ...] = (
    ("conveyor", r"\b(from above|overhead|top down|top view|from the top)\b|俯视|俯拍|上方|正上", "inspection"),
    (
        "road",
        r"\bfrom (a|the|my|our|inside a|inside the) (car|vehicle|truck|bus|driver's seat)\b|行车|车上拍|车载",
        "dashcam",
    ),
    ("road", r"\bfrom (the air|a drone|above)\b|航拍|俯视|俯拍", "aerial"),
)
SMALL_PLACE_LIMIT_M = 1.0
HAND_LIMIT_M = 0.35  # a dog in a hand would be a toy, too
MICROSCOPIC_M = 0.0005  # below half a millimetre a thing is only seen through a microscope


def _rules(reason: str, contexts: str, axis: str, values: str) -> dict[tuple[str, str, str, str], str]:
    """One reason for all combinations of places and values; names are separated by commas."""
    return {("context", c.strip(), axis, v.strip()): reason for c in contexts.split(",") for v in values.split(",")}


# (axis, value, axis, value) -> why the two cannot be together. Only what really cannot be: odd is fine, it teaches a
# model not to lean on the background.
IMPOSSIBLE: dict[tuple[str, str, str, str], str] = {
    **_rules("a microscope brings its own light", "slide", "light", "sun, low sun, deep shade, overcast, backlight"),
    **_rules("no weather under a microscope", "slide", "weather", "haze, after rain"),
    **_rules("a microscope looks down", "slide", "viewpoint", "eye level, slightly above, from below"),
    **_rules("who looks down sees no sky", "sky", "viewpoint", "straight down, from above"),
    **_rules("the board above is in the way", "shelf", "viewpoint", "straight down"),
    **_rules("what lies there is hidden from below", "grass, soil, table, floor, road, conveyor, workbench",
             "viewpoint", "from below"),
    **_rules("a roof keeps rain and haze out", "studio, shelf, conveyor, workbench, hand", "weather",
             "haze, after rain"),
    **_rules("no lamp reaches the open", "orchard, bush, grass, soil, road, sky", "light",
             "indoor lamp, studio light"),
    **_rules("a hand holds a few", "hand", "crowding", "many"),
    **_rules("an inspection camera brings its own light", "inspection", "light",
             "sun, low sun, deep shade, overcast, backlight"),
    **_rules("a roof keeps rain and haze out", "inspection", "weather", "haze, after rain"),
    **_rules("an inspection camera hangs straight over the belt", "inspection", "viewpoint",
             "eye level, slightly above, from above, from below"),
    **_rules("no lamp reaches the open", "dashcam, aerial", "light", "indoor lamp, studio light"),
    **_rules("a driver looks along the road", "dashcam", "viewpoint",
             "slightly above, from above, straight down, from below"),
    **_rules("who flies looks down", "aerial", "viewpoint", "eye level, slightly above, from below"),
    **_rules("from the air things are small", "aerial", "distance", "very close, close"),
    **_rules("nothing is in front of the bonnet", "dashcam", "distance", "very close"),
    **_rules("one cell in the eyepiece is one among none", "slide", "distance", "very close"),
    **_rules("what is looked into through a wall of glass is lit by day or by a lamp", "liquid", "light",
             "low sun, deep shade"),
    **_rules("no weather in a liquid", "liquid", "weather", "haze, after rain"),
    **_rules("one looks into a liquid from the side", "liquid", "viewpoint", "from above, straight down"),
    **_rules("a surface that fills the picture is looked at straight or from above", "surface", "viewpoint",
             "eye level, slightly above, from below"),
    **_rules("no haze before a surface that is near", "surface", "weather", "haze"),
    ("distance", "very close", "crowding", "few"): "what fills the picture is alone",
    ("distance", "very close", "crowding", "many"): "what fills the picture is alone",
    ("distance", "close", "crowding", "many"): "five things, each a third of the picture wide, hide each other",
}  # fmt: skip


def known_place(phrase: str) -> str:
    """The place that can be built and is nearest to a phrase: "on the kitchen table" -> "table".

    Raises:
        FixArguments: none is; the message lists those there are.
    """
    text = phrase.casefold().strip()
    if text in CONTEXTS:
        return text
    words = set(re.findall(r"[a-z]+", text))
    words |= {w.removesuffix("es") for w in words} | {w.removesuffix("s") for w in words}
    # A place's own name wins over words for other places: a garden table is a table. Of Chinese words the longest.
    own = [c for c in CONTEXTS if c in words]
    seen_so = [special for place, how, special in SEEN_SO if _means(place, text, words) and re.search(how, text)]
    names = [(name, c) for c, text_of in PLACE_WORDS.items() for name in text_of.split()]
    english = [c for name, c in names if name.isascii() and words.issuperset(name.split("-"))]
    chinese = sorted(((len(n), c) for n, c in names if not n.isascii() and n in text), key=lambda f: -f[0])
    found = [*seen_so, *own, *english, *(c for _, c in chinese)]
    if not found:
        raise FixArguments(
            f"no scene can be set at {phrase!r}; there are {', '.join(CONTEXTS)}. Name the nearest of them, or none "
            "for everywhere."
        )
    return found[0]


def _means(place: str, text: str, words: set[str]) -> bool:
    """Whether a phrase names a place by its own name or another word for it."""
    names = [place, *PLACE_WORDS[place].split()]
    return any(words.issuperset(n.split("-")) if n.isascii() else n in text for n in names)


def fits(context: str, size_m: float) -> bool:
    """Whether a thing of that longest side may be met at a place that nothing names for it."""
    if size_m < MICROSCOPIC_M:
        return context == "slide"
    limit = HAND_LIMIT_M if context == "hand" else SMALL_PLACE_LIMIT_M
    return context not in SPECIAL_PLACES and (size_m <= limit or context not in SMALL_PLACES)
