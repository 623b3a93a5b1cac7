// A term is explained where it stands: the first of its words on a page has a dotted line, and a
// pointer or a finger on it opens what it means. Text is marked as a browser marks what one looks
// for, so that nothing of Streamlit's is touched. Keys have one stop, seen while it has the focus:
// there arrows or Enter go from word to word.

const PROSE = "[data-testid=stMarkdownContainer] :is(p, li, td)";
const NO_PROSE = "h1, h2, h3, a, button, label, summary, code, [role=tab], [role=radio], .katex, .bnviz-chart, [data-testid=stPopoverBody]";
const REST = 500; // ms between two looks at a page that changes
const GAP = 6; // px between a word and its meaning
const TOP = 100; // px at the window's upper end where the header and the keys' stop stand
const STEPS = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 };

// A page that is run again may load this file again: what is so now, and who listens, is one.
const now = (window.bnvizTerms ??= { terms: {}, places: new Map(), bubble: null, open: null, last: null });

export default function ({ data, parentElement }) {
  if (!window.Highlight) return;
  const terms = data.words;
  const [stop, heard, bubble] = ["terms", "heard", "term"].map((name) => parentElement.querySelector(`.bnviz-${name}`));
  Object.assign(now, { terms, pattern: pattern(terms), stop, heard, bubble });
  Object.assign(stop, { textContent: data.keys, onclick: () => step(1), onfocus: () => (now.last = null), onblur: close });
  look();
}

/** All words, the longest first; those of letters as whole words. */
function pattern(terms) {
  const words = Object.values(terms).flatMap((term) => term.words);
  const sorted = words.sort((a, b) => b.length - a.length).map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  const whole = (word) => (/^\w/.test(word) ? `(?<!\\w)${word}(?!\\w)` : word);
  return new RegExp(sorted.map(whole).join("|"), "gi");
}

const of = (word) => Object.keys(now.terms).find((term) => now.terms[term].words.includes(word.toLowerCase()));

/** Mark the first word of each term. */
function look() {
  now.waiting = null;
  now.places.clear();
  const main = document.querySelector("[data-testid=stMain]");
  const walk = document.createTreeWalker(main, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, (node) => {
    if (node.nodeType === Node.ELEMENT_NODE)
      return node.matches(NO_PROSE) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP;
    return node.parentElement.closest(PROSE) ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP;
  });
  while (walk.nextNode())
    for (const { 0: word, index } of walk.currentNode.data.matchAll(now.pattern)) {
      const term = of(word);
      if (now.places.has(term)) continue;
      const place = document.createRange();
      place.setStart(walk.currentNode, index);
      place.setEnd(walk.currentNode, index + word.length);
      now.places.set(term, place);
    }
  CSS.highlights.set("bnviz-terms", new Highlight(...now.places.values()));
  now.stop.hidden = !now.places.size;
  if (now.open) now.places.has(now.open) ? put() : close();
}

function later(changes) {
  const inChart = ({ target }) => target.parentElement?.closest(".bnviz-chart");
  if (!changes.every(inChart)) now.waiting ??= setTimeout(look, REST);
}

/** The term whose word is there. */
function at({ target, clientX: x, clientY: y }) {
  if (!target.closest?.(PROSE)) return null;
  const holds = (box) => box.left <= x && x <= box.right && box.top <= y && y <= box.bottom + GAP;
  for (const [term, place] of now.places) if ([...place.getClientRects()].some(holds)) return term;
  return null;
}

function open(term) {
  if (now.open === term) return;
  const { name, text } = now.terms[term];
  [now.bubble.firstChild.textContent, now.bubble.lastChild.textContent] = [name, text];
  now.open = now.last = term;
  now.bubble.showPopover();
  put();
}

/** Mark the word that is open, and its meaning below it, or above. */
function put() {
  const place = now.places.get(now.open);
  const word = place.getClientRects()[0];
  if (!word) return close(); // hidden since
  CSS.highlights.set("bnviz-term", new Highlight(place));
  const { offsetWidth: width, offsetHeight: height, style } = now.bubble;
  const below = word.bottom + GAP + height < innerHeight;
  style.left = `${Math.max(8, Math.min(word.left, innerWidth - width - 8))}px`;
  style.top = `${below ? word.bottom + GAP : Math.max(8, word.top - GAP - height)}px`;
}

function close() {
  now.bubble?.hidePopover();
  CSS.highlights.delete("bnviz-term");
  now.open = null;
}

const walking = () => now.stop && now.stop === document.activeElement;

/** Open the next word that is seen, or the one before, and say what it means. */
function step(by) {
  const seen = [...now.places.keys()].filter((term) => now.places.get(term).getClientRects().length);
  const from = seen.indexOf(now.last);
  const term = seen.at(from < 0 && by < 0 ? -1 : (from + by) % seen.length);
  if (!term) return;
  const place = now.places.get(term);
  const top = () => place.getClientRects()[0].top;
  if (top() < TOP || top() > innerHeight - TOP) {
    place.startContainer.parentElement.scrollIntoView({ block: "center", behavior: "instant" });
    for (const part of document.querySelectorAll("[data-testid=stMain], [data-testid=stAppViewContainer]"))
      part.scrollTop += top() - innerHeight / 3; // a paragraph may be higher than the window
  }
  open(term);
  now.heard.textContent = `${now.terms[term].name}: ${now.terms[term].text}`;
}

/** Escape closes what is open before it ends anything else; arrows are the stop's while it has the focus. */
function key(event) {
  const by = walking() && !(event.altKey || event.ctrlKey || event.metaKey) && STEPS[event.key];
  if (!by && !(event.key === "Escape" && now.open)) return;
  event.preventDefault();
  event.stopPropagation();
  if (by) step(by);
  else close();
}

/** Open what is pointed at; what is open stays while the pointer is on it. */
function point(event) {
  if (event.buttons && event.type === "pointermove") return; // a hand that drags
  const term = at(event);
  if (term) open(term);
  else if (now.open && !walking() && !now.bubble.contains(event.target)) close();
}

if (!now.listening) {
  new MutationObserver(later).observe(document.body, { childList: true, characterData: true, subtree: true });
  for (const kind of ["pointermove", "pointerup"]) document.addEventListener(kind, point);
  document.addEventListener("scroll", () => now.open && (walking() ? put() : close()), true);
  document.addEventListener("keydown", key, true);
}
now.listening = true;
