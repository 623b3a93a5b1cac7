"""Small nets of transformers, a public package, as they come: `make families` tries them."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from tests.zoo import Animal, labels, one, rows


def package() -> Any:
    return pytest.importorskip("transformers", reason="`make families` installs it")


def logits_loss(out: Any, y: Tensor) -> Tensor:
    return cross_entropy(out["logits"].flatten(0, -2), y.flatten())


def image_net(family: str, **sizes: Any) -> Animal:
    config = getattr(package(), f"{family}Config")(num_channels=1, num_labels=3, **sizes)
    net = getattr(package(), f"{family}ForImageClassification")(config)
    return one(net.train(), rows(6, 1, 8, 8), labels(6), logits_loss)


def text_net(family: str, task: str, y: Tensor, **sizes: Any) -> Animal:
    """Their dropout is off: how it is measured is another test's."""
    config = getattr(package(), f"{family}Config")(vocab_size=6, num_labels=3, **sizes)
    net = getattr(package(), f"{family}{task}")(config)
    batch = {"input_ids": torch.arange(20).view(5, 4) % 6}
    return one(net.eval(), batch, y, logits_loss, lambda net, x: net(**x))


FAMILIES: dict[str, Callable[[], Animal]] = {
    "transformers' ResNet": lambda: image_net(
        "ResNet", embedding_size=2, hidden_sizes=[2, 3], depths=[1, 1], layer_type="basic"
    ),
    "transformers' ConvNext": lambda: image_net(
        "ConvNext", patch_size=2, num_stages=2, hidden_sizes=[2, 3], depths=[1, 1]
    ),
    "transformers' BERT": lambda: text_net(
        "Bert",
        "ForSequenceClassification",
        labels(5),
        hidden_size=4,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=5,
        max_position_embeddings=4,
    ),
}
