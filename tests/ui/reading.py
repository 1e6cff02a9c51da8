"""A page as a screen reader and a keyboard meet it: Chromium's accessibility tree, and what a press of Tab shows."""

from collections.abc import Iterator
from typing import Any, NamedTuple

_CONTROLS = {
    "button", "link", "textbox", "searchbox", "combobox", "checkbox", "switch", "radio", "slider", "spinbutton", "tab",
    "application", "progressbar", "menuitem", "option", "image", "img", "radiogroup",
}  # fmt: skip
# The element with the focus, wherever it lies, and whether it looks otherwise than without: rim, ring, ground or line.
_FOCUSED = """() => {
  let element = document.activeElement;
  while (element && element.shadowRoot && element.shadowRoot.activeElement) element = element.shadowRoot.activeElement;
  if (!element || element === document.body) return null;
  const parts = [element];
  for (let up = element.parentElement; up && parts.length < 6; up = up.parentElement) parts.push(up);
  if (element.nextElementSibling) parts.push(element.nextElementSibling);
  if (element.previousElementSibling) parts.push(element.previousElementSibling);
  const look = () => JSON.stringify(parts.map(part => {
    const s = getComputedStyle(part);
    return [s.outlineStyle === "none" ? "" : s.outline, s.boxShadow, s.borderColor, s.backgroundColor];
  }));
  const said = (element.getAttribute("aria-label") || element.innerText || element.value || element.id || "").trim();
  const name = element.tagName.toLowerCase() + " " + (element.dataset.testid || element.className || "") + " " + said;
  const focused = look();
  element.blur();
  for (const part of parts) part.getAnimations().forEach(a => a.finish());
  const calm = look();
  element.focus({ preventScroll: true });
  return { name: name.slice(0, 120), visible: focused !== calm };
}"""


class Node(NamedTuple):
    """One thing that a screen reader tells of."""

    role: str
    name: str
    level: int
    html: str


def nodes(tab: Any) -> Iterator[Node]:
    """What a screen reader finds, in the order in which it reads."""
    client = tab.context.new_cdp_session(tab)
    whole = {node["nodeId"]: node for node in client.send("Accessibility.getFullAXTree")["nodes"]}
    ahead = [next(iter(whole))]
    while ahead:
        node = whole.get(ahead.pop())
        if node is None:
            continue
        ahead += reversed(node.get("childIds", []))
        role = node.get("role", {}).get("value", "")
        if node.get("ignored") or role not in {*_CONTROLS, "heading"}:
            continue
        level = next((p["value"]["value"] for p in node.get("properties", []) if p["name"] == "level"), 0)
        yield Node(role, node.get("name", {}).get("value", "").strip(), int(level), str(node.get("backendDOMNodeId")))
    client.detach()


def nameless(tab: Any) -> list[str]:
    """Controls and images without a name, as HTML."""
    found = [n for n in nodes(tab) if n.role in _CONTROLS and not n.name]
    client = tab.context.new_cdp_session(tab)
    said = [f"{n.role}: " + client.send("DOM.getOuterHTML", {"backendNodeId": int(n.html)})["outerHTML"][:300]
            for n in found]  # fmt: skip
    client.detach()
    return said


def levels(tab: Any) -> list[tuple[int, str]]:
    """The headings in order: level and text."""
    return [(n.level, n.name) for n in nodes(tab) if n.role == "heading"]


def unseen_focus(tab: Any, presses: int) -> tuple[int, list[str]]:
    """How many things Tab reaches, and those at which nothing shows that they have the focus."""
    tab.evaluate("() => document.activeElement && document.activeElement.blur()")
    reached, unseen = 0, []
    for _ in range(presses):
        tab.keyboard.press("Tab")
        there = tab.evaluate(_FOCUSED)
        if there is None:
            continue
        reached += 1
        if not there["visible"]:
            unseen.append(there["name"])
    return reached, list(dict.fromkeys(unseen))
