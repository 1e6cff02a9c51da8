// Clicks and drags on a picture, told in the picture's own pixels. Called anew whenever the data changes.
const DRAG = 6; // pixels of the screen: less is a click with an unsteady hand

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const frame = parentElement.querySelector(".frame"), image = parentElement.querySelector("img");
  const box = parentElement.querySelector(".box"), hint = parentElement.querySelector(".hint");
  let start = null;
  if (image.getAttribute("src") !== data.src) image.setAttribute("src", data.src);
  frame.style.width = "min(100%, " + (68 * data.width / data.height).toFixed(1) + "vh)"; // all of it is in sight
  image.style.aspectRatio = data.width + " / " + data.height; // its place is kept before it is loaded: nothing moves
  hint.textContent = data.hint;
  frame.setAttribute("aria-label", data.hint);

  function place(event) {
    const r = image.getBoundingClientRect();
    const x = Math.min(Math.max(event.clientX - r.left, 0), r.width);
    const y = Math.min(Math.max(event.clientY - r.top, 0), r.height);
    return { x: x, y: y, px: (x / r.width) * data.width, py: (y / r.height) * data.height };
  }
  function tell(kind, points, outside) {
    setTriggerValue("click", { picture: data.picture, kind: kind, points: points, outside: outside });
  }
  frame.onpointerdown = function (event) {
    start = place(event);
    try { frame.setPointerCapture(event.pointerId); } catch (error) { start = place(event); } // the pointer is gone again
  };
  frame.onpointermove = function (event) {
    if (!start) return;
    const now = place(event);
    box.style.display = Math.hypot(now.x - start.x, now.y - start.y) > DRAG ? "block" : "none";
    box.style.left = Math.min(start.x, now.x) + "px";
    box.style.top = Math.min(start.y, now.y) + "px";
    box.style.width = Math.abs(now.x - start.x) + "px";
    box.style.height = Math.abs(now.y - start.y) + "px";
  };
  frame.onpointerup = function (event) {
    if (!start) return;
    const end = place(event);
    const outside = event.altKey || event.shiftKey || event.button === 2;
    if (Math.hypot(end.x - start.x, end.y - start.y) > DRAG) tell("box", [[start.px, start.py], [end.px, end.py]], false);
    else tell("point", [[end.px, end.py]], outside);
    start = null;
    box.style.display = "none";
  };
  frame.oncontextmenu = function (event) { event.preventDefault(); };
}
