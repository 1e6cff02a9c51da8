"""A small world of things that can be drawn, looked up by the real rules for names."""

from tools.generators.blender.library import Library
from tools.generators.blender.naming import find_in
from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Appearance, Ellipsoid, Material


def thing(name: str, *aliases: str, chinese: str = "", **looks: str) -> ObjectSpec:
    """An object with appearances given as name="other words, in commas"."""
    return ObjectSpec(
        name=name,
        aliases=list(aliases),
        chinese=chinese.split(),
        size_m=0.1,
        materials={"skin": Material(colours=["#ff0000"])},
        parts=[Ellipsoid(material="skin")],
        appearances=[Appearance(name=n.replace("_", " "), states=w.split()) for n, w in looks.items()]
        or [Appearance(name="plain")],
    )


THINGS = {
    t.name: t
    for t in (
        thing("apple", chinese="苹果", red="ripe 红 成熟", green="unripe 青 绿", rotten="bad 烂 坏"),
        thing("pear", chinese="梨 梨子"),
        thing("orange", chinese="橙子 橘子"),
        thing("banana", chinese="香蕉"),
        thing("lemon", chinese="柠檬"),
        thing("tomato", chinese="番茄 西红柿", ripe="red 成熟 熟 红", unripe="raw green 未成熟 不成熟 生 青"),
        thing("bell pepper", "pepper", chinese="甜椒", red="", green="", yellow=""),
        thing("bottle", "water bottle", chinese="瓶子"),
        thing("cup", "mug", chinese="杯子"),
        thing("tin can", "can", "soda can", chinese="易拉罐"),
        thing("screw", "bolt", chinese="螺丝", new="", rusty="生锈"),
        thing("nut", chinese="螺母"),
        thing("key", chinese="钥匙"),
        thing("scissors", chinese="剪刀"),
        thing("car", "vehicle", chinese="汽车 车"),
        thing("road sign", chinese="路牌"),
        thing("blood cell", "cell", "red blood cell", chinese="细胞"),
        thing("cardboard box", "box", "carton", chinese="纸箱"),
        thing("face mask", chinese="口罩"),
        thing("leaf", chinese="叶子"),
        thing("football", "ball", chinese="足球"),
    )
}


def known(phrase: str) -> tuple[str, list[str]] | None:
    """As `Library.find`."""
    return find_in(THINGS, phrase)


class SmallLibrary(Library):
    """A library of only these things and what is taught."""

    def find(self, phrase: str) -> tuple[str, list[str]] | None:
        return find_in(self._taught, phrase) or known(phrase)

    def keys(self) -> list[str]:
        return [*THINGS, *self._taught]

    def names(self) -> dict[str, tuple[str, ...]]:
        return {key: (s.name, *s.aliases, *s.chinese) for key, s in {**THINGS, **self._taught}.items()}

    def spec(self, key: str) -> ObjectSpec:
        return self._taught[key] if key in self._taught else THINGS[key]
