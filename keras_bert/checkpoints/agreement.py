"""Whether the arrays that are there are the arrays that a configuration asks for.

Names and shapes are compared as the format at hand spells them, so that an error names what
stands in the file. Everything that is wrong goes into one message.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from keras_bert.checkpoints.rows import (
    ENCODER_PARTS,
    Row,
    expand,
    rows_of_named_heads,
    shape_of,
)
from keras_bert.config import BertConfig

Shape = tuple[int | None, ...]
Shapes = Mapping[str, tuple[int, ...]]


class Spelling(NamedTuple):
    """How a format writes a row: its name, whether kernels are [outputs, inputs], its shape."""

    name: Callable[[Row], str]
    transposes_kernels: bool = False
    shape: Callable[[Row, Shape], Shape] = lambda row, shape: shape  # from Google's


GOOGLE = Spelling(lambda row: row.google)


def agreeing_rows(
    config: BertConfig,
    received: Shapes,
    source: str,
    *,
    spelling: Spelling = GOOGLE,
    num_labels: int | None = None,
) -> list[Row]:
    """The rows of the table that these arrays fill, once they are known to fit.

    Embeddings and encoder must be there; the pooler and each head as soon as one array of it
    is: half a head is an error, none is not.

    Args:
        config: says what there must be, and how large.
        received: the shapes that are there, by the format's names.
        source: what was received, for the message.
        spelling: the format's names.
        num_labels: how many labels a classifier has; its own bias says so if None.

    Raises:
        ValueError: arrays are missing, unknown or misshapen.
    """
    rows = [*expand(config), *rows_of_named_heads(received)]
    parts = {row.part for row in rows if spelling.name(row) in received}
    rows = [row for row in rows if row.part in parts or row.part in ENCODER_PARTS]
    if num_labels is None:
        bias = next((spelling.name(row) for row in rows if row.google == "output_bias"), "")
        num_labels = next(iter(received.get(bias, ())), None)
    expected = {}
    for row in rows:
        shape = shape_of(row, config, num_labels)
        turned = row.transposed and spelling.transposes_kernels
        shape = shape[::-1] if turned else shape
        expected[spelling.name(row)] = spelling.shape(row, shape)
    require_agreement(expected, received, source)
    return rows


def require_agreement(expected: Mapping[str, Shape], received: Shapes, source: str) -> None:
    """Raises one error that names every array that is missing, unknown or misshapen.

    Args:
        expected: shapes by name, None where any size will do.
        received: shapes by name.
        source: what was received, for the message.

    Raises:
        ValueError: the two differ.
    """
    found = {
        "missing": [name for name in expected if name not in received],
        "unknown": [name for name in received if name not in expected],
        "misshapen": [
            f"{name} (expected {_text(shape)}; received {_text(received[name])})"
            for name, shape in expected.items()
            if name in received and not _fits(shape, received[name])
        ],
    }
    lists = [f"{len(names)} {kind}: {', '.join(names)}" for kind, names in found.items() if names]
    if lists:
        raise ValueError(
            f"expected the {len(expected)} arrays that the configuration describes; "
            f"received {source} with {'; '.join(lists)}"
        )


def _fits(expected: Shape, received: tuple[int, ...]) -> bool:
    return len(expected) == len(received) and all(
        size is None or size == given for size, given in zip(expected, received, strict=True)
    )


def _text(shape: Shape) -> str:
    return "[" + ", ".join("any" if size is None else str(size) for size in shape) + "]"
