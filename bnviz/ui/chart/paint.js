// What moves is drawn on a canvas over Plotly's axes, in the look that Plotly gave it, for as long
// as it moves: Plotly itself, or its SVG, would take longer than a frame.

const FAR = 1e5; // pixels; what lies beyond is off every screen

/** The canvas over one plot. */
export class Layer {
  constructor(plot) {
    this.plot = plot;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "bnviz-layer";
    this.canvas.setAttribute("aria-hidden", "true");
    plot.append(this.canvas);
    this.traces = new Map(); // index: what is moving
  }

  /** Draws the traces of `data` {index: {x, y}} where they are now; false if only Plotly can. */
  draw(data) {
    const paths = [];
    for (const [index, { x, y, ...others }] of Object.entries(data)) {
      if (Object.keys(others).some((name) => name !== "customdata")) return false;
      const trace = this.plot._fullData?.[index];
      if (trace?.type !== "scatter" || trace.mode.includes("text")) return false;
      if (trace.visible === true) paths.push([index, trace, x ?? trace.x, y ?? trace.y]);
    }
    const context = this.clear();
    for (const [index, trace, x, y] of paths) {
      if (!this.traces.has(index)) this.traces.set(index, look(this.plot, trace));
      const marks = this.traces.get(index);
      if (!marks) return false;
      marks.group.style.visibility = "hidden";
      const [across, up] = ["xaxis", "yaxis"].map((side) => axis(this.plot, trace[side]));
      const place = (i) => [near(across.d2p(x[i])), near(up.d2p(y[i]))];
      if (marks.line || marks.area) line(context, marks, trace, x.length, place, near(up.d2p(0)));
      if (marks.point) points(context, marks.point, x.length, place);
    }
    return true;
  }

  /** The canvas, empty, where the axes are now. */
  clear() {
    const { _size: size } = this.plot._fullLayout;
    const ratio = devicePixelRatio;
    const [width, height] = [size.w * ratio, size.h * ratio].map(Math.round);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
      Object.assign(this.canvas.style, { left: `${size.l}px`, top: `${size.t}px` });
      Object.assign(this.canvas.style, { width: `${size.w}px`, height: `${size.h}px` });
    }
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.w, size.h);
    return context;
  }

  /** Plotly has drawn all of it: nothing moves here any more. */
  rest() {
    for (const marks of this.traces.values()) if (marks) marks.group.style.visibility = "";
    if (this.traces.size) this.clear();
    this.traces.clear();
  }
}

/** Tick labels, axis titles and upright marks of a patch; names of lines, where `layout` has them. */
export function write(plot, { ticks = {}, titles = {}, marks = {} }, layout) {
  layout.annotations?.forEach(({ y, yref }, index) => {
    if (yref !== "paper") return;
    const way = plot._fullLayout._size.h * (plot.layout.annotations[index].y - y);
    plot.querySelector(`.annotation[data-index="${index}"]`)?.setAttribute("transform", `translate(0,${way})`);
  });
  for (const index in marks) {
    const { xref = "x", x0 } = plot.layout.shapes[index];
    const across = axis(plot, xref);
    const way = across.d2p(marks[index]) - across.d2p(x0);
    plot.querySelector(`.shapelayer [data-index="${index}"]`)?.setAttribute("transform", `translate(${way})`);
  }
  for (const name in titles) {
    const title = plot.querySelector(`.infolayer .${name.replace("axis", "")}title`);
    if (title && title.textContent !== titles[name]) title.textContent = titles[name];
  }
  for (const name in ticks) {
    const labels = plot.querySelectorAll(`.${name}layer-above .${name[0]}tick text`);
    labels.forEach((label, i) => {
      const tick = ticks[name][i] ?? "";
      const words = tick.slice(tick.lastIndexOf(">") + 1); // what stands after a name in bold
      const last = [...label.querySelectorAll("tspan.line")].at(-1) ?? label;
      const text = last.lastChild ?? last;
      if (text.textContent !== words) text.textContent = words;
    });
  }
}

const axis = (plot, id) => plot._fullLayout[id.replace(/^([xy])/, "$1axis")];

/** The group of SVG marks that Plotly drew for a trace, and how they look; null if it has none. */
function look(plot, trace) {
  const group = plot.querySelector(`.scatterlayer .trace${trace.uid}`);
  if (!group) return null;
  const [stroke, fill, mark] = [".js-line", ".js-fill", ".points > path.point"].map((selector) => {
    const node = group.querySelector(selector);
    return node && { ...style(node), outline: node.getAttribute("d") };
  });
  const lines = trace.mode.includes("lines") && stroke?.width > 0;
  return { group, line: lines ? stroke : null, area: fill, point: mark && symbols(group, mark) };
}

function style(node) {
  const css = getComputedStyle(node);
  const alpha = (value) => Number(value || 1) * Number(css.opacity || 1);
  return {
    stroke: css.stroke === "none" ? null : css.stroke,
    strokeAlpha: alpha(css.strokeOpacity),
    fill: css.fill === "none" ? null : css.fill,
    fillAlpha: alpha(css.fillOpacity),
    width: parseFloat(css.strokeWidth) || 0,
    dash: css.strokeDasharray === "none" ? [] : css.strokeDasharray.split(",").map(parseFloat),
  };
}

/** One look for all points, or each its own where they differ. */
function symbols(group, first) {
  const nodes = [...group.querySelectorAll(".points > path.point")];
  const alike = nodes.every((node) => node.getAttribute("style") === nodes[0].getAttribute("style"));
  const own = new Map();
  if (!alike)
    for (const node of nodes)
      own.set(node.__data__.i, { ...style(node), path: new Path2D(node.getAttribute("d")) });
  return { all: { ...first, path: new Path2D(first.outline) }, own };
}

const STEPS = {
  linear: (x, y) => `L${x},${y}`,
  spline: (x, y) => `L${x},${y}`,
  hv: (x, y) => `H${x}V${y}`,
  vh: (x, y) => `V${y}H${x}`,
  hvh: (x, y, before) => `H${(before + x) / 2}V${y}H${x}`,
};

function line(context, { line: stroke, area }, trace, length, place, zero) {
  const step = STEPS[trace.line.shape];
  let path = "";
  let closed = "";
  let start = null;
  let before = null;
  const close = () => (start === null ? "" : trace.fill === "tozeroy" ? `V${zero}H${start}Z` : "Z");
  for (let i = 0; i < length; i++) {
    const [x, y] = place(i);
    if (Number.isFinite(x) && Number.isFinite(y)) {
      const part = start === null ? `M${x},${y}` : step(x, y, before);
      path += part;
      closed += part;
      start ??= x;
      before = x;
    } else {
      closed += close();
      start = null;
    }
  }
  if (area) ink(context, new Path2D(closed + close()), { ...area, stroke: null });
  if (stroke) ink(context, new Path2D(path), { ...stroke, fill: null });
}

function points(context, { all, own }, length, place) {
  for (let i = 0; i < length; i++) {
    const [x, y] = place(i);
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    const mark = own.get(i) ?? all;
    context.translate(x, y);
    ink(context, mark.path, mark);
    context.translate(-x, -y);
  }
}

function ink(context, path, { stroke, strokeAlpha, fill, fillAlpha, width, dash }) {
  if (fill) {
    context.globalAlpha = fillAlpha;
    context.fillStyle = fill;
    context.fill(path);
  }
  if (stroke && width) {
    context.globalAlpha = strokeAlpha;
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.stroke(path);
  }
}

/** To a hundredth of a pixel, and not too far off for the browser; what is infinite is nowhere, as for Plotly. */
function near(pixel) {
  if (!Number.isFinite(pixel)) return NaN;
  return Math.max(-FAR, Math.min(FAR, Math.round(pixel * 100) / 100));
}
