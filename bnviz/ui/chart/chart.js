// Draws a Plotly figure in place, and moves it while a hand moves a slider.
//
// Python sends the figure, and with it `live`: the name of a recipe, the sliders it follows and
// what it needs to know. On every frame in which one of them moved, the recipe gives new
// coordinates for some traces. When the hand rests, Streamlit runs the page and the same picture
// arrives from Python. Should anything here fail, that is still what happens.

import { Handle } from "./drag.js";
import { equal, patched, ranges, read } from "./figure.js";
import { fitted, fitting, forWall, inALine, room } from "./fit.js";
import { Layer, write } from "./paint.js";
import { className, onApproach, onMove, thumb } from "./sliders.js";
import { enlarged, oneStop, tools } from "./tools.js";

const recipes = import("./recipes.js").then((module) => module.recipes).catch(() => ({}));
const charts = new Map(); // element: Chart
const fit = fitting(charts);
const fetched = new Map(); // path: rows
const held = new Map(); // name of a state: its value, as long as the page has not heard of it
const SETTLED = 300; // milliseconds without a move after which Plotly is told where things are

let library;
const plotly = () => (library ??= import("./plotly.js").then(() => window.Plotly));
// plotly.js runs as soon as the server has answered. React then shows skeletons for half a second,
// so that nothing flickers: no picture could come before.
new MutationObserver((_, observer) => {
  if (!document.querySelector('[data-test-script-state="notRunning"] h1')) return;
  observer.disconnect();
  setTimeout(plotly);
}).observe(document, { subtree: true, childList: true, attributeFilter: ["data-test-script-state"] });

let line = Promise.resolve();
/** A page's new charts are drawn one after the other, so that the first is seen before the last. */
function inLine() {
  line = line.then(() => new Promise((next) => setTimeout(next)));
  return line;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const element = parentElement.querySelector(".bnviz-chart");
  if (!charts.has(element)) charts.set(element, new Chart(element));
  charts.get(element).show(new TextDecoder().decode(data), setTriggerValue);
  return () => {
    // Streamlit also calls this for a drawing that a newer one overtook.
    if (!element.isConnected) charts.get(element)?.remove();
  };
}

export class Chart {
  constructor(element) {
    this.element = element;
    element.bnviz = this; // for Play, tests and measurements
    element.onfullscreenchange = () => this.react();
    this.turn = Promise.resolve();
  }

  /** Draws what `text` says, after whatever is still being drawn; an equal figure not again. */
  show(text, tell) {
    this.tell = tell;
    if (text === this.text) return this.turn;
    this.text = text;
    this.waiting = true; // to be drawn, as wide as its place is then
    const message = read(text);
    this.element.style.height ||= `${message.figure.layout.height}px`;
    // Until now the place had a height of its own.
    Object.assign(this.element.closest('[data-testid="stElementContainer"]').style, { height: "auto", overflow: "visible" });
    this.turn = this.turn.then(() => this.draw(message)).catch((error) => console.warn(error));
    return this.turn;
  }

  async draw({ figure, live, name, alt, words, larger, picks }) {
    [this.plotly, this.recipes] = await Promise.all([plotly(), recipes]);
    if (!this.config) await inLine();
    if (!this.element.isConnected) return;
    this.waiting = false;
    document.documentElement.toggleAttribute("data-bnviz-presenting", larger); // columns have the widths of then
    const width = (this.width = this.element.clientWidth);
    fit.observe(this.element);
    if (larger) {
      fit.observe(this.element.closest('[data-testid="stMain"] > *'));
      this.room = room(this.element);
      Object.assign(figure, forWall(figure, this.room, width));
    } else if (width) figure.layout = fitted(figure, width);
    figure.layout.uirevision ??= name;
    const sameWords = equal(words, this.words);
    if (!sameWords) {
      this.words = words;
      this.config = tools(this); // another one makes Plotly draw everything anew
    }
    const drawn = this.live?.sliders ?? {};
    const seen = this.figure;
    Object.assign(this, { figure, live, name, alt, larger });
    this.element.style.height = `${figure.layout.height}px`;
    this.element.setAttribute("role", "figure");
    this.element.setAttribute("aria-label", alt);
    this.values = { ...live?.sliders, ...live?.state };
    const ahead = this.hand(); // a hand that moved on while Python was drawing
    // A thumb that still stands where it was drawn last is only waiting for Streamlit.
    for (const key in live?.sliders) if (ahead && ahead[key] === drawn[key]) ahead[key] = live.sliders[key];
    const patch = live && this.recompute(ahead ?? this.values);
    const moved = patched(figure, patch);
    if (ahead) this.figure = moved;
    // What a hand has just brought about is seen already: Plotly is told when the hand rests.
    if (!this.settling || !sameWords || !equal(moved, seen)) await this.react();
    if (patch) light(patch.stage);
    if (picks && !this.picks) {
      this.picks = picks; // what is clicked is told by its customdata
      this.element.on("plotly_click", ({ points: [point] }) => this.tell(picks, point.customdata));
    }
    if (live?.drag) (this.handle ??= new Handle(this)).place();
  }

  async react() {
    this.settling = clearTimeout(this.settling);
    const { clientWidth, _fullLayout: drawn } = this.element;
    const alone = document.fullscreenElement === this.element;
    // Plotly keeps the width it has unless the window's changes. What is hidden has none.
    const other = drawn && !alone && clientWidth && Math.abs(clientWidth - drawn.width) > 1;
    if (other) await this.plotly.Plots.resize(this.element);
    if (!this.element.isConnected) return;
    const { data, layout } = alone ? enlarged(this) : this.figure;
    // Copies, for what the reader zooms and hides Plotly writes into them.
    const copies = [data.map((trace) => ({ ...trace })), structuredClone(layout)];
    await this.plotly.react(this.element, ...copies, this.config);
    oneStop(this);
    this.layer?.rest();
  }

  /** The sliders' values where they differ from what is drawn; null where none does. */
  hand() {
    if (!this.live) return null;
    const values = { ...this.values };
    for (const key in this.live.sliders) {
      const value = thumb(key);
      if (!Number.isNaN(value)) values[key] = value;
    }
    for (const [name, value] of held) if (name in values) values[name] = value;
    return Object.keys(values).some((key) => values[key] !== this.values[key]) ? values : null;
  }

  /** What moves at these values; see recipes.js. */
  recompute(values) {
    this.values = values;
    const patch = this.recipes[this.live.recipe]?.(this.live.base, values, this.rows(values)) ?? null;
    if (this.larger) for (const axis in patch?.ticks) patch.ticks[axis] = patch.ticks[axis].map(inALine(this.figure.layout));
    return patch;
  }

  /** The rows of a batch that has another size than the one drawn, if they are here. */
  rows(values) {
    const wanted = this.live.rows;
    const size = values[wanted?.slider];
    return wanted && wanted.least <= size && size <= wanted.most ? fetched.get(wanted.path) : undefined;
  }

  /** A hand comes to a slider that will need rows. */
  prepare(name) {
    const wanted = this.live?.rows;
    if (!wanted || className(wanted.slider) !== name || fetched.has(wanted.path)) return;
    fetched.set(wanted.path, undefined);
    if (fetched.size > 4) fetched.delete(fetched.keys().next().value);
    fetch(new URL(wanted.path, import.meta.url))
      .then((response) => (response.ok ? response.arrayBuffer() : Promise.reject(response.status)))
      .then((bytes) => fetched.set(wanted.path, new Float64Array(bytes)))
      .catch(() => fetched.delete(wanted.path));
  }

  follow() {
    if (!this.element.isConnected) return this.remove();
    const values = this.hand();
    if (values) this.move(values);
  }

  move(values) {
    const patch = this.recompute(values);
    if (!patch) return;
    const before = this.figure;
    this.figure = patched(before, patch);
    const rescaled = !equal(ranges(before), ranges(this.figure));
    this.layer ??= new Layer(this.element);
    const painted = !rescaled && this.layer.draw(patch.data);
    if (painted) write(this.element, patch, this.figure.layout);
    light(patch.stage);
    this.handle?.place();
    clearTimeout(this.settling);
    if (painted) this.settling = setTimeout(() => this.react(), SETTLED);
    else this.react();
    this.element.frames = (this.element.frames ?? 0) + 1;
  }

  /** A value that is no slider's, such as a point taken elsewhere: for every chart that has it. */
  share(name, value) {
    held.set(name, value);
    for (const chart of charts.values())
      if (chart.live?.state && name in chart.live.state) chart.move({ ...chart.values, [name]: value });
  }

  /** The hand lets go of such a value: the page hears of it, and has the last word again. */
  letGo(name, value) {
    this.drop(name);
    this.tell(name, value);
  }

  drop(name) {
    held.delete(name);
  }

  remove() {
    charts.delete(this.element);
    fit.unobserve(this.element);
    this.handle?.forget();
    this.settling = clearTimeout(this.settling);
    this.plotly?.purge(this.element);
  }
}

/** The terms of the page's equation that are at work. */
function light(stage) {
  if (!stage) return;
  for (const term of document.querySelectorAll("[data-stage]"))
    term.toggleAttribute("data-lit", term.dataset.stage.split(" ").includes(stage));
}

onApproach((name) => {
  for (const chart of charts.values()) chart.prepare(name);
});
onMove(() => {
  for (const chart of charts.values()) {
    try {
      chart.follow();
    } catch (error) {
      console.warn(error); // the picture comes on release
    }
  }
});
