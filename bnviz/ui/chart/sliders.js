// Streamlit's sliders as charts hear them. The thumb is an input inside the slider's key. Neither a
// drag nor a key fires an event on it that reaches us, but both change its attributes.

/** The class by which Streamlit marks the widget of a key. */
export const className = (key) => `st-key-${key.replace(/[^\w-]/g, "-")}`;

/** Where a slider stands; NaN where there is none. */
export function thumb(key) {
  const text = document.querySelector(`.${className(key)} input[type=range]`)?.getAttribute("aria-valuetext");
  return text ? Number(text) : NaN;
}

/** Calls `act` with the class of each widget that a pointer or the focus comes to. */
export function onApproach(act) {
  for (const event of ["pointerover", "focusin"])
    document.addEventListener(event, ({ target }) => {
      const name = target.closest?.('[class*="st-key-"]')?.className.match(/st-key-\S+/)?.[0];
      if (name) act(name);
    });
}

/** Calls `act` on each frame in which a slider moved. */
export function onMove(act) {
  let waiting = false;
  new MutationObserver((records) => {
    if (waiting || !records.some(({ target }) => target.type === "range")) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      act();
    });
  }).observe(document.body, { subtree: true, attributeFilter: ["aria-valuetext", "value"] });
}
