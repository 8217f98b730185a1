const PAUSE = 80;
const SETTLE = 400; // a press that took the focus away comes first
const SHOWN = 3;

function element(kind, attributes = {}, text = null) {
  const made = document.createElement(kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== null) made.textContent = text;
  return made;
}

/* Marks that lie before or behind what changed stay with their words until Python has looked again. */
function moveMarks(marks, before, after) {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const shift = after.length - before.length;
  return marks.flatMap((mark) => {
    if (mark.end <= head) return [mark];
    if (mark.start >= before.length - tail) return [{ ...mark, start: mark.start + shift, end: mark.end + shift }];
    return [];
  });
}

function drawMarks(place, letters, marks) {
  const pieces = [];
  let done = 0;
  for (const mark of marks) {
    if (mark.start < done) continue;
    pieces.push(letters.slice(done, mark.start).join(""), element("u", { class: mark.severity }, letters.slice(mark.start, mark.end).join("")));
    done = mark.end;
  }
  place.replaceChildren(...pieces, letters.slice(done).join("") + "\n");
}

/* What was typed is kept in the tab until Python has it, under an entry of its own for each box and for each words that
   a box was given: the page may be left, or the box may go, before it is told. A box that stands tells its entry itself;
   those of boxes that went, or were given other words meanwhile, `leaving.js` tells. */
const PREFIX = "audience-draft-";
const live = (window.audienceEntries ??= new Set());
const keepEntry = (kept) => {
  try { sessionStorage.setItem(PREFIX + kept.entry, JSON.stringify(kept)); } catch { /* full or forbidden: it is told all the same */ }
};
const dropEntry = (entry) => {
  try { sessionStorage.removeItem(PREFIX + entry); } catch { /* there is none */ }
};

function listEntries() {
  try {
    return Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX)).map((key) => JSON.parse(sessionStorage.getItem(key)));
  } catch { return []; }
}

/* Return the newest entry of a draft whose box went, where nobody changed the draft since; one that Python has goes. */
function findLeft(data) {
  const left = listEntries().filter((kept) =>
    kept.campaign === data.campaign && kept.number === data.number && !live.has(kept.entry) && kept.base === data.text);
  for (const kept of left) if (kept.text === data.text) dropEntry(kept.entry);
  return left.filter((kept) => kept.text !== data.text).sort((one, other) => other.at - one.at)[0] ?? null;
}

const makeName = () => Date.now().toString(36) + Math.random().toString(36).slice(2);

const HEADS = { error: "Must change: ", warning: "Look at: " };

function drawNote(note) {
  const item = element("li", { class: note.severity });
  item.append(element("b", {}, HEADS[note.severity] ?? "Note: "));
  if (note.words) item.append("“", element("bdi", {}, note.words), "”: ");
  item.append(note.message);
  return item;
}

/* What no rule has looked at is said however much else there is. */
function drawNotes(list, notes) {
  const unread = notes.filter((note) => note.severity === "unchecked");
  const others = notes.filter((note) => note.severity !== "unchecked");
  const shown = others.slice(0, SHOWN).map(drawNote);
  if (others.length > SHOWN) shown.push(element("li", { class: "more" }, `and ${others.length - SHOWN} more`));
  list.replaceChildren(...shown, ...unread.map(drawNote));
}

export default function (component) {
  const { data, parentElement, setStateValue, setTriggerValue } = component;
  const root = parentElement.querySelector(".editor");
  const [label, area, marks, notes] = ["label", "textarea", ".marks", ".notes"].map((name) => root.querySelector(name));
  const memory = (root.memory ??= { marks: [], letters: [], waiting: null, dirty: false });
  label.textContent = data.label;
  area.placeholder = data.placeholder;
  area.disabled = data.locked;
  area.dir = marks.dir = data.direction;
  const isOther = ["campaign", "number", "version"].some((name) => memory.data?.[name] !== data[name]);
  let left = null;
  if (isOther) { // what was typed into the words before and not told stays an entry, and Python keeps both
    clearTimeout(memory.waiting);
    memory.waiting = null;
    live.delete(memory.entry);
    left = memory.data ? null : findLeft(data);
    Object.assign(memory, { entry: left?.entry ?? makeName(), base: data.text, at: left?.at ?? 0, dirty: false });
    area.value = data.text;
  }
  memory.data = data;
  live.add(memory.entry);
  const draw = () => {
    drawMarks(marks, memory.letters, memory.marks);
    marks.scrollTop = area.scrollTop;
  };
  if (area.value === data.text) {
    memory.base = data.text;
    if (left === null) dropEntry(memory.entry);
    memory.letters = Array.from(data.text);
    memory.marks = data.marks;
    draw();
    drawNotes(notes, data.notes);
  }
  const send = () => {
    clearTimeout(memory.waiting);
    memory.waiting = null;
    setStateValue("typed", memory.kept);
  };
  area.oninput = () => {
    const letters = Array.from(area.value);
    memory.marks = moveMarks(memory.marks, memory.letters, letters);
    memory.letters = letters;
    memory.dirty = true;
    memory.at = Math.max(Date.now(), memory.at + 1);
    const { campaign, number, version, is_new } = memory.data;
    memory.kept = { entry: memory.entry, campaign, number, version, is_new, base: memory.base, text: area.value, at: memory.at };
    keepEntry(memory.kept);
    draw();
    clearTimeout(memory.waiting);
    memory.waiting = setTimeout(send, PAUSE);
  };
  if (left !== null) {
    area.value = left.text;
    area.oninput();
  }
  area.onpaste = (event) => {
    const picture = [...(event.clipboardData?.files ?? [])].find((file) => file.type.startsWith("image/"));
    if (!picture || data.locked || !data.pictures) return;
    event.preventDefault();
    const reader = new FileReader();
    reader.onload = () => setTriggerValue("picture", reader.result);
    reader.readAsDataURL(picture);
  };
  area.onscroll = () => { marks.scrollTop = area.scrollTop; };
  area.onblur = () => {
    if (memory.waiting !== null) send();
    if (memory.dirty) setTimeout(() => setTriggerValue("left", true), SETTLE);
    memory.dirty = false;
  };
  return () => live.delete(memory.entry);
}
