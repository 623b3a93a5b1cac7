// The header's tools, in the reader's language: undo, reset, copy the link, theme, presenter mode;
// the link that skips to the content, the first that Tab reaches; and the language of the document.
// What undo does is Python's.

export default function ({ data, parentElement, setTriggerValue }) {
  const { words, lang, chosen, pages, can_undo: canUndo } = data;
  document.documentElement.lang = lang;
  document.documentElement.toggleAttribute("data-bnviz-aside", data.aside);
  document.documentElement.style.setProperty("--bnviz-upload", JSON.stringify(words.upload));
  if (chosen) document.cookie = `bnviz-lang=${chosen}; path=/; max-age=31536000; samesite=lax`;
  const skip = document.querySelector("[data-testid=stSkipToContent]");
  if (skip) skip.textContent = words.skip; // Streamlit's is English, and an older one has none
  const header = parentElement.querySelector(".bnviz-header");
  const act = {
    undo: () => setTriggerValue("undo", true),
    reset,
    link: () => copy(header.querySelector("[role=status]"), words.copied),
    present: () => document.querySelector(`.st-key-${data.present} input`)?.click(),
  };
  for (const button of header.querySelectorAll("button")) {
    const name = button.dataset.act;
    button.title = words[name];
    button.setAttribute("aria-label", words[name]);
    button.onclick = act[name];
  }
  header.querySelector("[data-act=undo]").disabled = !canUndo;
  header.querySelector("[data-act=present]").setAttribute("aria-pressed", data.presenting);
  const select = header.querySelector("select");
  select.setAttribute("aria-label", words.theme);
  select.title = words.theme;
  for (const option of select.options) option.textContent = words[option.value];
  select.value = theme();
  select.onchange = () => choose(select.value, pages);
  night.onchange = () => setTimeout(() => setTriggerValue("night", night.matches)); // once Streamlit knows too
}

// A computer's theme may change at dusk; charts wear what Python knows of it.
const night = (window.bnvizNight ??= matchMedia("(prefers-color-scheme: dark)")); // one, however often this is loaded

/** A page's state is its address: without one it is as at the first visit. */
function reset() {
  const address = new URL(location.href);
  for (const name of [...address.searchParams.keys()])
    if (!["lang", "present"].includes(name)) address.searchParams.delete(name);
  location.assign(address);
}

/** Without encryption, as in a classroom's network, there is no `clipboard`; but there is this older way. */
function copyUnencrypted(text) {
  const put = (event) => {
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  };
  document.addEventListener("copy", put, { once: true });
  document.execCommand("copy");
}

async function copy(status, words) {
  await (navigator.clipboard?.writeText(location.href) ?? copyUnencrypted(location.href));
  status.textContent = words;
  setTimeout(() => (status.textContent = ""), 3000);
}

// Streamlit keeps the theme that a reader chose under the address at which the app was opened, one
// for each, and reads it as it loads. The page's state is in its address, so loading anew keeps it.
const stored = (path) => `stActiveTheme-${path}-v2`;

function theme() {
  try {
    return JSON.parse(localStorage.getItem(stored(location.pathname))) ?? "System";
  } catch {
    return "System";
  }
}

function choose(name, pages) {
  const root = location.pathname.replace(/[^/]*$/, "");
  try {
    for (const page of ["", ...pages]) localStorage.setItem(stored(root + page), JSON.stringify(name));
  } catch {
    return; // a browser that keeps nothing
  }
  location.reload();
}

// Who presses a button that then is gone goes on where it led: at the heading of the pitfall that a
// card opens, at the answer to a guess. Else the focus would be lost, and with it the reader's place.
const LEADS = {
  "[class*=st-key-open-] button": ".st-key-heading h2",
  ".st-key-lesson [data-testid=stFormSubmitButton] button": ".st-key-lesson [data-testid=stAlertContainer]",
};

function goOn({ target }) {
  const [kind, lead] = Object.entries(LEADS).find(([button]) => target.closest?.(button)) ?? [];
  const pressed = kind && target.closest(kind);
  if (!pressed) return;
  new MutationObserver((_, observer) => {
    const place = document.querySelector(lead);
    if (!place || pressed.isConnected) return;
    observer.disconnect();
    if (document.activeElement !== document.body) return;
    place.tabIndex = -1;
    place.style.outline = "none"; // it is no control
    place.focus({ preventScroll: true });
  }).observe(document.body, { childList: true, subtree: true });
}

// Streamlit makes a step of the history of each address that a script writes, and on the way to
// another page of some that nobody has seen. Whatever a reader does makes one step at most; what a
// page writes as it opens makes none, or Back would be answered by the same page again, for ever.
let touched = false; // by a reader, who has made no step yet
let stepped = false; // the step is made

function push(state, title, url) {
  const here = new URL(url, location.href).pathname === location.pathname;
  const step = here ? touched : !stepped;
  History.prototype[step ? "pushState" : "replaceState"].call(this, state, title, url);
  stepped = here && (stepped || step);
  touched = false;
}

function begin(gesture) {
  touched = gesture;
  stepped = false;
}

if (!Object.hasOwn(history, "pushState")) {
  history.pushState = push;
  for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, () => begin(true), true);
  window.addEventListener("popstate", () => begin(false));
  document.addEventListener("click", goOn);
}
