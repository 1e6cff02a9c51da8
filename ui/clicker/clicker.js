// Clicks, drags, corners and a brush on a picture, told in the picture's own pixels; by mouse, finger or keys alone.
// Called anew whenever the data changes.
const DRAG = 6; // pixels of the screen: less is a click with an unsteady hand
const NEAR = 12; // pixels of the screen: a click so near the first corner closes the shape
const ZOOMS = [1, 1.5, 2, 3, 4, 6];
const STEP = 0.02, STRIDE = 0.1; // of the picture's sides: how far an arrow key moves, alone and with Shift
const SIZES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256]; // of the brush, in pixels of the picture
const MANY = 1000; // points after which a stroke is told and goes on as another
const PATIENCE_MS = 8000; // an answer that takes longer is not waited for with the next stroke
const SVG = "http://www.w3.org/2000/svg";
const states = new WeakMap(); // by element: what outlives a drawing

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const at = function (name) { return parentElement.querySelector(name); };
  const frame = at(".frame"), view = at(".view"), image = at("img"), box = at(".box"), hint = at(".hint");
  const cursor = at(".cursor"), overlay = at(".corners"), line = at("polyline"), words = data.words;
  const ring = at(".ring"), painted = at(".painted");
  const kept = states.get(parentElement);
  const state = kept && kept.picture === data.picture
    ? kept
    : { picture: data.picture, zoom: kept ? kept.zoom : 1, shape: false, corners: [],
      here: kept ? kept.here : [0.5, 0.5], from: null, brush: Boolean(kept && kept.brush), erase: false,
      size: kept && kept.size ? kept.size : fitting(data), strokes: [], stroke: null, down: false, waits: null };
  states.set(parentElement, state);
  let start = null;
  if (image.getAttribute("src") !== data.src) image.setAttribute("src", data.src);
  image.style.aspectRatio = data.width + " / " + data.height; // its place is kept before it is loaded: nothing moves
  frame.removeAttribute("aria-busy");
  at(".bar").style.display = words ? "" : "none";
  overlay.setAttribute("viewBox", "0 0 " + data.width + " " + data.height);
  overlay.setAttribute("preserveAspectRatio", "none");

  function draw() {
    const scale = 100 / data.width, told = state.brush ? words.paint : data.hint;
    if (hint.textContent !== told) hint.textContent = told;
    frame.setAttribute("aria-label", (data.about ? data.about + " " : "") + told);
    ring.style.display = state.brush ? "block" : "none";
    ring.style.width = state.size * scale + "%";
    ring.style.left = 100 * state.here[0] + "%";
    ring.style.top = 100 * state.here[1] + "%";
    ring.classList.toggle("down", state.down);
    ring.classList.toggle("erase", state.erase);
    painted.replaceChildren(...(state.stroke ? state.strokes.concat(state.stroke) : state.strokes).map(trace));
    // All of it is in sight at first; larger, it is moved under a window of that size.
    view.style.width = "min(100%, " + (68 * data.width / data.height).toFixed(1) + "vh)";
    frame.style.width = 100 * state.zoom + "%";
    overlay.style.display = state.corners.length || state.strokes.length || state.stroke ? "block" : "none";
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
    for (const name of ["brush", "erase", "smaller", "larger"]) at("." + name).setAttribute("aria-label", words[name]);
    at(".brush").textContent = words.brush;
    at(".erase").textContent = words.erase;
    at(".smaller").title = words.smaller;
    at(".larger").title = words.larger;
    at(".brush").setAttribute("aria-pressed", String(state.brush));
    at(".erase").setAttribute("aria-pressed", String(state.erase));
    at(".tools").style.display = state.brush ? "" : "none";
    at(".size").textContent = state.size + " px";
    const now = state.brush ? words.brush + ": " + (state.erase ? words.erases : words.adds) + ", " + state.size + " px" : "";
    if (at(".said").textContent !== now) at(".said").textContent = now; // a screen reader says it when it changes
  }
  function place(event) {
    const r = image.getBoundingClientRect();
    const x = Math.min(Math.max(event.clientX - r.left, 0), r.width);
    const y = Math.min(Math.max(event.clientY - r.top, 0), r.height);
    return { x: x, y: y, px: (x / r.width) * data.width, py: (y / r.height) * data.height };
  }
  function tell(kind, points, outside, strokes) {
    frame.setAttribute("aria-busy", "true");
    const click = { picture: data.picture, kind: kind, points: points, outside: outside };
    setTriggerValue("click", strokes ? { ...click, strokes: strokes } : click);
  }
  function trace(stroke) {
    const path = document.createElementNS(SVG, "polyline");
    const points = stroke.points.length > 1 ? stroke.points : stroke.points.concat(stroke.points);
    path.setAttribute("points", points.map(function (p) { return p.join(","); }).join(" "));
    path.style.strokeWidth = stroke.size + "px"; // of the picture, by the view box
    if (stroke.erase) path.setAttribute("class", "erase");
    return path;
  }
  function begin(px, py, other) {
    state.stroke = { points: [[px, py]], size: state.size, erase: state.erase !== other };
  }
  function pull(px, py) {
    const points = state.stroke.points, last = points[points.length - 1];
    if (Math.hypot(px - last[0], py - last[1]) < Math.max(1, state.size / 8)) return;
    points.push([px, py]);
    if (points.length < MANY) return;
    const erase = state.stroke.erase;
    lift();
    state.stroke = { points: [[px, py]], size: state.size, erase: erase };
  }
  function lift() {
    if (state.stroke) state.strokes.push(state.stroke);
    state.stroke = null;
    if (!state.waits || Date.now() - state.waits.at > PATIENCE_MS) send();
    draw();
  }
  function send() { // what is painted while the page works is told in one when it is done
    if (!state.strokes.length) return;
    state.waits = { done: data.done, at: Date.now(), count: state.strokes.length };
    tell("brush", [], false, state.strokes);
  }
  function brush() {
    state.brush = !state.brush;
    state.shape = false;
    state.corners = [];
    if (state.stroke) lift();
    state.down = false;
    draw();
  }
  function erase() {
    state.erase = !state.erase;
    draw();
  }
  function resize(by) {
    const next = SIZES.indexOf(state.size) + by;
    state.size = SIZES[Math.min(SIZES.length - 1, Math.max(0, next))];
    draw();
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
    state.brush = false;
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
  at(".brush").onclick = brush;
  at(".erase").onclick = erase;
  at(".smaller").onclick = function () { resize(-1); };
  at(".larger").onclick = function () { resize(1); };
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
    if (state.brush) {
      state.down = false;
      begin(start.px, start.py, event.altKey || event.shiftKey || event.button === 2);
      draw();
    }
    try { frame.setPointerCapture(event.pointerId); } catch (error) { start = place(event); } // the pointer is gone again
  };
  frame.onpointermove = function (event) {
    const now = place(event);
    if (state.brush) {
      if (state.down) return; // the keys paint
      state.here = [now.px / data.width, now.py / data.height];
      if (start && state.stroke) pull(now.px, now.py);
      return draw();
    }
    if (!start || state.shape) return;
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
    if (state.brush) lift();
    else if (!state.shape && Math.hypot(end.x - start.x, end.y - start.y) > DRAG) {
      tell("box", [[start.px, start.py], [end.px, end.py]], false);
    } else point(end.px, end.py, outside);
    start = null;
    box.style.display = "none";
  };
  frame.oncontextmenu = function (event) { event.preventDefault(); };

  // Arrows move a cross, Enter clicks there (with Alt: not this part), B begins and ends a box, P is for corners.
  // M is for the brush: Enter puts it down and lifts it, E adds or erases, [ and ] change its size.
  frame.onkeydown = function (event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const [x, y] = [state.here[0] * data.width, state.here[1] * data.height];
    if (moves) {
      const far = event.shiftKey ? STRIDE : STEP;
      const fine = Math.max(1, state.size / 2) * (event.shiftKey ? 4 : 1); // the brush goes half of itself, or twice
      const by = state.brush ? [fine / data.width, fine / data.height] : [far, far];
      state.here = state.here.map(function (v, i) { return Math.min(0.999, Math.max(0, v + by[i] * moves[i])); });
      if (state.down && state.stroke) pull(state.here[0] * data.width, state.here[1] * data.height);
    } else if (state.brush && event.key === "Enter") {
      state.down = !state.down;
      if (state.down) begin(x, y, event.altKey);
      else lift();
    } else if (event.key === "m" && words) brush();
    else if (state.brush && event.key === "e") erase();
    else if (state.brush && "[,".includes(event.key)) resize(-1);
    else if (state.brush && "].".includes(event.key)) resize(1);
    else if (event.key === "Enter") point(x, y, event.altKey);
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
    cursor.style.display = "block"; // the middle of the brush, too
    cursor.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  if (state.waits && state.waits.done !== data.done) { // those strokes are in the picture that came
    state.strokes.splice(0, state.waits.count);
    state.waits = null;
    send();
  }
  draw();
}

function fitting(data) {
  const wanted = Math.min(data.width, data.height) / 16;
  return SIZES.reduce(function (a, b) { return Math.abs(b - wanted) < Math.abs(a - wanted) ? b : a; });
}
