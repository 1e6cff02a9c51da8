"""Every text of the page stands out: contrast of at least 4.5 (WCAG 2.2, AA), computed from style sheets and theme."""

import re
from pathlib import Path

import pytest

import ui
from agent.cli.serve import THEMES

LEAST = 4.5
SHEETS = ("style.css", "grid/grid.css", "clicker/clicker.css")
NO_TEXT = (":disabled", ".waits", "i {")  # what cannot be used, what is being fetched, and bars
BAR = ".ss-bar i"


def channels(colour):
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def full(colour):
    return "#" + "".join(c * 2 for c in colour[1:]) if len(colour) == 4 else colour


def mix(first, second, share):
    """`share` of the first, the rest of the second."""
    return "#" + "".join(
        f"{round(a * share + b * (1 - share)):02x}" for a, b in zip(channels(first), channels(second), strict=True)
    )


def luminance(colour):
    parts = [v / 255 for v in channels(colour)]
    r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(first, second):
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def rules(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"@media[^{]*\{((?:[^{}]*\{[^{}]*\})*)\s*\}", r"\1", text)
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", text):
        yield (
            selector.strip(),
            dict(
                (name.strip(), value.replace("!important", "").strip())
                for name, value in (part.split(":", 1) for part in body.split(";") if ":" in part)
            ),
        )


def variables():
    root = dict(rules((Path(ui.__file__).parent / "style.css").read_text()))[":root"]
    return {name: value for name, value in root.items() if name.startswith("--")}


def resolve(value, ink, ground):
    """A colour of the sheet as #rrggbb on a ground; None where it is no colour of its own."""
    value = re.sub(r"var\((--[\w-]+)\)", lambda m: variables()[m[1]], value)
    while found := re.search(
        r"color-mix\(in srgb, (#\w{3,6}|currentColor) (\d+)%, (transparent|currentColor|#\w{3,6})\)", value
    ):
        first, share, second = found[1], int(found[2]) / 100, found[3]
        first = ink if first == "currentColor" else full(first)
        second = {"transparent": ground, "currentColor": ink}.get(second) or full(second)
        value = value.replace(found[0], mix(first, second, share))
    if value in ("inherit", "currentColor"):
        return ink
    found = re.search(r"#\w{6}\b|#\w{3}\b", value)
    return full(found[0]) if found else None


@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize("theme", THEMES)
def test_every_rule_leaves_its_text_readable(sheet, theme):
    colours = THEMES[theme]
    ink, poor, looked_at = colours["textColor"], [], 0
    for selector, body in rules((Path(ui.__file__).parent / sheet).read_text()):
        if (
            selector.endswith(BAR)
            or any(part in selector for part in NO_TEXT)
            or not {"color", "opacity"} & body.keys()
        ):
            continue
        for ground in (colours["backgroundColor"], colours["secondaryBackgroundColor"]):
            under = resolve(body.get("background", body.get("background-color", "")), ink, ground) or ground
            text = resolve(body.get("color", "inherit"), ink, under) or ink
            text = mix(text, under, min(1.0, float(body.get("opacity", 1))))
            looked_at += 1
            if contrast(text, under) < LEAST:
                poor.append(f"{selector}: {text} on {under} is {contrast(text, under):.2f}")
    assert not poor, "\n".join(poor)
    assert looked_at


@pytest.mark.parametrize("theme", THEMES)
def test_the_theme_itself_is_readable(theme):
    colours = THEMES[theme]
    for ground in (colours["backgroundColor"], colours["secondaryBackgroundColor"]):
        assert contrast(colours["textColor"], ground) >= LEAST
        assert contrast(colours["linkColor"], ground) >= LEAST
    assert contrast("#ffffff", colours["primaryColor"]) >= LEAST  # the words of a main button


@pytest.mark.parametrize("theme", THEMES)
def test_notes_inside_notes_stay_readable(theme):
    """Opacity adds up where a faint part lies in a faint one."""
    colours, sheet = THEMES[theme], dict(rules((Path(ui.__file__).parent / "grid/grid.css").read_text()))
    share = float(sheet[".text"].get("opacity", 1)) * float(sheet[".note"].get("opacity", 1))
    text = mix(colours["textColor"], colours["backgroundColor"], share)
    assert contrast(text, colours["backgroundColor"]) >= LEAST
