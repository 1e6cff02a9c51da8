// Clicks, drags and corners on a picture, told in the picture's own pixels; by mouse, by finger and by keys alone.
// Called anew whenever the data changes.
const DRAG = 6; // pixels of the screen: less is a click with an unsteady hand
const NEAR = 12; // pixels of the screen: a click so near the first corner closes the shape
const ZOOMS = [1, 1.5, 2, 3, 4, 6];
const STEP = 0.02, STRIDE = 0.1; // of the picture's sides: how far an arrow key moves, alone and with Shift
const states = new WeakMap(); // by element: what outlives a drawing

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const at = function (name) { return parentElement.querySelector(name); };
  const frame = at(".frame"), view = at(".view"), image = at("img"), box = at(".box"), hint = at(".hint");
  const cursor = at(".cursor"), overlay = at(".corners"), line = at("polyline"), words = data.words;
  const kept = states.get(parentElement);
  const state = kept && kept.picture === data.picture
    ? kept
    : { picture: data.picture, zoom: kept ? kept.zoom : 1, shape: false, corners: [],
      here: kept ? kept.here : [0.5, 0.5], from: null };
  states.set(parentElement, state);
  let start = null;
  if (image.getAttribute("src") !== data.src) image.setAttribute("src", data.src);
  image.style.aspectRatio = data.width + " / " + data.height; // its place is kept before it is loaded: nothing moves
  hint.textContent = data.hint;
  frame.removeAttribute("aria-busy");
  frame.setAttribute("aria-label", data.hint);
  at(".bar").style.display = words ? "" : "none";
  overlay.setAttribute("viewBox", "0 0 " + data.width + " " + data.height);
  overlay.setAttribute("preserveAspectRatio", "none");

  function draw() {
    // All of it is in sight at first; larger, it is moved under a window of that size.
    view.style.width = "min(100%, " + (68 * data.width / data.height).toFixed(1) + "vh)";
    frame.style.width = 100 * state.zoom + "%";
    overlay.style.display = state.corners.length ? "block" : "none";
    line.setAttribute("points", state.corners.map(function (p) { return p.join(","); }).join(" "));
    cursor.style.left = 100 * state.here[0] + "%";
    cursor.style.top = 100 * state.here[1] + "%";
    if (!words) return;
    at(".zoom").textContent = Math.round(100 * state.zoom) + " %";
    at(".in").setAttribute("aria-label", words.zoom_in);
    at(".out").setAttribute("aria-label", words.zoom_out);
    at(".in").title = words.zoom_in;
    at(".out").title = words.zoom_out;
    at(".shape").textContent = words.shape;
    at(".shape").setAttribute("aria-pressed", String(state.shape));
    at(".close").textContent = words.close;
    at(".close").style.display = state.corners.length > 2 ? "" : "none";
  }
  function place(event) {
    const r = image.getBoundingClientRect();
    const x = Math.min(Math.max(event.clientX - r.left, 0), r.width);
    const y = Math.min(Math.max(event.clientY - r.top, 0), r.height);
    return { x: x, y: y, px: (x / r.width) * data.width, py: (y / r.height) * data.height };
  }
  function tell(kind, points, outside) {
    frame.setAttribute("aria-busy", "true");
    setTriggerValue("click", { picture: data.picture, kind: kind, points: points, outside: outside });
  }
  function zoom(by) {
    const now = ZOOMS.indexOf(state.zoom);
    const next = ZOOMS[Math.min(ZOOMS.length - 1, Math.max(0, now + by))];
    if (next === state.zoom) return;
    state.zoom = next;
    draw();
    view.scrollLeft = state.here[0] * frame.offsetWidth - view.clientWidth / 2;
    view.scrollTop = state.here[1] * frame.offsetHeight - view.clientHeight / 2;
  }
  function corner(px, py) {
    const r = image.getBoundingClientRect(), first = state.corners[0];
    const far = first && Math.hypot((first[0] - px) / data.width * r.width, (first[1] - py) / data.height * r.height);
    if (state.corners.length > 2 && far <= NEAR) return close();
    state.corners.push([px, py]);
    draw();
  }
  function close() {
    const corners = state.corners;
    state.corners = [];
    draw();
    if (corners.length > 2) tell("polygon", corners, false);
  }
  function shape() {
    state.shape = !state.shape;
    state.corners = [];
    draw();
  }
  function point(px, py, outside) {
    if (state.shape) corner(px, py);
    else tell("point", [[px, py]], outside);
  }
  at(".in").onclick = function () { zoom(1); };
  at(".out").onclick = function () { zoom(-1); };
  at(".shape").onclick = shape;
  at(".close").onclick = close;
  view.onwheel = function (event) {
    if (!event.ctrlKey && !event.metaKey) return; // without them it moves the page or the picture
    event.preventDefault();
    const now = place(event);
    state.here = [now.px / data.width, now.py / data.height];
    zoom(event.deltaY < 0 ? 1 : -1);
  };

  frame.onpointerdown = function (event) {
    start = place(event);
    cursor.style.display = "none";
    try { frame.setPointerCapture(event.pointerId); } catch (error) { start = place(event); } // the pointer is gone again
  };
  frame.onpointermove = function (event) {
    if (!start || state.shape) return;
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
    state.here = [end.px / data.width, end.py / data.height];
    if (!state.shape && Math.hypot(end.x - start.x, end.y - start.y) > DRAG) {
      tell("box", [[start.px, start.py], [end.px, end.py]], false);
    } else point(end.px, end.py, outside);
    start = null;
    box.style.display = "none";
  };
  frame.oncontextmenu = function (event) { event.preventDefault(); };

  // Arrows move a cross, Enter clicks there (with Alt: not this part), B begins and ends a box, P is for corners.
  frame.onkeydown = function (event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const [x, y] = [state.here[0] * data.width, state.here[1] * data.height];
    if (moves) {
      const far = event.shiftKey ? STRIDE : STEP;
      state.here = state.here.map(function (v, i) { return Math.min(0.999, Math.max(0, v + far * moves[i])); });
    } else if (event.key === "Enter") point(x, y, event.altKey);
    else if (event.key === "+" && words) zoom(1);
    else if (event.key === "-" && words) zoom(-1);
    else if (event.key === "p" && words) shape();
    else if (event.key === "c" && words) close();
    else if (event.key === "b") {
      if (state.from) tell("box", [state.from, [x, y]], false);
      state.from = state.from ? null : [x, y];
    } else return;
    event.preventDefault();
    event.stopPropagation();
    draw();
    cursor.style.display = "block";
    cursor.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  draw();
}
