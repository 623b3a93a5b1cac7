// The chart's tools: save, copy the link, full screen. In the reader's language; none on touch.

import { LARGER, bolder, larger, letters } from "./fit.js";

const ICONS = {
  png: "M5 20h14v-2H5v2zM19 9h-4V3H9v6H5l7 7 7-7z",
  svg: "M3 17.25V21h3.75L17.81 9.94l-3.75-3.75L3 17.25zM20.71 7.04a1 1 0 0 0 0-1.41l-2.34-2.34a1 1 0 0 0-1.41 0l-1.83 1.83 3.75 3.75 1.83-1.83z",
  link: "M3.9 12a3.1 3.1 0 0 1 3.1-3.1h4V7H7a5 5 0 0 0 0 10h4v-1.9H7A3.1 3.1 0 0 1 3.9 12zM8 13h8v-2H8v2zm9-6h-4v1.9h4a3.1 3.1 0 0 1 0 6.2h-4V17h4a5 5 0 0 0 0-10z",
  fullscreen: "M7 14H5v5h5v-2H7v-3zM5 10h2V7h3V5H5v5zm12 7h-3v2h5v-5h-2v3zM14 5v2h3v3h2V5h-5z",
};
// Plotly's own: ours are better, nobody needs them, and no chart leaves for somebody's cloud.
const REMOVED = [
  ...["toImage", "sendChartToCloud", "sendDataToCloud"],
  ...["select2d", "lasso2d", "autoScale2d"],
];
const TITLE = 14; // pixels, as high as its letters are

/** Plotly's configuration for a chart. */
export function tools(chart) {
  const words = chart.words ?? {};
  const act = {
    png: () => save(chart, "png"),
    svg: () => save(chart, "svg"),
    link: () => document.querySelector(".bnviz-header [data-act=link]").click(), // the page's own, which says so
    fullscreen: () => (document.fullscreenElement ? document.exitFullscreen() : chart.element.requestFullscreen()),
  };
  const buttons = Object.keys(act).map((name) => ({
    name,
    title: words[name] ?? name,
    icon: { width: 24, height: 24, path: ICONS[name] },
    click: act[name],
  }));
  return {
    displaylogo: false,
    responsive: true,
    displayModeBar: matchMedia("(hover: hover)").matches ? "hover" : false,
    plotlyServerURL: "",
    modeBarButtonsToRemove: REMOVED,
    modeBarButtonsToAdd: buttons,
    locale: "bnviz",
    locales: { bnviz: { dictionary: words.plotly ?? {}, format: {} } },
  };
}

/** The tools are one stop of the Tab key; arrows go from one to the next. */
export function oneStop(chart) {
  const bar = chart.element.querySelector(".modebar");
  const all = [...(bar?.querySelectorAll(".modebar-btn") ?? [])];
  if (!all.length) return;
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", chart.words.tools);
  const stop = (tool) => all.forEach((each) => (each.tabIndex = each === tool ? 0 : -1));
  stop(all.find((each) => each === document.activeElement) ?? all[0]);
  bar.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = all.at((all.indexOf(document.activeElement) + by) % all.length);
    stop(next);
    next.focus();
  };
}

/**
 * `layout` on the page's colour, with room `above` for a title that is at most so `wide`, its letters so high.
 * A heading that stands above the plot is its last line.
 */
function titled(chart, layout, wide, size = TITLE) {
  const lines = wrapped(chart.alt.replace(/([.。]).*$/s, "$1"), wide / size);
  if (layout.title) lines.push(layout.title.text);
  const above = (0.7 + 1.3 * lines.length) * size;
  const background = getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor;
  const pad = { t: 0.4 * size + 0.65 * size * (lines.length - 1) }; // Plotly takes their middle for the first one's
  return {
    above,
    layout: {
      ...layout,
      title: { text: lines.join("<br>"), x: 0.5, y: 1, yanchor: "top", pad, font: { size } },
      margin: { ...layout.margin, t: (layout.margin?.t ?? 36) + above },
      paper_bgcolor: background,
      plot_bgcolor: background,
    },
  };
}

/** A text in lines that are at most `most` letters wide; Chinese may end after any sign. */
function wrapped(text, most) {
  const lines = [""];
  for (const word of text.match(/(?:[\u2e80-\uffff][，。、；：）]*|[^\s\u2e80-\uffff]+)\s*/g) ?? []) {
    if (lines.at(-1) && letters(lines.at(-1) + word.trimEnd()) > most) lines.push("");
    lines[lines.length - 1] += word;
  }
  return lines;
}

function save(chart, format) {
  const { offsetWidth: width, offsetHeight } = chart.element;
  const { data } = chart.figure;
  const { above, layout } = titled(chart, chart.figure.layout, width - 20);
  const size = { width, height: Math.round(offsetHeight + above), scale: format === "png" ? 2 : 1 };
  return chart.plotly.downloadImage({ data, layout }, { format, ...size, filename: `bnviz-${chart.name}` });
}

/** A chart's figure as large as the screen, under its title, which stands clear of the tools. */
export function enlarged(chart) {
  const { data, layout } = chart.figure;
  const { layout: whole } = titled(chart, larger(layout), innerWidth - 440, LARGER * TITLE);
  return { data: data.map(bolder), layout: { ...whole, width: innerWidth, height: innerHeight } };
}
