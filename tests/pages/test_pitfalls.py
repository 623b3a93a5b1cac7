"""Pitfalls through app.py: every entry by its link, in the two languages in turn."""

from itertools import cycle

import pytest
from streamlit.testing.v1 import AppTest

from bnviz.core.pitfalls import pitfall
from bnviz.core.pitfalls.configs import CONFIGS
from bnviz.texts.catalogue import LANGUAGES, catalogue, sentence
from tests.pages.conftest import OpenApp


def healthy(app: AppTest) -> None:
    assert [e.value for e in app.exception] == []
    assert [e.value for e in app.error] == []


@pytest.mark.parametrize(("name", "lang"), list(zip(CONFIGS, cycle(LANGUAGES), strict=False)))
def test_every_pitfall_has_a_link(open_app: OpenApp, name: str, lang: str) -> None:
    app = open_app("pitfalls", lang, pitfall=name)
    healthy(app)
    assert app.selectbox(key="pitfall").value == name
    spoken = [m.value for m in app.markdown]
    assert "> " + sentence(lang, f"pitfalls.{name}.symptom") in spoken
    openings = [
        text.partition("{")[0]
        for key, text in catalogue(lang).items()
        if key.startswith(f"pitfalls.{name}.verdict.")
    ]
    assert any(s.startswith(o) for s in spoken for o in openings if o), "no verdict"
    assert pitfall.fix(name).strip() in [code.value.strip() for code in app.code]
    fields = CONFIGS[name].model_fields
    labels = {sentence(lang, f"pitfalls.{name}.control.{field}") for field in fields}
    shown = {w.label for kind in (app.select_slider, app.selectbox) for w in kind}
    shown |= {group.label for group in app.get("button_group")}
    assert len(labels & shown) <= 3, "few controls at a time"


def test_next_and_previous_go_round(open_app: OpenApp) -> None:
    names = list(CONFIGS)
    app = open_app("pitfalls", pitfall=names[0])
    app.button(key="previous").click().run()
    assert app.selectbox(key="pitfall").value == names[-1]
    app.button(key="following").click().run()
    assert app.selectbox(key="pitfall").value == names[0]
    healthy(app)


def test_a_control_changes_what_is_said(open_app: OpenApp) -> None:
    app = open_app("pitfalls", pitfall="dead_features")
    before = [m.value for m in app.markdown]
    slider = app.select_slider(key="dead_features.spread")
    slider.set_value(1.0).run()
    healthy(app)
    assert [m.value for m in app.markdown] != before


def test_an_unknown_pitfall_is_named_in_a_notice(open_app: OpenApp) -> None:
    app = open_app("pitfalls", pitfall="quicksand")
    healthy(app)
    assert any("quicksand" in toast.value for toast in app.toast)


def test_a_bug_asks_for_what_it_depends_on(open_app: OpenApp) -> None:
    wanted = {"cancellation": "offset", "no_epsilon": "spread", "biased_running_variance": None}
    for bug, field in wanted.items():
        app = open_app("pitfalls", pitfall="handwritten", **{"handwritten.bug": bug})
        keys = [slider.key for slider in app.select_slider]
        assert keys == [f"handwritten.{field or 'batch_size'}"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_all_pitfalls_stand_as_cards_and_a_symptom_finds_its_own(
    open_app: OpenApp, lang: str
) -> None:
    app = open_app("pitfalls", lang)
    healthy(app)
    spoken = [m.value for m in app.markdown]
    assert [n for n in CONFIGS if sentence(lang, f"pitfalls.{n}.symptom") not in spoken] == []
    said = {"en": "the loss is NaN", "zh": "损失变成 NaN"}[lang]
    app = open_app("pitfalls", lang, session={"symptom": said})
    spoken = [m.value for m in app.markdown]
    assert sentence(lang, "pitfalls.nan_batch.symptom") in spoken
    assert sentence(lang, "pitfalls.folding.symptom") not in spoken


def test_a_card_opens_its_pitfall_under_its_own_title(open_app: OpenApp) -> None:
    app = open_app("pitfalls")
    app.button(key="open-padding").click().run()
    healthy(app)
    assert app.header[0].value == sentence("en", "pitfalls.padding.title")
    place = list(CONFIGS).index("padding") + 1
    assert any(f"{place} of {len(CONFIGS)}" in each.value for each in app.caption)
