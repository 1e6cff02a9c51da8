"""What a person says a model misses, as aims of scenes: "the green ones, in the shade" -> appearance=green..."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from agent.requests.request_text import Known, take_places
from tools.data.class_names import words as name_words

# Patterns of lower-case text, English and Chinese, to the slices that scenes can show.
_AIMS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (r"shad(?:e|y|ow\w*)|\bdark\w*|night|dusk|dim\b|low light|poor light", r"阴影|阴暗|暗|夜|晚上|树荫|背阴",
     ("light=deep shade",)),
    (r"back ?-?li(?:t|ght\w*)|against the (?:light|sun)|silhouett\w*", r"逆光|背光", ("light=backlight",)),
    (r"low sun|evening|morning|sunset|sunrise|dawn", r"傍晚|清晨|早上|夕阳|日出|日落", ("light=low sun",)),
    (r"\bsun(?:ny|light|shine)?\b|bright\w*|glare|over-?exposed", r"阳光|太阳|强光|太亮|过曝", ("light=sun",)),
    (r"overcast|cloud\w*|grey sky|gray sky", r"阴天|多云", ("light=overcast",)),
    (r"\blamps?\b|indoors?\b|artificial light|tube light", r"灯光|室内|灯下", ("light=indoor lamp",)),
    (r"\bfog\w*|\bhaz[ey]\w*|\bmist\w*|\bblur\w*", r"雾|模糊", ("weather=haze",)),
    (r"\brain\w*|\bwet\b|\bdew\b", r"雨|湿", ("weather=after rain",)),
    (r"\bsmall(?:er)? (?:ones?|things?|objects?)|\bsmall\b|\btiny\b|\bfar\b|distan(?:t|ce)|far ?away|\blittle ones",
     r"小的|很小|太小|远处|远的|较远|小目标", ("distance=far",)),
    (r"\bclose(?:-?ups?)?\b|\bnear(?:by)? ones|\b(?:big|large|huge)(?:er)? ones|\bup close", r"近处|近的|特写|大的",
     ("distance=close", "distance=very close")),
    (r"crowd\w*|\bcluster\w*|\bbunch\w*|touch\w*|overlap\w*|\bpiles?\b|\bheaps?\b|dense", r"拥挤|密集|成堆|一堆|"
                                                                                          r"挨着|重叠|成串",
     ("crowding=many",)),
    (r"\bsingle (?:ones?|things?)|\balone\b", r"单个|单独的", ("crowding=one",)),
    (r"hidden|occlu\w*|behind (?:leaves|branches|others?)|covered|half[ -]seen|leaves in front", r"遮挡|挡住|被遮|"
                                                                                                 r"藏|叶子后",
     ("occlusion=mostly hidden", "occlusion=partly hidden")),
    (r"from below|looking up", r"仰拍|从下", ("viewpoint=from below",)),
    (r"straight down|top ?-?(?:down|view)|drones?|bird'?s[ -]eye", r"俯视|正上方|无人机|垂直向下", (
        "viewpoint=straight down",)),
    (r"from above", r"俯拍|从上", ("viewpoint=from above",)),
    (r"false (?:alarms?|positives?)|where (?:there (?:are|is) none|nothing is)|finds? (?:things|too many)"
     r"|empty (?:pictures|photos|images)", r"误报|误检|没有也|空的图", ("crowding=none",)),
)  # fmt: skip
_COMPILED = [(re.compile(en), re.compile(zh), aims) for en, zh, aims in _AIMS]
# Looks in both languages: a class may be named in one and spoken of in the other.
_LOOKS: dict[str, str] = {
    "green": "绿|青", "red": "红", "yellow": "黄", "blue": "蓝", "black": "黑", "white": "白", "brown": "棕|褐",
    "orange": "橙", "purple": "紫", "pink": "粉", "grey": "灰", "silver": "银", "unripe": "未成熟|没熟|不成熟|未"
                                                                                     "熟|生的",
    "ripe": "成熟|熟的", "rotten": "烂|腐|坏的", "rusty": "生锈|锈", "broken": "破|碎|裂", "old": "旧", "dirty": "脏",
    "dried": "干的|干瘪", "striped": "条纹", "spotted": "斑点", "transparent": "透明", "open": "打开", "empty": "空的",
}  # fmt: skip
_EN_LOOK = {name: re.compile(rf"\b{name.replace('grey', 'gr[ae]y')}(?:ish)?\b") for name in _LOOKS}
# Words that are the attribute of a thing in no sentence of this kind.
_NO_LOOKS = frozenset(re.findall(r"[a-z']+", (
    "it the a an all any some more many these those this that ones one miss misses missing missed not find finds found "
    "doesn't does is are be better bad badly worse make please in on at of with and or for to from my our your still "
    "also very too good real little few fewer much most only just every each other small big large tiny wet dark"
)))  # fmt: skip


class Aimed(NamedTuple):
    """What was said."""

    focus: list[str]  # 'axis=value', in the order of being said
    unknown: list[str]  # looks that nothing draws, in the person's words


def read_aims(text: str, classes: Sequence[str], known: Known) -> Aimed:
    """The aims in a text.

    Args:
        text: what the person wrote, lower case.
        classes: of the run.
        known: key and appearances of a phrase that something can draw, or None.
    """
    mentioned = mentioned_classes(text, classes)
    looks, unknown = _looks(text, mentioned or list(classes), known)
    focus = [aim for en, zh, aims in _COMPILED if en.search(text) or zh.search(text) for aim in aims]
    focus += [f"context={place}" for place in take_places(text)[0]]
    lookalikes = _lookalike(text, classes, known)
    # Of a class with one look that is missed, or with something that is taken for it, the rest is found well enough.
    if len(classes) > 1 and not (looks or lookalikes):
        focus += _confused(text, mentioned)
    focus += lookalikes
    return Aimed(list(dict.fromkeys([*looks, *focus])), unknown)


def mentioned_classes(text: str, classes: Sequence[str]) -> list[str]:
    """The run's classes that a text names, in the order of being named."""
    said = name_words(text)

    def place(name: str) -> int:
        own = name_words(name)
        spots = [i for i in range(len(said) - len(own) + 1) if own and said[i : i + len(own)] == own]
        if spots:
            return spots[0]
        return text.find(name.lower()) if not name.isascii() else -1

    found = [(place(name), name) for name in classes]
    return [name for spot, name in sorted(found) if spot >= 0]


def _looks(text: str, classes: Sequence[str], known: Known) -> tuple[list[str], list[str]]:
    """Appearances that the text speaks of, and looks that no class of these has."""
    said = [name for name, zh in _LOOKS.items() if _EN_LOOK[name].search(text) or re.search(zh, text)]
    own = {word for name in classes for word in name_words(name)}
    asked = [w for w in re.findall(r"[a-z]+", text) if w not in _NO_LOOKS and w not in own]
    found: dict[str, None] = {}
    drawn: set[str] = set()
    for name in classes:
        here = known(name)
        for word in dict.fromkeys([*said, *asked]):
            if word in own:
                continue
            phrases = [f"{word} {name}", *(f"{zh}{name}" for zh in _LOOKS.get(word, "").split("|") if zh)]
            match = next((m for p in phrases if (m := known(p)) and here and m[0] == here[0] and m[1]), None)
            if match is not None:
                drawn.add(word)
                found |= dict.fromkeys(f"appearance={look}" for look in match[1])
    return list(found), [word for word in said if word not in drawn and word not in own]


def _confused(text: str, mentioned: Sequence[str]) -> list[str]:
    """Two classes that are told apart badly, or the one class that is found badly."""
    if len(mentioned) > 1 and re.search(r"\bfor\b|\bas\b|confus|mix|apart|当成|认成|误认|混|分不", text):
        return [f"confused={mentioned[0]}/{mentioned[1]}"]
    return [f"class={name}" for name in mentioned]


_TAKEN = re.compile(
    r"\b(?:take[ns]?|takes|taking|mistak\w+|confus\w+|mixe?s? up|finds?|detects?|marks?|"
    r"counts?)\s+(?P<what>[a-z][a-z \-]{1,40}?)\s+"
    r"(?:for|as|with|and|instead of)\b"
)
_TAKEN_ZH = re.compile(r"把(?P<what>[\u3400-\u9fff]{1,8}?)(?:当成|认成|误认|当作|看成|识别成)")


def _lookalike(text: str, classes: Sequence[str], known: Known) -> list[str]:
    """Something else that is taken for a class."""
    match = _TAKEN.search(text) or _TAKEN_ZH.search(text)
    found = known(match["what"].strip()) if match else None
    if found is None or match is None or mentioned_classes(match["what"], classes):
        return []
    return [f"lookalike={found[0]}"]
