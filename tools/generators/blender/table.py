"""Names of a family as a table: one line a name, read without building anything.

    name; other names; Chinese; size in metres; places; numbers and rests; appearances; relatives

Several words of a cell are separated by "|"; a cell left empty takes the family's own. Numbers are `legs=0.4`, a list
`profile=0,-.5/.3,.2`; `rests=side|flat` may stand among them and `like=cat|fox` (things mistaken for it) at their end.
Of a thing with `marked=face` that piece alone is labelled.
An appearance is

    spotted #f0efe8 ~spots:#1c1c1e:0.4:3 cap=#b3202a legs=0.5 *2 +花斑

its name ("_" for a space), colours of the main material (none: those of its name), a surface, layers over it (pattern,
colours, amount, scale, axis), other materials and other numbers by name, its weight, other words for it; `&robin` looks
like the thing `robin` of the table.
Relatives are names that only mean something drawn like it: "puppy" is drawn as a dog, and the plan says so.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tools.generators.blender.families import FAMILIES, family
from tools.generators.blender.families.paints import COLOURS, SURFACES, surface
from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Appearance, Layer, Material

TABLES = Path(__file__).parent / "families" / "tables"
_CELLS = 8
MARK_WORDS = ("mark1", "mark2", "mark3")
# Other words for what a flaw lies on.
GROUNDS = {
    "metal": "metal plate|steel plate|steel|metal sheet|sheet metal|metal part|iron|金属|金属板|钢板|铁板|铝板",
    "wood": "wooden board|wood board|plank|wood panel|木|木板|木头|木材",
    "glass": "glass pane|glass plate|玻璃",
    "paint": "car paint|painted surface|car body|car door|车漆|油漆|漆面|汽车",
    "plastic": "plastic part|塑料件|塑料",
    "tile": "ceramic tile|floor tile|wall tile|瓷砖|地砖",
    "bread": "bread slice|面包",
    "cheese": "奶酪",
    "paper": "纸|纸张",
    "concrete": "concrete slab|concrete wall|wall|concrete floor|混凝土|水泥|墙面|墙",
    "brick": "brick wall|bricks|masonry|wall|砖墙|砖块|墙",
    "plaster": "plaster wall|plastered wall|painted wall|wall|ceiling|facade|house wall|墙面|墙壁|墙|天花板|外墙",
    "road": "asphalt|pavement|路|马路|道路|沥青|路面",
    "fabric": "cloth|textile|fabric piece|shirt|布|布料|织物|衣服",
}


@dataclass(frozen=True)
class Row:
    """One name as its line says; only the names are split."""

    family: str
    name: str
    also: tuple[str, ...]
    chinese: tuple[str, ...]
    relatives: tuple[str, ...]
    cells: tuple[str, ...]  # size, places, numbers, appearances


def _words(cell: str) -> tuple[str, ...]:
    return tuple(w.strip() for w in cell.split("|") if w.strip())


@cache
def rows() -> dict[str, Row]:
    """Every name of every family.

    Raises:
        ValueError: a line that lacks cells, or a name that stands twice.
    """
    found: dict[str, Row] = {}
    for name in FAMILIES:
        path = TABLES / f"{name}.txt"
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            cells = [c.strip() for c in line.split(";")]
            if len(cells) < 2 or len(cells) > _CELLS:
                raise ValueError(f"{path.name}: {line[:60]!r} has {len(cells)} cells; 2 to {_CELLS} are read")
            cells += [""] * (_CELLS - len(cells))
            if cells[0] in found:
                raise ValueError(f"{path.name}: {cells[0]!r} stands twice")
            found[cells[0]] = Row(
                name, cells[0], _words(cells[1]), _words(cells[2]), _words(cells[7]), tuple(cells[3:7])
            )
    return found


def spec_of(row: Row) -> ObjectSpec:
    """The object of a line.

    Raises:
        ValueError: a number, colour or word of the line that its family does not know.
    """
    template = family(row.family)
    size, places, numbers, looks = row.cells
    try:
        values, rests, like = _numbers(numbers)
        found = [_look(text, row) for text in _words(looks)] or [Appearance(name="plain")]
        return ObjectSpec(
            name=row.name,
            aliases=list(row.also),
            chinese=list(row.chinese),
            size_m=float(size or 0.1),
            contexts=places.split() or list(template.contexts),
            rests=list(rests) or list(template.rests),
            lookalikes=list(like),
            family=row.family,
            labels="pieces" if "marked" in values else template.labels,
            numbers=values,
            appearances=found,
            variation=template.variation,
        )
    except (ValueError, KeyError) as error:
        raise ValueError(f"{row.family}: {row.name}: {error}") from error


def _numbers(cell: str) -> tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]:
    """Numbers of a cell, and the rests and look-alikes among them."""
    values: dict[str, Any] = {}
    rests: tuple[str, ...] = ()
    cell, _, alike = cell.partition("like=")
    like = _words(alike)
    for item in cell.split():
        key, _, text = item.partition("=")
        if key == "rests":
            rests = _words(text)
        elif key in values:
            raise ValueError(f"{key!r} stands twice: the second would take the place of the first")
        else:
            values[key] = _value(text)
    return values, rests, like


def _value(text: str) -> Any:
    """A number, a list of numbers or points, or a word."""
    if "/" in text:
        return [_value(part) for part in text.split("/")]
    if "," in text:
        return [float(part) for part in text.split(",")]
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return text.replace("_", " ")


def _look(text: str, row: Row) -> Appearance:
    """An appearance as a line writes it."""
    template = family(row.family)
    first, *items = text.split()
    if first.startswith("&"):
        return _like_another(first[1:].replace("_", " "), row)
    name = first.replace("_", " ")
    look: dict[str, Any] = {"name": name, "states": [], "materials": {}, "numbers": {}}
    shades: list[str] = []
    layers: list[Layer] = []
    kind = ""
    for item in items:
        if item.startswith("#"):
            shades += item.split(",")
        elif item.startswith("~"):
            layers.append(_layer(item[1:]))
        elif item.startswith("*"):
            look["weight"] = float(item[1:])
        elif item.startswith("+"):
            look["states"] += item[1:].replace("_", " ").split(",")
        elif item in SURFACES:
            kind = item
        elif "=" in item:
            key, _, value = item.partition("=")
            if key in template.aliases:
                paint = _material(value, template.materials[template.aliases[key][0]])
                look["materials"] |= dict.fromkeys(template.aliases[key], paint)
            elif key in template.materials and (key not in template.numbers.model_fields or "#" in value):
                look["materials"][key] = _material(value, template.materials[key])
            else:
                look["numbers"][key] = _value(value)
        else:
            raise ValueError(f"the appearance {name!r} has {item!r}, which is neither colour, surface nor number")
    if name.startswith("on "):  # "metal scratches" are scratches on metal
        look["states"] += [name[3:], *_words(GROUNDS.get(name[3:], ""))]
    if name in COLOURS:
        known, also = COLOURS[name]
        shades = shades or known.split()
        look["states"] += also.split("|")
    if shades or kind or layers:
        base = template.materials[template.main]
        main = _painted(base, kind, shades or base.colours, layers)
        look["materials"] = dict.fromkeys((template.main, *template.follows), main) | look["materials"]
    return Appearance.model_validate(look)


def _like_another(name: str, row: Row) -> Appearance:
    """An appearance that is another thing of the same family: a bird may look like a robin."""
    other = rows()[name]
    if other.family != row.family:
        raise ValueError(f"{name!r} is of the family {other.family}, so it cannot be an appearance")
    values, _, _ = _numbers(other.cells[2])
    looks = _words(other.cells[3])
    first = _look(looks[0], other) if looks else Appearance(name="plain")
    states = [*other.also, *other.chinese][:24]
    return first.model_copy(update={"name": name, "states": states, "weight": 1.0, "numbers": values | first.numbers})


def _layer(text: str) -> Layer:
    """`spots:#111111,#222222:0.4:3`: pattern, colours, amount, scale."""
    pattern, colours, *rest = text.split(":")
    values: dict[str, Any] = {"pattern": pattern, "colours": colours.split(",")}
    for key, value in zip(("amount", "scale", "axis"), rest, strict=False):
        values[key] = value if key == "axis" else float(value)
    return Layer.model_validate(values)


def _material(text: str, base: Material) -> Material:
    """`#b3202a`, `metal:#b3202a` or `red`."""
    kind, _, colours = text.rpartition(":")
    named = COLOURS.get(colours.replace("_", " "))
    return _painted(base, kind, named[0].split() if named else colours.split(","), [])


def _painted(base: Material, kind: str, shades: list[str], layers: list[Layer]) -> Material:
    if kind:
        return surface(kind, shades, *layers)
    return Material.model_validate(base.model_dump() | {"colours": shades, "layers": layers})
