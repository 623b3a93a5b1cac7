"""A training as one page of HTML that needs nothing else: figures, settings, verdict."""

from collections.abc import Iterator
from html import escape
from importlib.resources import files
from string import Template

from bnviz.core.training.evaluation import baseline_loss
from bnviz.core.training.verdict import divergences, verdict
from bnviz.export.training import Training, Wording
from bnviz.plots.fitness import curves
from bnviz.plots.theme import Figure, Look
from bnviz.texts.catalogue import speaking_of, worded
from bnviz.texts.markdown import as_typed, for_terminal

#: Plotly offers to upload a chart to its cloud, and its logo leads there; no chart of ours does.
_TOOLS = {"showSendToCloud": False, "displaylogo": False}


def report(training: Training, wording: Wording) -> bytes:
    """The page, in UTF-8; what people typed is shown as typed."""
    from plotly.offline import get_plotlyjs

    run, say = training.run, wording.say
    with speaking_of(training.config.network.norm):
        parts = {
            "language": wording.language,
            "title": escape(run.name or say("report.title", run=run.id)),
            "about": escape(_about(training, wording)),
            "note": escape(run.note),
            "verdict": escape(_verdict(training, wording.language)),
            "settings_title": escape(say("report.settings")),
            "settings": "\n".join(_settings(training, wording)),
            "figures": "\n".join(_figures(training, wording)),
        }
    template = files(__package__).joinpath("report.html").read_text(encoding="utf-8")
    return Template(template).substitute(parts, plotly=get_plotlyjs()).encode(errors="replace")


def _about(training: Training, wording: Wording) -> str:
    run = training.run
    return wording.say(
        "report.about",
        run=run.id,
        when=f"{run.created:%Y-%m-%d %H:%M} UTC",
        status=wording.say(f"run.is_{run.status}"),
        tags=run.tags,
    )


def _verdict(training: Training, language: str) -> str:
    baseline = baseline_loss(training.config, training.dataset)
    told = worded(language, "fitness.verdict", *verdict(training.snapshots[-1], baseline))
    gone = divergences(training.snapshots, training.config.seed)
    lines = [told, *(worded(language, "fitness.diverged", each) for each in gone)]
    return as_typed(for_terminal("\n".join(lines)))


def _settings(training: Training, wording: Wording) -> Iterator[str]:
    for name, value in (wording.settings or {}).items():
        yield f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"


def _figures(training: Training, wording: Wording) -> Iterator[str]:
    say, snapshots = wording.say, training.snapshots
    points = training.config.data.source == "fitness"
    unit = say("unit.points_squared") if points else ""
    yield _figure(say("runs.measured.validation_loss"), curves.loss(snapshots, unit, Look(), say))
    if training.config.probes.checkpoints:
        yield _figure(say("pages.smoothness"), curves.smoothness(snapshots, Look(), say))


def _figure(title: str, figure: Figure) -> str:
    import plotly.io

    shown = {"data": figure["data"], "layout": figure["layout"]}
    drawn = plotly.io.to_html(
        shown, _TOOLS, include_plotlyjs=False, full_html=False, validate=False
    )
    return f"<h2>{escape(title)}</h2>\n{drawn}"
