// Brings a result into sight once, when it has just come; whoever scrolled since then is left alone.
export default function (component) {
  const { data } = component;
  const place = document.querySelector(".st-key-result-top");
  const seen = `audience-arrived-${data.run}`;
  if (!place || sessionStorage.getItem(seen)) return;
  sessionStorage.setItem(seen, "yes");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  requestAnimationFrame(() => place.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" }));
}
