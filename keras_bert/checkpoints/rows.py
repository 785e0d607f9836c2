"""The one table of weight names: what each array is called in each format, and its shape.

A row holds full names, with `{i}` for the number of the encoder layer, and is read in both
directions. Google's TF1 name is the canonical one: a `Checkpoint` holds its arrays under
that name and in Google's shape. `kernel`s are [inputs, outputs]; `output_weights` of a head
are [outputs, hidden_size]. Hugging Face (PyTorch) keeps every kernel transposed. tf-models has
paths of attributes from the object that holds the part: the encoder, its masked-LM head, its
classification head, its span labeler.

Source: google-research/bert `modeling.py`, `run_pretraining.py`, `run_classifier.py`,
`run_squad.py`; transformers `modeling_bert.py`; tf-models `bert_encoder.py`, `masked_lm.py`.

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
    tf_models: str  # "" where tf-models keeps no such array
    shape: tuple[str | int, ...]  # Google's layout
    transposed: bool = False  # Hugging Face keeps the transpose


# fmt: off
ROWS = (
    Row("embeddings", "bert/embeddings/word_embeddings",
        "bert.embeddings.word_embeddings.weight",
        "_embedding_layer/embeddings", (V, H)),
    Row("embeddings", "bert/embeddings/token_type_embeddings",
        "bert.embeddings.token_type_embeddings.weight",
        "_type_embedding_layer/embeddings", (T, H)),
    Row("embeddings", "bert/embeddings/position_embeddings",
        "bert.embeddings.position_embeddings.weight",
        "_position_embedding_layer/embeddings", (P, H)),
    Row("embeddings", "bert/embeddings/LayerNorm/beta",
        "bert.embeddings.LayerNorm.bias",
        "_embedding_norm_layer/beta", (H,)),
    Row("embeddings", "bert/embeddings/LayerNorm/gamma",
        "bert.embeddings.LayerNorm.weight",
        "_embedding_norm_layer/gamma", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/attention/self/query/kernel",
        "bert.encoder.layer.{i}.attention.self.query.weight",
        "_transformer_layers/{i}/_attention_layer/_query_dense/kernel", (H, H), transposed=True),
    Row("encoder", "bert/encoder/layer_{i}/attention/self/query/bias",
        "bert.encoder.layer.{i}.attention.self.query.bias",
        "_transformer_layers/{i}/_attention_layer/_query_dense/bias", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/attention/self/key/kernel",
        "bert.encoder.layer.{i}.attention.self.key.weight",
        "_transformer_layers/{i}/_attention_layer/_key_dense/kernel", (H, H), transposed=True),
    Row("encoder", "bert/encoder/layer_{i}/attention/self/key/bias",
        "bert.encoder.layer.{i}.attention.self.key.bias",
        "_transformer_layers/{i}/_attention_layer/_key_dense/bias", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/attention/self/value/kernel",
        "bert.encoder.layer.{i}.attention.self.value.weight",
        "_transformer_layers/{i}/_attention_layer/_value_dense/kernel", (H, H), transposed=True),
    Row("encoder", "bert/encoder/layer_{i}/attention/self/value/bias",
        "bert.encoder.layer.{i}.attention.self.value.bias",
        "_transformer_layers/{i}/_attention_layer/_value_dense/bias", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/attention/output/dense/kernel",
        "bert.encoder.layer.{i}.attention.output.dense.weight",
        "_transformer_layers/{i}/_attention_layer/_output_dense/kernel", (H, H), transposed=True),
    Row("encoder", "bert/encoder/layer_{i}/attention/output/dense/bias",
        "bert.encoder.layer.{i}.attention.output.dense.bias",
        "_transformer_layers/{i}/_attention_layer/_output_dense/bias", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/attention/output/LayerNorm/beta",
        "bert.encoder.layer.{i}.attention.output.LayerNorm.bias",
        "_transformer_layers/{i}/_attention_layer_norm/beta", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/attention/output/LayerNorm/gamma",
        "bert.encoder.layer.{i}.attention.output.LayerNorm.weight",
        "_transformer_layers/{i}/_attention_layer_norm/gamma", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/intermediate/dense/kernel",
        "bert.encoder.layer.{i}.intermediate.dense.weight",
        "_transformer_layers/{i}/_intermediate_dense/kernel", (H, I), transposed=True),
    Row("encoder", "bert/encoder/layer_{i}/intermediate/dense/bias",
        "bert.encoder.layer.{i}.intermediate.dense.bias",
        "_transformer_layers/{i}/_intermediate_dense/bias", (I,)),
    Row("encoder", "bert/encoder/layer_{i}/output/dense/kernel",
        "bert.encoder.layer.{i}.output.dense.weight",
        "_transformer_layers/{i}/_output_dense/kernel", (I, H), transposed=True),
    Row("encoder", "bert/encoder/layer_{i}/output/dense/bias",
        "bert.encoder.layer.{i}.output.dense.bias",
        "_transformer_layers/{i}/_output_dense/bias", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/output/LayerNorm/beta",
        "bert.encoder.layer.{i}.output.LayerNorm.bias",
        "_transformer_layers/{i}/_output_layer_norm/beta", (H,)),
    Row("encoder", "bert/encoder/layer_{i}/output/LayerNorm/gamma",
        "bert.encoder.layer.{i}.output.LayerNorm.weight",
        "_transformer_layers/{i}/_output_layer_norm/gamma", (H,)),
    Row("pooler", "bert/pooler/dense/kernel",
        "bert.pooler.dense.weight",
        "_pooler_layer/kernel", (H, H), transposed=True),
    Row("pooler", "bert/pooler/dense/bias",
        "bert.pooler.dense.bias",
        "_pooler_layer/bias", (H,)),
    Row("mlm", "cls/predictions/transform/dense/kernel",
        "cls.predictions.transform.dense.weight",
        "dense/kernel", (H, H), transposed=True),
    Row("mlm", "cls/predictions/transform/dense/bias",
        "cls.predictions.transform.dense.bias",
        "dense/bias", (H,)),
    Row("mlm", "cls/predictions/transform/LayerNorm/beta",
        "cls.predictions.transform.LayerNorm.bias",
        "layer_norm/beta", (H,)),
    Row("mlm", "cls/predictions/transform/LayerNorm/gamma",
        "cls.predictions.transform.LayerNorm.weight",
        "layer_norm/gamma", (H,)),
    Row("mlm", "cls/predictions/output_bias",
        "cls.predictions.bias",
        "bias", (V,)),
    Row("nsp", "cls/seq_relationship/output_weights",
        "cls.seq_relationship.weight",
        "out_proj/kernel", (2, H)),
    Row("nsp", "cls/seq_relationship/output_bias",
        "cls.seq_relationship.bias",
        "out_proj/bias", (2,)),
    Row("classifier", "output_weights",
        "classifier.weight",
        "out_proj/kernel", (C, H)),
    Row("classifier", "output_bias",
        "classifier.bias",
        "out_proj/bias", (C,)),
    Row("squad", "cls/squad/output_weights",
        "qa_outputs.weight",
        "layer_with_weights-0/kernel", (2, H)),
    Row("squad", "cls/squad/output_bias",
        "qa_outputs.bias",
        "layer_with_weights-0/bias", (2,)),
    # Ours: others keep a sentence encoder's projection in a file of its own.
    Row("embedding", "embedding/output_weights",
        "embedding.weight", "", (E, H)),
    Row("embedding", "embedding/output_bias",
        "embedding.bias", "", (E,)),
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
    return expand_layers(config.num_hidden_layers, parts)


def expand_layers(num_layers: int, parts: Collection[str] | None = None) -> list[Row]:
    """The same for a number of encoder layers."""
    rows = []
    for part, templates in itertools.groupby(ROWS, key=lambda row: row.part):
        if parts is None or part in parts:
            numbers = range(num_layers) if part == "encoder" else range(1)
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
            "",
            shape,
        )
        for head in sorted(heads)
        for kind, shape in (("weights", (E, H)), ("bias", (E,)))
    ]


def _numbered(row: Row, i: int) -> Row:
    names = ("google", "huggingface", "tf_models")
    return row._replace(**{name: getattr(row, name).replace("{i}", str(i)) for name in names})


def shape_of(row: Row, config: BertConfig, num_labels: int | None) -> tuple[int | None, ...]:
    """The shape of a row's array in Google's layout; None where any size will do."""
    sizes = config.to_dict() | {C: num_labels, E: None}
    return tuple(size if isinstance(size, int) else sizes[size] for size in row.shape)


def heads_of(names: Collection[str]) -> tuple[str, ...]:
    """The heads that some of these canonical names belong to, in the table's order."""
    present = {row.part for row in (*ROWS, *rows_of_named_heads(names)) if row.google in names}
    return tuple(head for head in HEADS if head in present)
