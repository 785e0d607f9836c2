"""The one table of weight names: what each array is called in each format, and its shape.

A row holds full names, with `{i}` for the number of the encoder layer, and is read in both
directions. Google's TF1 name is the canonical one: a `Checkpoint` holds its arrays under
that name and in Google's shape. `kernel`s are [inputs, outputs]; `output_weights` of a head
are [outputs, hidden_size]. Hugging Face (PyTorch) keeps every kernel transposed.

Source: google-research/bert `modeling.py`, `run_pretraining.py`, `run_classifier.py`,
`run_squad.py`; transformers `modeling_bert.py`.

Shapes: H hidden_size, I intermediate_size, V vocab_size, P max_position_embeddings,
T type_vocab_size, C number of labels, E size of an embedding.
"""

import itertools
from collections.abc import Collection
from typing import NamedTuple

from keras_bert.config import BertConfig

H, I, V = "hidden_size", "intermediate_size", "vocab_size"  # noqa: E741
P, T, C = "max_position_embeddings", "type_vocab_size", "num_labels"
E = "embedding_size"  # of a sentence encoder's projection: any
NAMED_HEADS = "heads"


class Row(NamedTuple):
    """One array: the part of the model that it belongs to, its names and its shape."""

    part: str
    google: str
    huggingface: str
    shape: tuple[str | int, ...]  # Google's layout
    transposed: bool = False  # Hugging Face keeps the transpose


# fmt: off
ROWS = (
    Row("embeddings", "bert/embeddings/word_embeddings",
        "bert.embeddings.word_embeddings.weight", (V, H)),
    Row("embeddings", "bert/embeddings/token_type_embeddings",
        "bert.embeddings.token_type_embeddings.weight", (T, H)),
    Row("embeddings", "bert/embeddings/position_embeddings",
        "bert.embeddings.position_embeddings.weight", (P, H)),
    Row("embeddings", "bert/embeddings/LayerNorm/beta",
        "bert.embeddings.LayerNorm.bias", (H,)),
    Row("embeddings", "bert/embeddings/LayerNorm/gamma",
        "bert.embeddings.LayerNorm.weight", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/attention/self/query/kernel",
        "bert.encoder.layer.{i}.attention.self.query.weight", (H, H), transposed=True),
    Row("encoder", "bert/encoder/layer_{i}/attention/self/query/bias",
        "bert.encoder.layer.{i}.attention.self.query.bias", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/attention/self/key/kernel",
        "bert.encoder.layer.{i}.attention.self.key.weight", (H, H), transposed=True),
    Row("encoder", "bert/encoder/layer_{i}/attention/self/key/bias",
        "bert.encoder.layer.{i}.attention.self.key.bias", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/attention/self/value/kernel",
        "bert.encoder.layer.{i}.attention.self.value.weight", (H, H), transposed=True),
    Row("encoder", "bert/encoder/layer_{i}/attention/self/value/bias",
        "bert.encoder.layer.{i}.attention.self.value.bias", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/attention/output/dense/kernel",
        "bert.encoder.layer.{i}.attention.output.dense.weight", (H, H), transposed=True),
    Row("encoder", "bert/encoder/layer_{i}/attention/output/dense/bias",
        "bert.encoder.layer.{i}.attention.output.dense.bias", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/attention/output/LayerNorm/beta",
        "bert.encoder.layer.{i}.attention.output.LayerNorm.bias", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/attention/output/LayerNorm/gamma",
        "bert.encoder.layer.{i}.attention.output.LayerNorm.weight", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/intermediate/dense/kernel",
        "bert.encoder.layer.{i}.intermediate.dense.weight", (H, I), transposed=True),
    Row("encoder", "bert/encoder/layer_{i}/intermediate/dense/bias",
        "bert.encoder.layer.{i}.intermediate.dense.bias", (I,)),
    Row("encoder", "bert/encoder/layer_{i}/output/dense/kernel",
        "bert.encoder.layer.{i}.output.dense.weight", (I, H), transposed=True),
    Row("encoder", "bert/encoder/layer_{i}/output/dense/bias",
        "bert.encoder.layer.{i}.output.dense.bias", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/output/LayerNorm/beta",
        "bert.encoder.layer.{i}.output.LayerNorm.bias", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/output/LayerNorm/gamma",
        "bert.encoder.layer.{i}.output.LayerNorm.weight", (H,)),
    Row("pooler", "bert/pooler/dense/kernel",
        "bert.pooler.dense.weight", (H, H), transposed=True),
    Row("pooler", "bert/pooler/dense/bias",
        "bert.pooler.dense.bias", (H,)),
    Row("mlm", "cls/predictions/transform/dense/kernel",
        "cls.predictions.transform.dense.weight", (H, H), transposed=True),
    Row("mlm", "cls/predictions/transform/dense/bias",
        "cls.predictions.transform.dense.bias", (H,)),
    Row("mlm", "cls/predictions/transform/LayerNorm/beta",
        "cls.predictions.transform.LayerNorm.bias", (H,)),
    Row("mlm", "cls/predictions/transform/LayerNorm/gamma",
        "cls.predictions.transform.LayerNorm.weight", (H,)),
    Row("mlm", "cls/predictions/output_bias",
        "cls.predictions.bias", (V,)),
    Row("nsp", "cls/seq_relationship/output_weights",
        "cls.seq_relationship.weight", (2, H)),
    Row("nsp", "cls/seq_relationship/output_bias",
        "cls.seq_relationship.bias", (2,)),
    Row("classifier", "output_weights",
        "classifier.weight", (C, H)),
    Row("classifier", "output_bias",
        "classifier.bias", (C,)),
    Row("squad", "cls/squad/output_weights",
        "qa_outputs.weight", (2, H)),
    Row("squad", "cls/squad/output_bias",
        "qa_outputs.bias", (2,)),
    # Ours: others keep a sentence encoder's projection in a file of its own.
    Row("embedding", "embedding/output_weights",
        "embedding.weight", (E, H)),
    Row("embedding", "embedding/output_bias",
        "embedding.bias", (E,)),
)
# fmt: on

ENCODER_PARTS = ("embeddings", "encoder")  # every checkpoint has these
HEADS = ("mlm", "nsp", "classifier", "squad", "embedding", NAMED_HEADS)


def expand(config: BertConfig, parts: Collection[str] | None = None) -> list[Row]:
    """The rows of a model of this size, layer after layer, `{i}` filled in.

    Args:
        config: says how many encoder layers there are.
        parts: the parts wanted; all of them by default.
    """
    rows = []
    for part, templates in itertools.groupby(ROWS, key=lambda row: row.part):
        if parts is None or part in parts:
            numbers = range(config.num_hidden_layers) if part == "encoder" else range(1)
            rows += [_numbered(row, i) for i, row in itertools.product(numbers, list(templates))]
    return rows


def rows_of_named_heads(names: Collection[str]) -> list[Row]:
    """The rows of what stands under `heads/NAME/`: heads of ours that share one encoder."""
    heads = {name.split("/")[1] for name in names if name.startswith(f"{NAMED_HEADS}/")}
    return [
        Row(
            NAMED_HEADS,
            f"{NAMED_HEADS}/{head}/output_{kind}",
            f"{NAMED_HEADS}.{head}.{kind}",
            shape,
        )
        for head in sorted(heads)
        for kind, shape in (("weights", (E, H)), ("bias", (E,)))
    ]


def _numbered(row: Row, i: int) -> Row:
    return row._replace(
        google=row.google.replace("{i}", str(i)), huggingface=row.huggingface.replace("{i}", str(i))
    )


def shape_of(row: Row, config: BertConfig, num_labels: int | None) -> tuple[int | None, ...]:
    """The shape of a row's array in Google's layout; None where any size will do."""
    sizes = config.to_dict() | {C: num_labels, E: None}
    return tuple(size if isinstance(size, int) else sizes[size] for size in row.shape)


def heads_of(names: Collection[str]) -> tuple[str, ...]:
    """The heads that some of these canonical names belong to, in the table's order."""
    present = {row.part for row in (*ROWS, *rows_of_named_heads(names)) if row.google in names}
    return tuple(head for head in HEADS if head in present)
