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

/* What was typed is kept in the tab until Python has it: the page may be left, or the box may go, before it is told.
   A box that stands tells it itself; of one that went, and of one whose draft changed meanwhile, `leaving.js` does. */
const LATEST = 3000;
const nameKept = (data) => `audience-draft-${data.id}`;
const readKept = (data) => {
  try { return JSON.parse(sessionStorage.getItem(nameKept(data))); } catch { return null; }
};
const writeKept = (data, kept) => {
  try { sessionStorage.setItem(nameKept(data), JSON.stringify({ id: data.id, ...kept })); } catch { /* full or forbidden: it is told all the same */ }
};
const dropKept = (data) => {
  const kept = readKept(data);
  if (kept && !kept.orphan) sessionStorage.removeItem(nameKept(data));
};

/* Return what Python was not told of a draft, where nobody changed the draft since. */
function takeKept(data) {
  const kept = readKept(data);
  if (!kept || kept.orphan) return null;
  const left = performance.timeOrigin - kept.at;
  const isOfNow = !data.id.startsWith("new-") || (left >= 0 && left < LATEST);
  if (!isOfNow || kept.text === data.text) dropKept(data);
  else if (kept.base === data.text) return kept.text;
  else writeKept(data, { ...kept, orphan: true });
  return null;
}

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
  const isNew = root.dataset.version === undefined;
  const tell = (text, version, base) => setStateValue("typed", { text, version: Number(version), base, at: Date.now() });
  if (root.dataset.version !== String(data.version)) {
    if (memory.waiting !== null) { // typed into words that were replaced meanwhile: Python keeps both
      clearTimeout(memory.waiting);
      memory.waiting = null;
      setTimeout(tell, 0, area.value, root.dataset.version, memory.base);
    }
    memory.base = data.text;
    root.dataset.version = String(data.version);
    area.value = data.text;
    memory.dirty = false;
  }
  if (memory.data && memory.data.id !== data.id) dropKept(memory.data);
  memory.data = data;
  (window.audienceEditors ??= new Set()).add(data.id);
  const draw = () => {
    drawMarks(marks, memory.letters, memory.marks);
    marks.scrollTop = area.scrollTop;
  };
  if (area.value === data.text) {
    memory.base = data.text;
    if (!isNew) dropKept(data);
    memory.letters = Array.from(data.text);
    memory.marks = data.marks;
    draw();
    drawNotes(notes, data.notes);
  }
  const send = () => {
    clearTimeout(memory.waiting);
    memory.waiting = null;
    tell(area.value, root.dataset.version, memory.base);
  };
  area.oninput = () => {
    const letters = Array.from(area.value);
    memory.marks = moveMarks(memory.marks, memory.letters, letters);
    memory.letters = letters;
    memory.dirty = true;
    writeKept(memory.data, { text: area.value, base: memory.base, at: Date.now() });
    draw();
    clearTimeout(memory.waiting);
    memory.waiting = setTimeout(send, PAUSE);
  };
  const typed = isNew ? takeKept(data) : null;
  if (typed !== null) {
    area.value = typed;
    area.oninput();
  }
  area.onscroll = () => { marks.scrollTop = area.scrollTop; };
  area.onblur = () => {
    if (memory.waiting !== null) send();
    if (memory.dirty) setTimeout(() => setTriggerValue("left", true), SETTLE);
    memory.dirty = false;
  };
  return () => window.audienceEditors.delete(memory.data.id);
}
