// The page as a wall: larger type by an attribute that presenter.css knows; of the controls in
// the sidebar only the main ones; and the keys: P begins and ends, Escape ends, left and right
// step through a lesson.

const root = document.documentElement;
// A page that is run again may load this file again: what is so now, and who listens, is one.
const now = (window.bnvizPresenter ??= { on: false, switch: "", style: undefined });
now.style ??= document.head.appendChild(document.createElement("style"));

export default function ({ data }) {
  Object.assign(now, data);
  root.toggleAttribute("data-bnviz-presenting", data.on);
  const kept = data.main.map((key) => `:not(.st-key-${CSS.escape(key)})`).join("");
  const others = ["stSlider", "stSelectbox", "stNumberInput", "stButtonGroup", "stCheckbox"]
    .map((kind) => `[data-testid="stSidebar"] [data-testid="stElementContainer"]${kept}:has([data-testid="${kind}"])`)
    .join(",");
  const none = `[data-testid="stSidebar"]:not(:has(${data.main.map((key) => `.st-key-${CSS.escape(key)}`).join()}))`;
  now.style.textContent = data.on ? `${others}, ${none} { display: none }` : "";
}

/** Whether keys belong to what has the focus. */
function busy(element) {
  return element.closest("input, textarea, select, [role=slider], [role=listbox], [contenteditable], .js-plotly-plot, .bnviz-handle");
}

function press(name) {
  document.querySelector(`.st-key-${CSS.escape(name)} :is(input, button)`)?.click();
}

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.fullscreenElement) return;
  if (event.key === "Escape" && now.on) return press(now.switch);
  if (busy(event.target)) return;
  if (event.key === "p" || event.key === "P") press(now.switch);
  if (event.key === "ArrowLeft") press("lesson-previous");
  if (event.key === "ArrowRight") press("lesson-next");
}

if (!now.listening) document.addEventListener("keydown", key);
now.listening = true;
