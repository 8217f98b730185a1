// Brings what has just come into sight, once; whoever scrolled since then is left alone.
export default function (component) {
  const { data } = component;
  const place = document.querySelector(`.st-key-${data.place}`);
  const seen = `audience-arrived-${data.run}`;
  if (!place || sessionStorage.getItem(seen)) return;
  sessionStorage.setItem(seen, "yes");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  requestAnimationFrame(() => place.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" }));
}
