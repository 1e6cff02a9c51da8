// Pages of pictures. The browser turns them: pages around the one in sight lie ready, and what is missing is asked for.
// Texts are set as text, never as markup. Called anew whenever the data changes.
const KEPT = 9; // pages held at once
const AHEAD = [1, 2, -1]; // pages to have ready, nearest in reading order first
const books = new WeakMap(); // by element: what was sent, and which page is in sight

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const at = function (name) { return parentElement.querySelector(name); };
  const grid = at(".grid"), field = at("input"), back = at(".back"), next = at(".next"), words = data.words;
  const book = books.get(parentElement) || { pages: new Map(), page: data.page, drawn: null };
  books.set(parentElement, book);
  const anew = book.asked !== data.asked;
  if (anew || book.version !== data.version) book.pages.clear();
  if (anew) book.page = data.page;
  book.asked = data.asked;
  book.version = data.version;
  book.page = Math.min(Math.max(1, book.page), data.pages);
  for (const [number, tiles] of Object.entries(data.tiles)) {
    book.pages.delete(Number(number));
    book.pages.set(Number(number), tiles);
  }
  for (const number of [...book.pages.keys()]) {
    if (book.pages.size > KEPT && number !== book.page) book.pages.delete(number);
  }

  function picture(tile) {
    const button = document.createElement("button");
    button.type = "button";
    const frame = document.createElement("span");
    frame.className = "picture";
    if (tile.src) {
      const image = document.createElement("img");
      image.src = tile.src;
      image.alt = ""; // the title beside it says it
      frame.append(image);
    }
    const text = document.createElement("span");
    text.className = "text";
    const title = document.createElement("b");
    title.textContent = tile.title;
    if (tile.bad) title.className = "bad";
    const note = document.createElement("span");
    note.className = "note";
    note.textContent = tile.note;
    text.append(title, note);
    button.append(frame, text);
    button.addEventListener("click", function () { setTriggerValue("open", tile.id); });
    return button;
  }
  function draw() {
    const tiles = book.pages.get(book.page);
    grid.classList.toggle("waits", !tiles);
    if (tiles && tiles !== book.drawn) grid.replaceChildren(...tiles.map(picture));
    if (tiles) book.drawn = tiles;
    at(".found").textContent = words.found;
    at(".turn").style.display = data.pages > 1 ? "" : "none";
    at(".of").textContent = words.of_pages;
    back.disabled = book.page <= 1;
    next.disabled = book.page >= data.pages;
    back.title = words.back;
    next.title = words.next;
    back.setAttribute("aria-label", words.back);
    next.setAttribute("aria-label", words.next);
    field.setAttribute("aria-label", words.page);
    field.max = data.pages;
    field.value = book.page;
  }
  function ask(turned) {
    const around = [0, ...AHEAD].map(function (by) { return book.page + by; });
    const wanted = around.filter(function (n) { return n >= 1 && n <= data.pages && !book.pages.has(n); });
    if (turned || wanted.length) setTriggerValue("turn", { asked: data.asked, page: book.page, wanted: wanted });
  }
  function turn(page) {
    const wanted = Math.min(Math.max(1, page || 1), data.pages);
    const turned = wanted !== book.page;
    book.page = wanted;
    draw();
    if (turned) ask(true);
  }
  function pressed(event) {
    const from = event.composedPath()[0];
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(from.tagName) || from.isContentEditable || from.role === "slider";
    if (typing || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === "ArrowRight") turn(book.page + 1);
    else if (event.key === "ArrowLeft") turn(book.page - 1);
  }

  back.onclick = function () { turn(book.page - 1); };
  next.onclick = function () { turn(book.page + 1); };
  field.onchange = function () { turn(Math.round(Number(field.value))); };
  if (book.pressed) document.removeEventListener("keydown", book.pressed);
  book.pressed = pressed;
  document.addEventListener("keydown", pressed);
  draw();
  // Once what is wanted now is painted: the first page does not wait for the second.
  clearTimeout(book.asking);
  book.asking = setTimeout(function () { ask(false); }, 120);
  return function () {
    clearTimeout(book.asking);
    document.removeEventListener("keydown", pressed);
  };
}
