"""Sizes of the measured encoders, and the floating-point operations that they cost.

Only matrix products are counted, two operations for a multiplication with its addition:
the four projections of attention (4 H²) and the two of the feed-forward part (2 H I) for
each token, and attention's scores and sums (2 S H each). The rest of the model is what an
engine has to hide.

Source: Kaplan et al. 2020, https://arxiv.org/abs/2001.08361 (table 1; there the part of
attention that grows with the length stands apart as well)

Sizes: L layers, H hidden size, A heads, I intermediate size, S positions, V words,
P predictions of a row.
"""

import typing


class Shape(typing.NamedTuple):
    """Sizes of an encoder."""

    layers: int
    hidden: int
    heads: int
    intermediate: int

    def config(self) -> dict:
        """Keys of `BertConfig`, which Google and Hugging Face share."""
        return {
            "num_hidden_layers": self.layers,
            "hidden_size": self.hidden,
            "num_attention_heads": self.heads,
            "intermediate_size": self.intermediate,
        }


SHAPES = {
    "tiny": Shape(2, 128, 2, 512),
    "minilm": Shape(6, 384, 12, 1536),
    "base": Shape(12, 768, 12, 3072),
    "large": Shape(24, 1024, 16, 4096),
}
VOCABULARY = 30522  # of Google's English models


def shape_of(settings: dict) -> Shape:
    """The shape of a measurement: a named one, which `layers` may make deeper."""
    shape = SHAPES[settings["shape"]]
    return shape._replace(layers=settings.get("layers", shape.layers))


# A training step: forward, and twice as much for the gradients of inputs and of weights.
FORWARDS = {"forward": 1, "train": 3, "gpu_forward": 1, "gpu_train": 3, "gpu_masked_lm": 3}


def operations(shape: Shape, batch: int, length: int) -> int:
    """Floating-point operations of the products of one forward pass over `batch` full rows."""
    tokens = batch * length
    products = 2 * (4 * shape.hidden**2 + 2 * shape.hidden * shape.intermediate) * tokens
    attention = 4 * length * shape.hidden * tokens
    return shape.layers * (products + attention)


def operations_of(settings: dict) -> int:
    """Floating-point operations of the products of a step.

    The head of a masked language model, H² + H V for each prediction, is counted where
    settings have `predictions`; the gathering of their positions is not.
    """
    shape, batch = shape_of(settings), settings["batch"]
    count = operations(shape, batch, settings["length"])
    head = shape.hidden * (shape.hidden + VOCABULARY)
    count += 2 * head * batch * settings.get("predictions", 0)
    return count * FORWARDS[settings["job"]]
