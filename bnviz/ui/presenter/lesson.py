"""Read a lesson: a TOML file of steps, each a question, a guess, and a page that answers it.

``docs/lessons.md`` shows the form to those who write one. Nothing here knows Streamlit.
"""

import math
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Literal, Self, get_args

from pydantic import Field, ValidationError, field_validator, model_validator

from bnviz.core.fields import Config
from bnviz.texts.numbers import percent, plain, short
from bnviz.ui.controls import CONTROLS
from bnviz.ui.presenter.state import State, check, there_are

#: Where the lessons of the product stand.
FOLDER = Path(__file__).with_name("lessons")
#: The product's lessons, in the order in which a newcomer takes them.
ORDER = ("bn_in_ten_minutes", "your_batch", "why_eval_differs", "is_it_smoothing", "a_papers_claim")

Closeness = Literal["right", "close", "off"]
#: What can be measured; :mod:`bnviz.ui.presenter.measured` says how.
Measure = Literal[
    "home.deviation",
    "home.mean",
    "home.correlation",
    "home.moved_train",
    "home.moved_eval",
    "one_batch.mean",
    "one_batch.deviation",
    "one_batch.largest",
    "one_batch.variance",
    "one_batch.swallowed",
    "train_vs_eval.start_left",
    "train_vs_eval.mean_gap",
    "train_vs_eval.bessel",
    "train_vs_eval.output_width",
    "document.measuring_probes",
    "document.corrected_ratio",
    "document.sharpness_ratio",
    "document.sharpness_ratio_standardized",
    "document.mode_ratio",
    "document.clipped_share",
]


class LessonError(Exception):
    """A lesson's file is not in the form; the message names the file, the place and the fault."""


class Text(Config):
    """One sentence in both languages."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)

    def said(self, language: str) -> str:
        """The sentence in one language."""
        return str(getattr(self, language))


class Option(Text):
    """One answer to choose; it is right where the measured number is from `least` to `most`."""

    least: float = Field(-math.inf, allow_inf_nan=True)
    most: float = Field(math.inf, allow_inf_nan=True)


class NumberGuess(Config):
    """A number to guess, between two ends; right within `tolerance` of what is measured."""

    least: float
    most: float
    step: float = Field(gt=0.0)
    tolerance: float = Field(ge=0.0)

    @property
    def decimals(self) -> int:
        """How many decimals a guess has, as its step has them."""
        return max(0, -int(Decimal(str(self.step)).normalize().as_tuple().exponent))

    @property
    def rounding(self) -> float:
        """What a measured number may be away from the one that is shown, to be judged as that."""
        return self.step / 100

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.least >= self.most:
            raise ValueError(f"least = {self.least} must be smaller than most = {self.most}")
        return self


class Measured(Config):
    """A number that is measured when it is asked for.

    `state` are the page's controls that it is taken at, by their names in the address;
    `feature` counts from 1.
    """

    measure: Measure
    state: State = Field(default_factory=dict)
    feature: int = Field(1, ge=1)
    shown: Literal["number", "percent"] = "number"

    @field_validator("measure", mode="before")
    @classmethod
    def _one_that_we_have(cls, measure: object) -> object:
        if measure not in get_args(Measure):
            raise ValueError(f"there is no measure {measure!r}; {there_are(get_args(Measure))}")
        return measure

    @model_validator(mode="after")
    def _one_of_the_features(self) -> Self:
        features = CONTROLS.get(self.measure.partition(".")[0], {}).get("d")
        count = self.state.get("d", features.default) if features else self.feature
        if isinstance(count, int) and self.feature > count:
            raise ValueError(f"there is no feature {self.feature}; there are 1 to {count}")
        return self

    def in_words(self, value: float) -> str:
        """Such a number as it is shown, on one line."""
        said = percent(value) if self.shown == "percent" else short(value)
        return said.replace("e-", "e-\N{WORD JOINER}")

    def as_typed(self, value: float) -> str:
        """A number that is chosen and not measured, which has no more digits than it needs."""
        return percent(value) if self.shown == "percent" else plain(value)


class Step(Measured):
    """A question, the guess it asks for, and the page whose state answers it.

    The texts may name what is in `known`, as {before}, and the reveal {measured} and {guess}.
    """

    page: str
    known: Mapping[str, Measured] = Field(default_factory=dict)
    question: Text
    options: tuple[Option, ...] = ()
    number: NumberGuess | None = None
    reveal: Text

    @model_validator(mode="after")
    def _one_kind_of_guess(self) -> Self:
        if (len(self.options) < 2) == (self.number is None):
            raise ValueError("a step has either two options or more, or a number to guess")
        return self

    @model_validator(mode="after")
    def _only_known_names(self) -> Self:
        for text, names in ((self.question, set()), (self.reveal, {"guess", "measured"})):
            for said in (text.en, text.zh):
                parts = [part for part in Formatter().parse(said) if part[1] is not None]
                if unknown := {str(part[1]) for part in parts} - names - set(self.known):
                    raise ValueError(f"the text names {{{', '.join(sorted(unknown))}}}, not known")
                if formats := [part for part in parts if part[2] or part[3]]:
                    raise ValueError(f"write {{{formats[0][1]}}} as it is, without a format")
        return self

    @field_validator("page")
    @classmethod
    def _one_of_our_pages(cls, page: str) -> str:
        if page not in CONTROLS:
            raise ValueError(f"there is no page {page!r}; {there_are(CONTROLS)}")
        return page

    @model_validator(mode="after")
    def _states_that_pages_have(self) -> Self:
        check(self.state, self.page)
        for asked in self.known.values():
            check(asked.state, asked.measure.partition(".")[0])
        return self

    def right_option(self, measured: float) -> int | None:
        """Which option the measured number makes right; None if none does."""
        fits = (i for i, one in enumerate(self.options) if one.least <= measured <= one.most)
        return next(fits, None)

    def judge(self, guess: float, measured: float) -> Closeness:
        """How good a guess was: an option's index, or a number.

        A number within the tolerance is right, and within three times of it close.
        """
        if self.number is None:
            return "right" if self.right_option(measured) == int(guess) else "off"
        away = abs(guess - measured) - self.number.rounding
        if away <= self.number.tolerance:
            return "right"
        return "close" if away <= 3 * self.number.tolerance else "off"


class Lesson(Config):
    """A title, what the lesson is about, and its steps in their order."""

    title: Text
    about: Text
    minutes: int = Field(ge=1, le=120)
    step: tuple[Step, ...]

    @model_validator(mode="after")
    def _of_steps(self) -> Self:
        if not self.step:
            raise ValueError("a lesson has one step or more")
        return self


def read(path: Path) -> Lesson:
    """The lesson in a TOML file; raises LessonError, which names file, place and fault."""
    try:
        return Lesson.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except UnicodeDecodeError:
        raise LessonError(f"{path.name}: not UTF-8; save it as UTF-8") from None
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise LessonError(f"{path.name}: {error}") from None
    except RecursionError:
        raise LessonError(f"{path.name}: too many brackets within brackets") from None
    except ValidationError as error:
        raise LessonError(f"{path.name}: {faults(error)}") from None


def faults(error: ValidationError) -> str:
    """What is wrong where, in one line."""
    said = (
        (_place(one["loc"]), one["msg"].removeprefix("Value error, ")) for one in error.errors()
    )
    return "; ".join(f"{place}: {fault}" for place, fault in said)


def _place(parts: tuple[int | str, ...]) -> str:
    """Where in the file, as a teacher counts: step 2, question, en."""
    words: list[str] = []
    for part in parts:
        if isinstance(part, int):
            words[-1] += f" {part + 1}"
        else:
            words.append(part)
    return ", ".join(words) or "the file"


def find(folders: tuple[Path, ...]) -> dict[str, Path]:
    """Every lesson's file by its id, which is the file's name, ours first; a later folder wins."""
    files = [
        file for folder in folders if folder.is_dir() for file in sorted(folder.glob("*.toml"))
    ]
    by_name = {file.stem: file for file in files}
    return {name: by_name.pop(name) for name in ORDER if name in by_name} | by_name
