"""What a pitfall is: an experiment, its result, the fix, and the program that repeats it.

The code on screen is the code that ran: an experiment is made of ordinary functions
that use torch alone, and what is shown is their source.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from threading import Lock
from typing import Any

import torch
from torch import Tensor

from bnviz.core.pitfalls.configs import PitfallConfig
from bnviz.core.types import Floats
from bnviz.core.verdict import Verdict

#: What an experiment returns: measured series and numbers, and what torch said.
Numbers = dict[str, Tensor | str]

#: Where a pitfall is described: the title of a paper, a page or a thread, and its address.
Source = tuple[str, str]

#: Lines that a program begins with, by the name that it must use for needing them.
_PREAMBLE = {
    "math": "import math",
    "contextmanager": "from contextlib import contextmanager",
    "nullcontext": "from contextlib import nullcontext",
    "AbstractContextManager": "from contextlib import AbstractContextManager",
    "Callable": "from collections.abc import Callable",
    "Iterator": "from collections.abc import Iterator",
    "Mapping": "from collections.abc import Mapping",
    "Sequence": "from collections.abc import Sequence",
    "deepcopy": "from copy import deepcopy",
    "lru_cache": "from functools import lru_cache",
    "torch": "import torch",
    "Tensor": "from torch import Tensor",
    "nn": "from torch import nn",
    "functional": "from torch.nn import functional",
    "checkpoint\\(": "from torch.utils.checkpoint import checkpoint",
    "DataLoader": "from torch.utils.data import DataLoader, TensorDataset",
    "Any": "from typing import Any",
}
#: Experiments seed torch's global random state, as one does in a script of one's own. Nothing
#: else in the product reads or moves it (tests/core/test_random_state.py).
_ONE_AT_A_TIME = Lock()


def paper(title: str, number: str) -> Source:
    """A paper on arXiv."""
    return title, f"https://arxiv.org/abs/{number}"


def thread(repository: str, number: int, kind: str = "issues") -> Source:
    """A thread of a repository on GitHub; `kind` is "issues" or "pull"."""
    return f"{repository} #{number}", f"https://github.com/{repository}/{kind}/{number}"


@dataclass(frozen=True)
class Result:
    """What an experiment measured: `numbers` by name as arrays, and `said`, texts from torch."""

    numbers: Mapping[str, Floats]
    said: Mapping[str, str]

    def __getitem__(self, name: str) -> Floats:
        return self.numbers[name]

    def last(self, name: str) -> float:
        """The last number of a series, or the only one."""
        return float(self.numbers[name].ravel()[-1])


@dataclass(frozen=True)
class Entry:
    """One pitfall, as its module has it. `experiment` takes the config's fields by name.

    `fix` (FIX) is shown beside the figure; `parts` (PARTS) are further functions and classes
    that the experiment uses, in an order in which they can be read. What stays as it is while a
    slider moves, such as the training without the mistake, is remembered by lru_cache.
    """

    experiment: Callable[..., Numbers]
    fix: tuple[Callable[..., Any], ...]
    judge: Callable[[Any, Result], Verdict[Any]]
    sources: tuple[Source, ...]
    parts: tuple[Callable[..., Any], ...]


def load(name: str) -> Entry:
    """The pitfall called `name`, from the module of that name."""
    own = import_module(f"bnviz.core.pitfalls.{name}")
    return Entry(own.experiment, own.FIX, own.judge, own.SOURCES, getattr(own, "PARTS", ()))


def run(name: str, config: PitfallConfig) -> Result:
    """Run an experiment. torch's global random state is left as it was."""
    experiment, threads = load(name).experiment, torch.get_num_threads()
    with _ONE_AT_A_TIME, torch.random.fork_rng(devices=[]):
        torch.set_num_threads(1)  # for tensors this small a second thread only gets in the way
        try:
            measured = experiment(**config.model_dump())
        finally:
            torch.set_num_threads(threads)
    numbers = {k: _array(v) for k, v in measured.items() if isinstance(v, Tensor)}
    return Result(numbers, {k: v for k, v in measured.items() if isinstance(v, str)})


def _array(value: Tensor) -> Floats:
    array: Floats = value.detach().to(torch.float64).numpy().copy()
    array.setflags(write=False)
    return array


def judge(name: str, config: PitfallConfig, result: Result) -> Verdict[Any]:
    """The verdict on a result."""
    return load(name).judge(config, result)


def fix(name: str) -> str:
    """The fix as code, ready to paste."""
    return _join(load(name).fix)


def program(name: str, config: PitfallConfig) -> str:
    """The whole experiment as a program that needs torch alone."""
    entry = load(name)
    body = _join((*entry.fix, *entry.parts, entry.experiment))
    body = body.replace("-> Numbers:", "-> dict[str, Tensor | str]:").replace(": Numbers =", " =")
    given = ", ".join(f"{field}={value!r}" for field, value in config.model_dump().items())
    call = f"numbers = experiment({given})\nfor name, value in numbers.items():\n"
    preamble = [line for used, line in _PREAMBLE.items() if re.search(rf"\b{used}", body)]
    return "\n".join(preamble) + f"\n\n\n{body}\n\n{call}    print(name, value)\n"


@cache
def _join(parts: tuple[Callable[..., Any], ...]) -> str:
    return "\n\n".join(inspect.getsource(part) for part in parts)
