// A page of pictures. Texts are set as text, never as markup.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const grid = parentElement.querySelector(".grid");
  grid.replaceChildren(...data.tiles.map(function (tile) {
    const button = document.createElement("button");
    button.type = "button";
    const picture = document.createElement("span");
    picture.className = "picture";
    if (tile.src) {
      const image = document.createElement("img");
      image.src = tile.src;
      image.alt = tile.title;
      picture.append(image);
    }
    const text = document.createElement("span");
    text.className = "text";
    const title = document.createElement("b");
    title.textContent = tile.title;
    if (tile.bad) title.className = "bad";
    text.append(title, " " + tile.note);
    button.append(picture, text);
    button.addEventListener("click", function () { setTriggerValue("open", tile.id); });
    return button;
  }));
}
