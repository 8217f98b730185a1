const ACTED = ["react", "click", "reply", "share", "save"];
const KEY = [
  ["waiting", "not asked yet"], ["scroll_past", "scrolled past"], ["read", "read"], ["acted", "tapped, answered, shared or saved"],
  ["hide", "hid"], ["report", "reported"], ["no answer", "no answer"],
];
const WORDS = { scroll_past: "scrolled past", read: "read it", react: "liked it", click: "tapped", reply: "replied",
  share: "shared it", save: "saved it", hide: "hid it", report: "reported it", waiting: "not asked yet" };

const colourOf = (action) => (ACTED.includes(action) ? "acted" : action);
const wordsOf = (action) => WORDS[action] ?? action;

function element(kind, attributes = {}, text = null) {
  const made = document.createElement(kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== null) made.textContent = text;
  return made;
}

function describe(tile) {
  const parts = tile.cells.map((cell) => (cell.draft ? `${cell.draft}: ` : "") + wordsOf(cell.action));
  return `${tile.name}. ${parts.join("; ")}`;
}

function drawKey(list, tiles) {
  const seen = new Set(tiles.flatMap((tile) => tile.cells.map((cell) => colourOf(cell.action))));
  list.replaceChildren(...KEY.filter(([action]) => seen.has(action)).map(([action, words]) => {
    const item = element("li", { "data-action": action });
    item.append(element("i"), words);
    return item;
  }));
}

function showSaying(place, tile) {
  const name = element("p");
  name.append(element("bdi", {}, tile.name));
  place.replaceChildren(name, ...tile.cells.map((cell) => {
    const line = element("p");
    if (cell.draft) line.append(element("bdi", {}, cell.draft), ": ");
    line.append(wordsOf(cell.action));
    if (cell.says) line.append(": “", element("bdi", {}, cell.says), "”");
    return line;
  }));
}

function fillTile(button, tile) {
  button.setAttribute("aria-label", describe(tile));
  tile.cells.forEach((cell, place) => button.children[place].setAttribute("data-action", colourOf(cell.action)));
}

function makeTile(tile) {
  const button = element("button", { class: "tile", type: "button", style: `--size: ${Number(tile.size)}`, "data-persona": tile.persona });
  button.append(...tile.cells.map(() => element("span", { class: "cell" })), element("b", { "aria-hidden": "true", "data-name": tile.name.split(" ")[0], "data-initials": tile.initials }));
  return button;
}

/* The tiles are one stop of the Tab key, however many there are: arrows, Home and End go from one to the next. */
function makeOneStop(root) {
  const all = [...root.querySelectorAll(".tile")];
  const stop = (here) => {
    root.dataset.stop = here.dataset.persona;
    for (const tile of all) tile.tabIndex = tile === here ? 0 : -1;
  };
  if (all.length) stop(all.find((tile) => tile.dataset.persona === root.dataset.stop) ?? all[0]);
  root.onkeydown = (event) => {
    const place = all.indexOf(event.target);
    const steps = { ArrowRight: place + 1, ArrowDown: place + 1, ArrowLeft: place - 1, ArrowUp: place - 1, Home: 0, End: all.length - 1 };
    const next = place < 0 ? undefined : all[steps[event.key]];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  for (const tile of all) tile.addEventListener("focus", () => stop(tile));
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".room");
  const [key, rows, says] = ["ul", ".rows", ".says"].map((name) => root.querySelector(name));
  const tiles = data.rows.flatMap((row) => row.tiles);
  root.classList.toggle("small", tiles.length <= 24);
  root.classList.toggle("medium", tiles.length > 24 && tiles.length <= 90);
  root.querySelector(".note").textContent = data.note;
  const shape = JSON.stringify(data.rows.map((row) => [row.value, row.tiles.map((tile) => [tile.persona, tile.cells.length])]));
  if (root.dataset.shape !== shape) {
    root.dataset.shape = shape;
    rows.replaceChildren(...data.rows.map((row) => {
      const section = element("section", { class: "row" });
      const wall = element("div", { class: "tiles" });
      wall.append(...row.tiles.map(makeTile));
      section.append(element("h3", {}, `${row.value}, ${row.people}`), wall);
      return section;
    }));
    makeOneStop(root);
  }
  drawKey(key, tiles);
  const known = new Map(tiles.map((tile) => [tile.persona, tile]));
  for (const button of root.querySelectorAll(".tile")) {
    const tile = known.get(button.dataset.persona);
    fillTile(button, tile);
    const point = () => showSaying(says, tile);
    button.onmouseenter = point;
    button.onfocus = point;
    button.onclick = () => setTriggerValue("opened", tile.persona);
  }
}
