// Moves the marks that Plotly drew, within its own SVG. Drawing them anew would cost a frame.

const FAR = 1e5; // pixels; what lies beyond is off every screen

/** Moves trace `index` to `x`, `y`; false if only Plotly can draw that. */
export function paint(plot, index, { x, y, ...others }) {
  const trace = plot._fullData?.[index];
  if (!trace || Object.keys(others).some((name) => !name.match(/^(customdata|text)$/))) return false;
  if (trace.visible !== true) return true;
  if (trace.type !== "scatter") return false;
  const marks = plot.querySelector(`.scatterlayer .trace${trace.uid}`);
  if (!marks) return false;
  const [across, up] = [axis(plot, trace.xaxis), axis(plot, trace.yaxis)];
  const place = (i) => [across.d2p((x ?? trace.x)[i]), up.d2p((y ?? trace.y)[i])];
  const length = (x ?? trace.x).length;
  if (trace.mode.includes("text")) return false;
  if (trace.mode.includes("lines") && !line(marks, trace, length, place, up)) return false;
  return !trace.mode.includes("markers") || points(marks, length, place);
}

/** Tick labels and axis titles of `patch`. */
export function write(plot, { ticks = {}, titles = {} }) {
  for (const name in titles) {
    const title = plot.querySelector(`.infolayer .${name.replace("axis", "")}title`);
    if (title && title.textContent !== titles[name]) title.textContent = titles[name];
  }
  for (const name in ticks) {
    const labels = plot.querySelectorAll(`.${name}layer-above .${name[0]}tick text`);
    labels.forEach((label, i) => {
      const lines = label.querySelectorAll("tspan.line");
      const words = (ticks[name][i] ?? "").split("<br>").at(-1);
      const last = lines.length ? lines[lines.length - 1] : label;
      if (last.textContent !== words) last.textContent = words;
    });
  }
}

const axis = (plot, id) => plot._fullLayout[id.replace(/^([xy])/, "$1axis")];

const STEPS = {
  linear: (x, y) => `L${x},${y}`,
  hv: (x, y) => `H${x}V${y}`,
  vh: (x, y) => `V${y}H${x}`,
  hvh: (x, y, before) => `H${(before + x) / 2}V${y}H${x}`,
};

function line(marks, trace, length, place, up) {
  const step = STEPS[trace.line?.shape ?? "linear"];
  const fill = trace.fill ?? "none";
  if (!step || !["none", "toself", "tozeroy"].includes(fill)) return false;
  let path = "";
  let closed = "";
  let start = null;
  let before = null;
  const zero = near(up.d2p(0));
  const close = () => (closed += start === null ? "" : fill === "toself" ? "Z" : `V${zero}H${start}Z`);
  for (let i = 0; i < length; i++) {
    const [x, y] = place(i).map(near);
    if (Number.isFinite(x) && Number.isFinite(y)) {
      const part = start === null ? `M${x},${y}` : step(x, y, before);
      path += part;
      closed += part;
      start ??= x;
      before = x;
    } else {
      close();
      start = null;
    }
  }
  close();
  const [first, ...rest] = marks.querySelectorAll(".js-line");
  if (!first && (trace.line?.width ?? 2) > 0) return false;
  first?.setAttribute("d", path || "M0,0");
  for (const other of rest) other.setAttribute("d", "M0,0"); // the first holds every piece
  if (fill !== "none") {
    const area = marks.querySelector(".js-fill");
    if (!area) return false;
    area.setAttribute("d", closed || "M0,0");
  }
  return true;
}

function points(marks, length, place) {
  const nodes = marks.querySelectorAll(".points > path.point");
  if (nodes.length !== length) return false; // one that had no place has no node either
  for (const node of nodes) {
    const [x, y] = place(node.__data__.i).map(near);
    const there = Number.isFinite(x) && Number.isFinite(y);
    node.setAttribute("transform", there ? `translate(${x},${y})` : `translate(${FAR},${FAR})`);
  }
  return true;
}

/** To a hundredth of a pixel, and not too far off for the browser. */
function near(pixel) {
  return Math.max(-FAR, Math.min(FAR, Math.round(pixel * 100) / 100));
}
