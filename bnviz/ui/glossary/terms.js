// A term is explained where it stands: the first of its words on a page has a dotted line, and a
// pointer or a finger on it opens what it means. Text is marked as a browser marks what one looks
// for, so that nothing of Streamlit's is touched. Keys find all terms behind "Terms".

const PROSE = "[data-testid=stMarkdownContainer] :is(p, li, td)";
const NO_PROSE = "h1, h2, h3, a, button, label, summary, code, [role=tab], [role=radio], .katex, .bnviz-chart, [data-testid=stPopoverBody]";
const REST = 500; // ms between two looks at a page that changes
const GAP = 6; // px between a word and its meaning

// A page that is run again may load this file again: what is so now, and who listens, is one.
const now = (window.bnvizTerms ??= { terms: {}, places: new Map(), bubble: null, open: null });

export default function ({ data, parentElement }) {
  if (!window.Highlight) return;
  const terms = data.words;
  Object.assign(now, { terms, pattern: pattern(terms), bubble: parentElement.querySelector(".bnviz-term") });
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
  if (now.open && !now.places.has(now.open)) close();
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
  const { bubble } = now;
  [bubble.firstChild.textContent, bubble.lastChild.textContent] = [now.terms[term].name, now.terms[term].text];
  bubble.showPopover();
  const word = now.places.get(term).getClientRects()[0];
  const { offsetWidth: width, offsetHeight: height } = bubble;
  const below = word.bottom + GAP + height < innerHeight;
  bubble.style.left = `${Math.max(8, Math.min(word.left, innerWidth - width - 8))}px`;
  bubble.style.top = `${below ? word.bottom + GAP : Math.max(8, word.top - GAP - height)}px`;
  now.open = term;
}

function close() {
  now.bubble?.hidePopover();
  now.open = null;
}

/** Open what is pointed at; what is open stays while the pointer is on it. */
function point(event) {
  if (event.buttons && event.type === "pointermove") return; // a hand that drags
  const term = at(event);
  if (term) open(term);
  else if (now.open && !now.bubble.contains(event.target)) close();
}

if (!now.listening) {
  new MutationObserver(later).observe(document.body, { childList: true, characterData: true, subtree: true });
  for (const kind of ["pointermove", "pointerup"]) document.addEventListener(kind, point);
  document.addEventListener("scroll", close, true);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && close());
}
now.listening = true;
