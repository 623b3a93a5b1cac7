"""What a control is: its key, what it accepts and offers, how its value stands in an address."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from bnviz.core.fields import Config, Stops
from bnviz.texts.numbers import plain

Kind = Literal["switch", "choice", "steps", "slider", "whole"]


@dataclass(frozen=True)
class Control:
    """One control. `label` is a key of the text catalogue; ``<label>_help`` may explain it."""

    key: str
    """Of its widget, and its name in the address."""
    label: str
    default: Any
    least: float | None = None
    most: float | None = None
    stops: tuple[float, ...] = ()
    """The numbers it offers on an uneven scale; a link may ask for any between them."""
    step: float | None = None
    """Of a slider, whose scale is even."""
    options: tuple[str, ...] = ()
    """Stable ids; none where the page alone knows them."""
    option: str = "{}"
    """The text key of an option's label, with the id put in; "{}" shows the id itself."""
    menu: bool = False
    pinned: bool = False
    """The default stands in the address too, because what comes first may change."""
    address: str = ""
    """The name in the address, where another page's state has the key."""
    first: tuple[str, ...] = ()
    """Of tabs: those that stand in the row, the others one step deeper. None: all of them."""
    main: bool = False
    """Whether it is one of the two or so that matter most on its page."""

    @property
    def name(self) -> str:
        """Its name in the address."""
        return self.address or self.key

    @property
    def kind(self) -> Kind:
        """Which widget asks."""
        if isinstance(self.default, bool):
            return "switch"
        if self.stops:
            return "steps"
        if self.step is not None:
            return "slider"
        return "whole" if isinstance(self.default, int) else "choice"

    def read(self, text: str) -> Any:
        """The value that `text` in an address asks for; ValueError if there is no such value."""
        if self.kind == "choice":
            value: Any = text if text in self.options else None
        elif self.kind == "switch":
            value = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
        else:
            value = self._number(float(text))
        if value is None:
            raise ValueError(text)
        return value

    def _number(self, value: float) -> float | int | None:
        least, most = (self.stops[0], self.stops[-1]) if self.stops else (self.least, self.most)
        if least is None or most is None or not least <= value <= most:
            return None
        if isinstance(self.default, int):
            return int(value) if value == int(value) else None
        return value


def in_address(value: Any) -> str:
    """A control's value as it stands in an address: true, wine, 256, 0.1, 1e-5."""
    if isinstance(value, (bool, str)):
        return str(value).lower() if isinstance(value, bool) else value
    text = plain(value)
    return text if float(text) == value else repr(value)


def of(owner: type[Config], field: str, key: str = "", label: str = "", **more: Any) -> Control:
    """The row of a config's field: its default, limits, offered numbers or options."""
    info = owner.model_fields[field]
    rules = info.metadata
    offered = next((rule.values for rule in rules if isinstance(rule, Stops)), ())
    control = Control(
        key or field,
        label,
        info.default,
        least=next((rule.ge for rule in rules if hasattr(rule, "ge")), None),
        most=next((rule.le for rule in rules if hasattr(rule, "le")), None),
        stops=offered,
        options=get_args(info.annotation) if isinstance(info.default, str) else (),
    )
    return replace(control, **more)


def choice(
    key: str, label: str, options: Iterable[str] = (), option: str = "{}", **more: Any
) -> Control:
    """The row of a choice between ids, the first of which is the default."""
    ids = tuple(options)
    first = ids[0] if ids else None
    return Control(key, label, first, options=ids, option=option, **more)


def choice_of(key: str, section: str, options: Iterable[str], **more: Any) -> Control:
    """The row of a choice whose label and options are the texts of one section."""
    return choice(key, f"{section}.label", options, f"{section}.{{}}", **more)


def switch(key: str, label: str, default: bool = False) -> Control:
    """The row of a switch."""
    return Control(key, label, default)


def tabs(key: str, option: str, **more: Any) -> Control:
    """The row of a page's tabs; which one is open is in the address as ``section``."""
    return choice(key, "link.section", option=option, address="section", **more)
