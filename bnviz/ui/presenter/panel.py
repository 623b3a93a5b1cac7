"""A lesson on screen: first a question and a guess; with the guess the page comes, beside them.

``?lesson=NAME&step=3`` opens a step on any page. Guesses live in the visitor's session and
nowhere else.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import streamlit as st

from bnviz.texts.markdown import literal
from bnviz.ui.address import forget, release
from bnviz.ui.language import language, paragraph, say
from bnviz.ui.navigation import PAGES
from bnviz.ui.presenter.lesson import FOLDER, ORDER, Lesson, LessonError, Step, Text, find, read
from bnviz.ui.presenter.state import in_an_address

#: A folder of a teacher's own lessons.
OWN = "BNVIZ_LESSONS"


def lessons() -> dict[str, Path]:
    """The files of all lessons by id: ours, then those of the folder that BNVIZ_LESSONS names."""
    own = os.environ.get(OWN)
    return find((FOLDER, Path(own)) if own else (FOLDER,))


def show_lesson(page: str) -> AbstractContextManager[Any]:
    """The step that the address names; returns the place for `page`, beside it.

    Goes to the step's page if that is another. Stops the run before a guess: the page is
    the answer. Its key tells whether the step asks for a tab of the page.
    """
    name = st.query_params.get("lesson")
    lesson = None if name is None else _read(name)
    if name is None or lesson is None:
        return nullcontext()
    index = _index(lesson)
    step = lesson.step[index]
    if step.page != page:
        go(name, index, lesson)
    _take_state(lesson, name, index)
    guess = _guesses().get(f"{name}.{index}")
    if guess is not None:
        beside, stage = st.columns([1, 2], gap="medium")
        with beside, _box(lesson, name, index):
            st.markdown(_said(step.question, step))
            _reveal(step, guess)
        return stage.container(key="tab" if "section" in step.state else "picture")
    with _box(lesson, name, index):
        st.markdown(f"**{_said(step.question, step)}**")
        _ask_guess(step, f"{name}.{index}")
    st.stop()


@contextmanager
def _box(lesson: Lesson, name: str, index: int) -> Iterator[None]:
    """A frame around the step, below the way through the lesson; a fault is told in it."""
    with st.container(border=True, key="lesson"):
        _way(lesson, name, index)
        try:
            yield
        except LessonError as error:
            st.error(say("lesson.wrong", fault=literal(str(error))))


def go(name: str, index: int, lesson: Lesson) -> None:
    """To a step of the lesson, on its page."""
    step = lesson.step[index]
    entry = next(entry for entry in PAGES if entry.name == step.page)
    address = {"lesson": name, "step": str(index + 1), "lang": language()}
    state = in_an_address(step.state, step.page)
    release(state)
    st.switch_page(entry.path, query_params=address | state)


def leave() -> None:
    """Out of the lesson; the page stays as it is."""
    for key in ("lesson", "step"):
        st.query_params.pop(key, None)
    st.session_state.pop("lesson_at", None)


def _read(name: str) -> Lesson | None:
    """The lesson of that name, or a sentence that says why there is none."""
    path = lessons().get(name)
    if path is None:
        names = ", ".join(lessons())
        st.warning(say("lesson.unknown", name=literal(name[:40]), names=literal(names)))
        return None
    try:
        return read(path)
    except LessonError as error:
        st.error(say("lesson.wrong", fault=literal(str(error))))
        return None


def _index(lesson: Lesson) -> int:
    """Which step the address asks for, counted from 0; a wish out of range is named."""
    wish, count = st.query_params.get("step", "1"), len(lesson.step)
    index = int(wish) - 1 if wish.isascii() and wish.isdigit() and len(wish) < 5 else -1
    if not 0 <= index < count:
        st.toast(say("lesson.no_step", wish=literal(wish[:40]), count=count))
        index = min(max(index, 0), count - 1)
        st.query_params["step"] = str(index + 1)
    return index


def _take_state(lesson: Lesson, name: str, index: int) -> None:
    """On arrival the page's controls stand as the step says, all others as ever.

    Numbers are their widgets', options and points stand in the address.
    """
    here = (name, index)
    if st.session_state.get("lesson_at") == here:
        return
    forget(lesson.step[index].page)
    for key, each in lesson.step[index].state.items():
        place: Any = st.query_params if isinstance(each, str) else st.session_state
        place[key] = each
    st.session_state["lesson_at"] = here


def _said(text: Text, step: Step, **values: str) -> str:
    """A text of the step in the reader's language, with what is measured put in."""
    from bnviz.ui.presenter.measured import measure

    known = {name: asked.in_words(measure(asked)) for name, asked in step.known.items()}
    return text.said(language()).format(**known, **values)


def _guesses() -> dict[str, float]:
    """Every guess that was committed to, by lesson and step: an option's index or a number."""
    guesses: dict[str, float] = st.session_state.setdefault("guesses", {})
    return guesses


def _ask_guess(step: Step, place: str) -> None:
    """Asks for a guess, and runs the page again once there is one."""
    spoken = language()
    chosen: float | None
    with st.form(f"guess.{place}", border=False):
        if step.number is None:
            chosen = st.radio(
                say("lesson.guess"),
                range(len(step.options)),
                index=None,
                format_func=lambda option: step.options[option].said(spoken),
            )
        else:
            ends = step.number
            least, most = step.as_typed(ends.least), step.as_typed(ends.most)
            chosen = st.slider(
                say("lesson.guess_between", least=least, most=most),
                ends.least,
                ends.most,
                (ends.least + ends.most) / 2,
                step=ends.step,
                format="percent" if step.shown == "percent" else f"%.{ends.decimals}f",
            )
        sent = st.form_submit_button(say("lesson.commit"), type="primary")
    if not sent:
        return
    if chosen is None:
        st.caption(say("lesson.choose_first"))
        return
    _guesses()[place] = float(chosen)
    st.rerun()


def _reveal(step: Step, guess: float) -> None:
    """How the guess compares with what is measured, in one sentence and the lesson's own."""
    from bnviz.ui.presenter.measured import measure

    measured = measure(step)
    chosen = step.options[int(guess)].said(language()) if step.options else None
    said = say("lesson.chosen", option=chosen) if chosen else step.as_typed(guess)
    values = {"guess": said, "measured": step.in_words(measured)}
    closeness = step.judge(guess, measured)
    words = paragraph(say(f"lesson.{closeness}", **values), _said(step.reveal, step, **values))
    box = st.success if closeness == "right" else st.info
    box(words)


def _way(lesson: Lesson, name: str, index: int) -> None:
    """Which step it is of how many; previous, next and the way out."""
    count, title = len(lesson.step), lesson.title.said(language())
    st.caption(say("lesson.place", title=title, step=index + 1, count=count))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        if st.button(
            say("lesson.previous"), key="lesson-previous", disabled=index == 0, type="tertiary"
        ):
            go(name, index - 1, lesson)
        if index + 1 < count:
            if st.button(say("lesson.next"), key="lesson-next"):
                go(name, index + 1, lesson)
        else:
            later = [*lessons()]
            _offer(later[later.index(name) + 1 :], "next_lesson", key="lesson-next")
        st.button(say("lesson.leave"), key="lesson-leave", on_click=leave, type="tertiary")


def start_first_lesson() -> None:
    """The way on for who is new here: the lesson for beginners."""
    _offer(ORDER[:1], "begin", key="lesson-begin", type="primary", icon=":material/school:")


def _offer(names: Sequence[str], words: str, **look: Any) -> None:
    """A way to the first of these lessons, if any; of one with a fault the list tells."""
    for name in names:
        try:
            lesson = read(lessons()[name])
        except LessonError:
            continue
        title = lesson.title.said(language())
        label = say(f"lesson.{words}", title=title)
        if st.button(label, help=None if title in label else title, **look):
            go(name, 0, lesson)
        return


def show_lesson_list() -> None:
    """All lessons, each with what it is about and the way in."""
    st.subheader(say("lesson.title"))
    st.markdown(say("lesson.lead"))
    for name, path in lessons().items():
        try:
            lesson = read(path)
        except LessonError as error:
            st.error(say("lesson.wrong", fault=literal(str(error))))
            continue
        spoken = language()
        if st.button(lesson.title.said(spoken), key=f"lesson-{name}", icon=":material/school:"):
            go(name, 0, lesson)
        about = {"minutes": lesson.minutes, "steps": len(lesson.step)}
        st.caption(say("lesson.minutes", about=lesson.about.said(spoken), **about))
