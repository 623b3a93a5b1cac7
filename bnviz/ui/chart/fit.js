// How a figure fits its place: as wide as that is, with all of its words; on a wall larger.

export const LARGER = 1.6; // full screen: so much larger are letters and margins
const LEAST = 18; // on a wall no letter is smaller
const LETTER = 13; // as high a letter is before it is made larger
const BOLD = 1.4; // so much wider are letters in bold, with some room
const LOWEST = 110; // on a wall no plot is lower, in pixels
const FOOT = 76; // what stands below a plot, a key of one line with it, before it is made larger
const CLEAR = 6; // so many pixels a heading is higher than the plot's edge, on which the axis' top number stands
const STRONGER = 1.5; // on a wall so much wider are strokes

/** The pixels from a chart to the end of the window, as long as nobody scrolls. */
export function room(element) {
  const scrolled = document.querySelector('[data-testid="stMain"]')?.scrollTop ?? 0;
  return innerHeight - element.getBoundingClientRect().top - scrolled;
}

/** Draws charts anew for the room they have: as wide as their place; on a wall, once all above them is there. */
export const fitting = (charts) =>
  new ResizeObserver(() => {
    if (document.fullscreenElement) return;
    const presenting = document.documentElement.hasAttribute("data-bnviz-presenting");
    for (const chart of charts.values()) {
      // What is still to be drawn will fit; what is of the other mode is about to come anew.
      if (chart.waiting || Boolean(chart.larger) !== presenting) continue;
      const { clientWidth: width } = chart.element;
      const lower = chart.larger && Math.abs(room(chart.element) - chart.room) >= 4;
      if (!width || (!lower && Math.abs(width - chart.width) < 4)) continue;
      const { text, tell } = chart;
      chart.text = null;
      chart.show(text, tell);
    }
  });

/**
 * The figure for a wall, `width` pixels wide: letters and margins half as large again, the plot as
 * its rows need; where most of it would be in the window, no higher than its `room` there.
 */
export function forWall({ data, layout: { ...layout } }, room, width) {
  const ticktext = layout.yaxis?.ticktext?.map(inALine(layout));
  if (ticktext) {
    layout.yaxis = { ...layout.yaxis, ticktext, automargin: true };
    layout.margin = { ...layout.margin, l: layout.yaxis.title?.text ? 62 : 0 }; // a title has to stand clear of them
  }
  const key = [layout.legend, ...data.map(({ colorbar }) => colorbar)].some((part) => part?.y < 0 || part?.yref === "container");
  if (key && !below(data, layout, width / 1.45)) {
    layout.margin = { ...layout.margin, b: Math.min(FOOT, layout.margin?.b ?? 0) };
  }
  if (layout.xaxis) across(layout, width / 1.45);
  const { t = 0, b = 0 } = layout.margin ?? {};
  const named = data.flatMap(({ y }) => (typeof y?.[0] === "string" ? [...y] : []));
  const scale = ticktext && layout.yaxis.type !== "category" && !ticktext.some(isNaN); // numbers, not names of rows
  const rows = new Set([...((!scale && ticktext) || []), ...named]);
  const written = (layout.annotations ?? []).flatMap(({ y, yref }) => (yref === "y" ? [y] : [])); // numbers of rows
  const lines = Math.max([...rows].join("<br>").split("<br>").length, new Set(written).size);
  const least = Math.max(1.35 * LEAST * lines, (1.15 * LEAST) / nearest(layout), LOWEST) + 1.45 * (t + b);
  const wanted = Math.max(layout.height + 0.25 * (t + b), least);
  const height = room > 0.5 * wanted ? Math.max(Math.min(wanted, room - 8), least) : wanted;
  const plot = height - 1.45 * (t + b);
  if (scale) layout.yaxis = everyNth(layout.yaxis, Math.ceil((1.2 * LEAST * ticktext.length) / plot));
  const { legend, yaxis, scene, ...rest } = larger(headed(layout, width / 1.45), 1.45);
  return {
    data: data.map((trace) => within(bolder(trace), width - 1.45 * (beside(layout) + (layout.margin?.r ?? 0)))),
    layout: {
      ...rest,
      height,
      ...(scene && { scene: sparse(scene) }),
      ...(yaxis && { yaxis: folded(yaxis, height - 1.45 * (b + t / 2)) }),
      legend: { ...legend, ...foot(legend), ...(legend?.y < 0 && legend.orientation === "h" && { x: 0, xref: "container" }) },
    },
  };
}

/** How near each other lines of names at the ends of curves stand, as a share of the plot's height. */
function nearest({ annotations = [] }) {
  const names = annotations.filter(({ yref, yanchor }) => yref === "paper" && yanchor === "middle").sort((a, b) => a.y - b.y);
  const lines = ({ text }) => text.split("<br>").length;
  const gaps = names.slice(1).map((name, index) => (2 * (name.y - names[index].y)) / (lines(name) + lines(names[index])));
  return Math.min(1, ...gaps.filter((gap) => gap > 0.01)); // those beside each other are of two plots
}

/** The layout of a figure so wide that is on no wall; an axis that has room enough stays as it is. */
export function fitted({ data, layout }, width) {
  const { xaxis, yaxis, legend, margin: { t = 0, b: least = 0 } = {} } = layout;
  const more = below(data, layout, width);
  const height = layout.height + more;
  const b = least + (legend?.yref === "container" ? more : 0); // Plotly makes room for the others itself
  const roomy = more ? { ...layout, height, margin: { ...layout.margin, b } } : layout;
  const tight = { ...roomy };
  if (xaxis) across(tight, width);
  const same = tight.xaxis?.title?.text === xaxis?.title?.text && tight.xaxis?.tickvals?.length === xaxis?.tickvals?.length;
  const fits = same ? roomy : tight;
  return headed(yaxis ? { ...fits, yaxis: folded(yaxis, height - b - t / 2) } : fits, width);
}

/** The pixels that the lines of a key below the plot take, beyond its first: the plot keeps its height. */
function below(data, layout, width) {
  const { legend, margin, showlegend: shown } = layout;
  if (shown === false || legend?.orientation !== "h" || !(legend.y < 0 || legend.yref === "container")) return 0;
  const names = data.filter(({ name, showlegend }) => name && showlegend !== false).map(({ name }) => name);
  const widest = LETTER * Math.max(...names.map(letters)) + 60; // with its line, and some room
  const lines = Math.ceil(names.length / Math.max(1, Math.floor((width - beside(layout) - (margin?.r ?? 0)) / widest)));
  return 20 * Math.max(0, lines - 1);
}

/**
 * Of a figure so wide: its heading stands clear of the axis' top number; one that is wider than the
 * plot below it begins at the chart's left edge, as high as that of the chart beside it.
 */
function headed(layout, width) {
  const isHeading = ({ x, y, xref, yref, yanchor }) => `${xref}${x} ${yref}${y} ${yanchor}` === "paper0 paper1 bottom";
  const found = layout.annotations?.find(isHeading);
  if (!found) return layout;
  const { text, font } = found;
  const yshift = Math.max(0, Math.min(CLEAR, layout.margin.t - 24));
  if (BOLD * LETTER * letters(text) < width - beside(layout))
    return { ...layout, annotations: layout.annotations.map((each) => (each === found ? { ...found, yshift } : each)) };
  const place = { x: 0, xref: "container", xanchor: "left", y: 1, yref: "paper", yanchor: "bottom", pad: { b: 4 + yshift } };
  return {
    ...layout,
    annotations: layout.annotations.filter((each) => each !== found),
    title: { text, ...place, font: { size: layout.font.size, ...font } },
  };
}

/** Where a key below the plot stands on a wall: at the foot, clear of the larger axis title. */
const foot = (part) => part?.y < 0 && { yref: "container", y: 0.01, yanchor: "bottom" };

/** The pixels on the left of a plot: its margin, or what its names will take. */
function beside({ margin, yaxis }) {
  const names = (yaxis?.ticktext ?? []).flatMap((tick) => `${tick}`.split("<br>"));
  return margin?.l || LETTER * Math.max(0, ...names.map(letters));
}

/** The axis below a plot of a figure so wide: no more labels than fit, its title in two lines if need be. */
function across(layout, width) {
  const { r = 0, b = 0 } = layout.margin ?? {};
  const left = beside(layout);
  const plot = width - left - r;
  const { tickvals, ticktext, ...axis } = folded(layout.xaxis, plot + 2 * Math.min(left, r));
  if (axis.title?.text !== layout.xaxis.title?.text) layout.margin = { ...layout.margin, b: b + 18 };
  layout.xaxis = Object.assign(axis, { automargin: "height" });
  if (!ticktext) return;
  const numbers = { ...axis, tickvals, ticktext };
  const step = ticktext.some(isNaN) ? 1 : apart(numbers, plot);
  layout.xaxis = { ...everyNth(numbers, step), tickangle: 0 };
}

/** The least step at which no label of an axis so wide touches the next one. */
function apart({ tickvals, ticktext, type, range }, plot) {
  const scale = type === "log" ? Math.log10 : Number;
  const at = type === "category" ? ticktext.map((_, index) => index) : tickvals.map(scale);
  const [from, to] = range ?? [at[0], at[0] + 1.1 * (at.at(-1) - at[0])];
  const needs = (index, next) => LETTER * (0.5 * letters(`${ticktext[index]}${ticktext[next]}`) + 0.5);
  const clear = (step) =>
    at.every((_, index) => {
      const next = index + step;
      return index % step || next >= at.length || (plot * (at[next] - at[index])) / (to - from) >= needs(index, next);
    });
  let step = 1;
  while (!clear(step)) step += 1;
  return step;
}

/** A scene with so few numbers on its axes that larger ones do not run together, and titles farther out. */
function sparse({ xaxis, yaxis, zaxis, ...scene }) {
  const few = (axis) => (axis.tickvals ? everyNth(axis, Math.ceil(axis.tickvals.length / 3)) : { ...axis, nticks: 3 });
  const clear = (axis) => ({ ...few(axis), title: { ...axis.title, text: `<br><br><br>${axis.title?.text ?? ""}` } });
  return { ...scene, xaxis: clear(xaxis), yaxis: clear(yaxis), zaxis: clear(zaxis) };
}

/** An axis on which one label in so many is written. */
function everyNth({ tickvals, ticktext, ...axis }, step) {
  const shown = (_, index) => index % step === 0;
  return { ...axis, tickvals: tickvals.filter(shown), ticktext: ticktext.filter(shown) };
}

/**
 * A name in bold and its numbers, side by side: larger letters have no room for two lines. Of a
 * figure beside one that has the names, the numbers alone.
 */
export const inALine = ({ meta }) => (tick) =>
  tick.replace(/^<b>(.*)<\/b><br>/, (_, name) => (meta?.beside ? "" : `<b>${short(name)}</b> `));

const short = (name) => (name.length > 12 && !name.includes("&") ? `${name.slice(0, 11)}…` : name);

/** A trace whose strokes, numbers and scale can be seen from afar. */
export function bolder(trace) {
  const { textfont, colorbar, line, marker } = trace;
  const readable = (font) => ({ ...font, size: Math.max(LEAST, font?.size ?? 0) });
  const barFonts = ({ title, tickfont }) => ({
    tickfont: readable(tickfont),
    ...(title?.text && { title: { ...title, font: readable(title.font) } }),
  });
  return {
    ...trace,
    ...(line?.width && { line: { ...line, width: STRONGER * line.width } }),
    ...(marker?.size > 0 && { marker: { ...marker, size: 1.25 * marker.size } }),
    ...((textfont || trace.text) && { textfont: readable(textfont) }),
    ...(colorbar && { colorbar: { ...colorbar, ...foot(colorbar), ...barFonts(colorbar) } }),
  };
}

/** Of a heat map so wide: its numbers that have room in their cells. */
export function within(trace, plot) {
  if (trace.type !== "heatmap" || !trace.text) return trace;
  const most = plot / trace.x.length / (0.64 * LEAST); // digits in a cell; points and signs are narrow
  const text = trace.text.map((row) => [...row].map((each) => (each.replace(/[.-]/g, "").length > most ? "" : each)));
  return { ...trace, text };
}

/** How wide a text is, in heights of its letters. */
export const letters = (text) => [...text.replace(/<.*?>/g, "")].reduce((sum, letter) => sum + (letter < "\u2e80" ? 0.55 : 1), 0);

/** An axis whose title takes two lines where it is longer than the room for it, in pixels: what is in brackets is one. */
export function folded(axis, room) {
  const { text = "", font } = axis.title ?? {};
  const bracket = text.search(/ ?[(\uff08]/);
  const middle = bracket > 0 ? bracket : text.lastIndexOf(" ", 0.6 * text.length);
  if (middle < 0 || letters(text) * (font?.size ?? LEAST) < room) return axis;
  const lines = `${text.slice(0, middle)}<br>${text.slice(middle).trimStart()}`;
  return { ...axis, automargin: true, title: { ...axis.title, text: lines, standoff: 8 } };
}

/** `layout` with larger letters and margins, and names as much farther from their marks. */
export function larger(layout, factor = LARGER) {
  const fonts = (part) => {
    if (Array.isArray(part)) return part.map(fonts);
    if (part === null || typeof part !== "object" || ArrayBuffer.isView(part)) return part;
    return Object.fromEntries(
      Object.entries(part).map(([name, value]) => [
        name,
        name === "xshift" ? value * factor : name.endsWith("font") && value.size ? { ...value, size: Math.max(LEAST, value.size * factor) } : fonts(value),
      ]),
    );
  };
  const margin = Object.fromEntries(
    Object.entries(layout.margin ?? {}).map(([side, width]) => [side, width * factor]),
  );
  return { ...fonts(layout), margin };
}
