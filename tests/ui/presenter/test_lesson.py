"""The form of a lesson: what is read, what is refused in which words, how guesses are judged."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnviz.texts.catalogue import LANGUAGES
from bnviz.ui.navigation import PAGES
from bnviz.ui.presenter.lesson import FOLDER, Lesson, LessonError, Measure, Measured, find, read
from bnviz.ui.presenter.measured import MEASURED, measure

LESSONS = {name: read(path) for name, path in find((FOLDER,)).items()}
STEPS = {
    f"{name} {index + 1}": step
    for name, lesson in LESSONS.items()
    for index, step in enumerate(lesson.step)
}
SMALL = """
minutes = 1
title = { en = "T", zh = "题" }
about = { en = "A.", zh = "甲。" }
[[step]]
page = "home"
measure = "home.mean"
question = { en = "Q?", zh = "问？" }
reveal = { en = "R.", zh = "答。" }
number = { least = 0, most = 10, step = 1, tolerance = 1 }
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "small.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_five_lessons_are_there() -> None:
    assert set(LESSONS) == {
        "bn_in_ten_minutes",
        "your_batch",
        "why_eval_differs",
        "is_it_smoothing",
        "a_papers_claim",
    }


@pytest.mark.parametrize("name", STEPS)
def test_a_step_can_be_answered_and_only_one_answer_is_right(name: str) -> None:
    step = STEPS[name]
    assert step.page in {entry.name for entry in PAGES}
    measured = measure(step)
    if step.number is None:
        fits = [one.least <= measured <= one.most for one in step.options]
        assert sum(fits) == 1
        assert [step.judge(i, measured) for i in range(len(fits))].count("right") == 1
    else:
        assert step.number.least <= measured <= step.number.most
        middle = (step.number.least + step.number.most) / 2
        assert step.judge(middle, measured) != "right", "where the slider begins is no answer"


def test_the_right_answer_stands_in_no_place_of_its_own() -> None:
    places = [step.right_option(measure(step)) for step in STEPS.values() if step.options]
    assert set(places) == {0, 1, 2}
    assert all(2 * places.count(place) <= len(places) for place in places)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_can_be_put_together(name: str, language: str) -> None:
    step = STEPS[name]
    known = {each: asked.in_words(measure(asked)) for each, asked in step.known.items()}
    for text in (step.question, step.reveal):
        said = text.said(language).format(**known, guess="1", measured="2")
        assert "{" not in said and said.strip() == said
        assert not re.search(r" [=·+%]|[=·+−] ", said), "no line ends within a formula"


def test_a_guess_is_right_within_the_tolerance_and_close_within_three(tmp_path: Path) -> None:
    step = read(written(tmp_path, SMALL)).step[0]
    assert [step.judge(guess, 5.0) for guess in (5.0, 4.0, 3.9, 2.0, 1.9)] == [
        *("right", "right", "close", "close", "off")
    ]


def test_what_is_rounded_away_on_screen_makes_no_guess_wrong(tmp_path: Path) -> None:
    step = read(written(tmp_path, SMALL)).step[0]
    assert [step.judge(guess, 4.9996) for guess in (4, 6, 2, 8)] == [
        *("right", "right", "close", "close")
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('title = { en = "T", zh = "题" }', 'title = { en = "T" }'), "title, zh"),
        (('page = "home"', ""), "step 1, page"),
        (("least = 0", "least = 20"), "least = 20.0 must be smaller than most = 10.0"),
        (("minutes = 1", "minutes = 1\ncolour = 3"), "colour"),
        (("number = {", "# {"), "a number to guess"),
        (('page = "home"', 'page = "house"'), "there is no page 'house'"),
        (("Q?", "Is it {before}?"), "{before}"),
        (("R.", "{measured:.2f}"), "step 1: write {measured} as it is"),
        (('page = "home"', 'page = "home"\nstate = { b = 2 }'), "home has no control 'b'"),
        (('page = "home"', 'page = "home"\nstate = { progress = 7 }'), "does not take 7"),
        (('page = "home"', 'page = "home"\nstate = { lang = "zh" }'), "no control 'lang'"),
        (("[[step]]", "[[step]"), "small.toml"),
        (("home.mean", "home.colour"), "no measure 'home.colour'; there are home.deviation, home"),
        (('"home.mean"', "3"), "step 1, measure: there is no measure 3; there are home.dev"),
        (('"home.mean"', '"one_batch.mean"\nfeature = 9'), "no feature 9; there are 1 to 8"),
        (
            ('"home.mean"', '"home.mean"\nknown.a = { measure = "one_batch.x" }'),
            "step 1, known, a, measure: there is no measure 'one_batch.x'",
        ),
        (
            ('page = "home"', 'page = "one_batch"\nstate = { section = "nosuch" }'),
            "step 1: there is no section 'nosuch'; there are formula, statistics",
        ),
        (
            ('page = "home"', 'page = "one_batch"\nstate = { source = "nosuch" }'),
            "there is no source 'nosuch'; there are uniform, normal",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(
    change: tuple[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(LessonError, match=r"small\.toml") as caught:
        read(written(tmp_path, SMALL.replace(*change)))
    assert told in str(caught.value)
    assert "at least 1 item" not in str(caught.value), "one fault is told as one"


@pytest.mark.parametrize(("encoding", "read_well"), [("utf-8-sig", True), ("gbk", False)])
def test_a_file_as_windows_saves_it(encoding: str, read_well: bool, tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(SMALL, encoding=encoding)
    if read_well:
        assert read(file).title.zh == "题"
    else:
        with pytest.raises(LessonError, match="save it as UTF-8"):
            read(file)


def test_a_teachers_lesson_takes_the_place_of_ours(tmp_path: Path) -> None:
    own = tmp_path / "your_batch.toml"
    own.write_text(SMALL, encoding="utf-8")
    assert find((FOLDER, tmp_path))["your_batch"] == own
    assert isinstance(read(own), Lesson)


def test_every_number_on_offer_is_computed_and_documented() -> None:
    assert set(MEASURED) == set(get_args(Measure))
    page = (Path(__file__).parents[3] / "docs" / "lessons.md").read_text(encoding="utf-8")
    assert [name for name in MEASURED if f"`{name}`" not in page] == []


@pytest.mark.parametrize(
    ("name", "state", "told"),
    [
        ("one_batch.mean", {"b": 0}, "greater than or equal to 1"),
        ("train_vs_eval.bessel", {"b": 1}, "division by zero"),
        ("home.moved_train", {}, "'wine'"),
        ("home.mean", {"progress": "far"}, "far"),
    ],
)
def test_what_cannot_be_measured_is_said(name: str, state: dict[str, Any], told: str) -> None:
    with pytest.raises(LessonError) as caught:
        measure(Measured(measure=name, state=state))
    assert told in str(caught.value)


@settings(max_examples=100)
@given(st.data())
def test_any_damage_to_a_lesson_is_named(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A file that is no lesson raises LessonError, and nothing else."""
    changed = bytearray(SMALL.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(changed) - 1))
        odd = st.sampled_from([b"[", b"{", b'"', b"=", b"1e999", b"nan", b"[" * 5000, b"\xff", b""])
        changed[start : start + data.draw(st.integers(0, 40))] = data.draw(
            odd | st.binary(max_size=4)
        )
    file = tmp_path_factory.getbasetemp() / "fuzzed.toml"
    file.write_bytes(bytes(changed))
    with suppress(LessonError):
        assert read(file).step
    file.write_bytes(b"a = " + b"[" * 5000)
    with pytest.raises(LessonError, match=r"fuzzed\.toml: too many brackets"):
        read(file)
