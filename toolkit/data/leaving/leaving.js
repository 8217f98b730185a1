const LATELY = 1500;
const PATIENCE = 5000;
const PAUSE = 60;
const TELLS = 320; // a field tells 250 ms after the last letter

const isAtRest = () => document.querySelector("[data-test-script-state=notRunning]") !== null;
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/* Streamlit sends nothing of the page that is left: what was typed last has to reach Python before the link does. */
function install() {
  let typed = -Infinity;
  let passed = null;
  const note = () => { typed = performance.now(); };
  document.addEventListener("input", note, true);
  document.addEventListener("change", note, true);
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

export default function () {
  if (window.audienceLeaving) return;
  window.audienceLeaving = true;
  install();
}
