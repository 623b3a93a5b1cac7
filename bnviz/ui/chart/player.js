// A button that drags a slider from where it is to its end, as a hand would: what follows the
// slider follows this too, and the page runs when it arrives. Who wants no motion is there at once.
// Where a chart that follows ends below the window, as on a phone, the page scrolls.

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector(".bnviz-player");
  Object.assign(button, { textContent: data.play, title: data.help });
  button.onclick = () => (button.stop ? button.stop() : play(button, data));
}

function play(button, { slider, seconds, play: start, stop: halt }) {
  const thumb = document.querySelector(`.st-key-${CSS.escape(slider)} input[type=range]`);
  const handle = thumb?.closest("[data-rac][style*=left]");
  if (!handle) return;
  const track = handle.parentElement.getBoundingClientRect();
  const y = track.top + track.height / 2;
  const share = () => (thumb.value - thumb.min) / (thumb.max - thumb.min);
  const send = (kind, x) =>
    handle.dispatchEvent(
      new PointerEvent(kind, {
        ...{ bubbles: true, cancelable: true, pointerId: 1, pointerType: "mouse", isPrimary: true },
        ...{ button: 0, buttons: kind === "pointerup" ? 0 : 1, clientX: x, clientY: y },
      }),
    );
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const from = still ? 1 : share() < 1 ? share() : 0;
  let begun = null;
  let at = track.left + share() * track.width;
  send("pointerdown", at);
  const follows = ({ bnviz: chart }) => chart?.live && slider in chart.live.sliders;
  const charts = [...document.querySelectorAll(".bnviz-chart")].filter(follows);
  if (charts.some((chart) => chart.getBoundingClientRect().bottom > innerHeight)) {
    button.scrollIntoView({ behavior: still ? "auto" : "smooth" });
  }
  const frame = (now) => {
    if (!button.stop) return;
    begun ??= now;
    const way = from + (now - begun) / 1000 / seconds;
    at = track.left + Math.min(way, 1) * track.width;
    send("pointermove", at);
    if (way < 1) requestAnimationFrame(frame);
    else button.stop();
  };
  button.stop = () => {
    send("pointerup", at);
    button.stop = null;
    button.textContent = start;
  };
  button.style.minWidth = `${button.offsetWidth}px`; // a narrower button would move the slider
  button.textContent = halt;
  requestAnimationFrame(frame);
}
