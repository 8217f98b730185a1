/* Tells Python which quote of the cards somebody wants to comment on, and which words somebody wants to hear about. */
function findPressed(target) {
  if (!(target instanceof Element)) return null;
  const button = target.closest(".comment-on");
  if (button) return { kind: "comment", draft: button.dataset.draft, words: button.dataset.quote };
  const mark = target.closest(".as-it-appears mark[role=button]");
  return mark && { kind: "words", draft: mark.closest("[data-draft]").dataset.draft, words: mark.textContent };
}

function listen() {
  const tell = (event, pressed) => {
    if (!pressed) return;
    event.preventDefault();
    window.audiencePressed(pressed);
  };
  document.addEventListener("click", (event) => tell(event, findPressed(event.target)));
  document.addEventListener("keydown", (event) => {
    const isPress = event.key === "Enter" || event.key === " ";
    if (isPress && event.target instanceof Element && event.target.matches("mark")) tell(event, findPressed(event.target));
  });
}

export default function (component) {
  const { setTriggerValue } = component;
  const isFirst = !window.audiencePressed;
  window.audiencePressed = (pressed) => setTriggerValue("pressed", pressed);
  if (isFirst) listen();
}
