// The page as a wall, and with a lesson beside it, by attributes that presenter.css knows; and the
// keys: P begins and ends, Escape ends, left and right step through a lesson.

const root = document.documentElement;
// A page that is run again may load this file again: what is so now, and who listens, is one.
const now = (window.bnvizPresenter ??= { on: false, switch: "" });

export default function ({ data }) {
  Object.assign(now, data);
  root.toggleAttribute("data-bnviz-presenting", data.on);
  root.toggleAttribute("data-bnviz-lesson", data.lesson);
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
  if (event.repeat || event.isComposing) return; // kept down, or a part of a Chinese word
  if (event.key === "Escape" && now.on) return press(now.switch);
  if (busy(event.target)) return;
  if (event.key === "p" || event.key === "P") press(now.switch);
  if (event.key === "ArrowLeft") press("lesson-previous");
  if (event.key === "ArrowRight") press("lesson-next");
}

if (!now.listening) document.addEventListener("keydown", key);
now.listening = true;
