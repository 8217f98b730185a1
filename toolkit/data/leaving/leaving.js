const LATELY = 1500;
const PATIENCE = 5000;
const PAUSE = 60;
const TELLS = 320; // a field tells 250 ms after the last letter
const RETURNS = 2000;

const isAtRest = () => document.querySelector("[data-test-script-state=notRunning]") !== null;
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/* Where Streamlit cannot place what it is sent, as after a page is left and come back to at once, it draws nothing ever
   again. The page is loaded anew then: what was typed is in the store or in the tab. */
const BLANK = 300;
const SELDOM = 5000;
const RENEWED = "audience-renewed";

function renewIfBlank() {
  if (document.querySelector("[data-testid=stApp]")) return;
  try {
    const last = Number(sessionStorage.getItem(RENEWED) ?? 0);
    if (Date.now() - last < SELDOM) return;
    sessionStorage.setItem(RENEWED, String(Date.now()));
  } catch { return; }
  location.reload();
}

/* Streamlit sends nothing of the page that is left: what was typed last has to reach Python before the link does. */
function install() {
  let typed = -Infinity;
  let passed = null;
  const note = () => { typed = performance.now(); };
  window.addEventListener("error", () => setTimeout(renewIfBlank, BLANK));
  document.addEventListener("input", note, true);
  document.addEventListener("change", note, true);
  // A press by shortcut leaves the box first, as a click does: what was typed last is told before it.
  document.addEventListener("keydown", (event) => {
    if (event.altKey && event.key === "Enter") document.activeElement?.blur();
  }, true);
  document.addEventListener("click", async (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    if (!link || link.target === "_blank" || link.origin !== location.origin || link.hasAttribute("download")) return;
    if (link === passed || event.ctrlKey || event.metaKey || performance.now() - typed > LATELY) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    document.activeElement?.blur();
    const begun = performance.now();
    let rested = 0;
    while (rested < 2 && performance.now() - begun < PATIENCE) {
      await wait(PAUSE);
      rested = isAtRest() && performance.now() - typed > TELLS ? rested + 1 : 0;
    }
    passed = link.isConnected ? link : document.querySelector(`a[href="${CSS.escape(link.getAttribute("href"))}"]`);
    typed = -Infinity;
    passed?.click();
    passed = null;
  }, true);
}

/* Whoever goes by keys keeps their place: a tab drawn anew is for a moment none that can have the focus, and loses it. */
function keepFocus() {
  let byKeys = false;
  document.addEventListener("pointerdown", () => { byKeys = false; }, true);
  document.addEventListener("keydown", (event) => { byKeys = !event.altKey && event.key !== "Escape"; }, true);
  document.addEventListener("focusout", (event) => {
    const left = event.target;
    if (event.relatedTarget || !byKeys || !left.matches?.("[role=tab], [role=radio], button")) return;
    const until = performance.now() + RETURNS;
    const again = () => {
      if (document.activeElement !== document.body || !left.isConnected || performance.now() > until) return;
      left.focus({ preventScroll: true });
      requestAnimationFrame(again);
    };
    requestAnimationFrame(again);
  }, true);
}

const PREFIX = "audience-draft-";
const LATE = 500;
const AGAIN = 3000;

/* Return what was typed into boxes that went, or were given other words, before they told it, and was not sent just now. */
function findLate(got) {
  const late = [];
  for (const key of Object.keys(sessionStorage)) {
    if (!key.startsWith(PREFIX)) continue;
    const { sent = 0, ...kept } = JSON.parse(sessionStorage.getItem(key));
    const now = Date.now();
    if (got.includes(`${kept.entry} ${kept.at}`)) sessionStorage.removeItem(key);
    else if (window.audienceEntries?.has(kept.entry) || now - kept.at < LATE || now - sent < AGAIN) continue;
    else {
      sessionStorage.setItem(key, JSON.stringify({ ...kept, sent: now }));
      late.push(kept);
    }
  }
  return late;
}

export default function (component) {
  const { data, setTriggerValue } = component;
  const look = () => {
    try {
      const late = findLate(data.got);
      if (late.length) setTriggerValue("late", late);
    } catch { /* no storage in this browser: there is nothing to look for */ }
  };
  clearInterval(window.audienceLate);
  window.audienceLate = setInterval(look, PAUSE * 5);
  if (window.audienceLeaving) return;
  window.audienceLeaving = true;
  install();
  keepFocus();
}
