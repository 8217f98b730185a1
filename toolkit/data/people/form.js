"use strict";
(() => {
  const told = JSON.parse(document.getElementById("told").textContent);
  const draw = (below) => crypto.getRandomValues(new Uint32Array(1))[0] % below;
  const given = Number.parseInt(location.hash.slice(1), 10);
  const code = given > 0 ? given : 1 + draw(told.orders.length * told.wordings.length);
  const order = told.orders[(code - 1) % told.orders.length];
  const wording = Math.floor((code - 1) / told.orders.length) % told.wordings.length;
  const person = [...crypto.getRandomValues(new Uint8Array(8))].map((one) => one.toString(16).padStart(2, "0")).join("");
  const answers = told.drafts.map(() => ({}));
  const steps = [document.getElementById("start")];

  for (const asked of document.querySelectorAll("[data-ask]")) {
    asked.textContent = told.wordings[wording][asked.dataset.ask];
  }
  order.forEach((draft, place) => {
    for (const part of ["glance", "whole"]) {
      const step = document.querySelector(`[data-draft="${draft}"][data-part="${part}"]`);
      step.querySelector(".place").textContent = String(place + 1);
      steps.push(step);
    }
  });
  steps.push(document.getElementById("end"));

  const show = (place) => {
    steps.forEach((step, other) => { step.hidden = other !== place; });
    const heading = steps[place].querySelector("h1");
    window.scrollTo(0, 0);
    heading.focus({ preventScroll: true });
    if (place === steps.length - 1) document.getElementById("answers").value = write();
  };

  const leaves = (step) => step.dataset.part === "glance" && answers[step.dataset.draft].glance !== "stop";

  steps.forEach((step, place) => {
    if (step.tagName !== "FORM") return;
    step.addEventListener("submit", (event) => {
      event.preventDefault();
      if (step.dataset.draft) Object.assign(answers[step.dataset.draft], Object.fromEntries(new FormData(step)));
      show(place + (leaves(step) ? 2 : 1));
    });
  });

  const cell = (value) => {
    const text = String(value ?? "").replace(/\s+/g, " ").trim();
    const guarded = /^[=+\-@]/.test(text) ? `'${text}` : text;
    return /[",;]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
  };

  const write = () => {
    const rows = order.map((draft, place) => {
      const said = answers[draft];
      const stopped = said.glance === "stop";
      const row = {
        people_answers: told.version, form: told.form, code, person, ...told.drafts[draft], wording,
        position: place + 1, glance: said.glance, action: stopped ? said.action : said.glance,
        verbatim: stopped ? said.verbatim : "", objection: stopped ? said.objection : "",
      };
      for (const measure of told.measures) row[measure] = stopped ? said[measure] : "";
      return told.columns.map((column) => cell(row[column])).join(",");
    });
    return `${told.columns.join(",")}\n${rows.join("\n")}\n`;
  };

  const say = (words) => { document.getElementById("said").textContent = words; };

  document.getElementById("save").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([write()], { type: "text/csv" }));
    link.download = `answers-${person.slice(0, 8)}.csv`;
    link.click();
    say("Saved. Give the file to whoever gave you this page.");
  });

  document.getElementById("copy").addEventListener("click", async () => {
    const area = document.getElementById("answers");
    area.focus();
    area.select();
    let done = false;
    try {
      await navigator.clipboard.writeText(area.value);
      done = true;
    } catch {
      done = document.execCommand("copy");
    }
    say(done ? "Copied. Paste the text into a message." : "The text is marked. Copy it with your keyboard or menu.");
  });
})();
