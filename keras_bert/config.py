"""The numbers that define one BERT, by the names of Google's `bert_config.json`.

`BertConfig(**json.load(file))` takes the configuration files that Google and
Hugging Face release. Keys that say nothing about the computation of the encoder
are ignored by name; keys that do must hold the value that this package computes;
any other key is an error, because ignoring it could change the answers.

Source: Devlin et al. 2018, section 3, https://arxiv.org/abs/1810.04805
"""

import dataclasses
import functools
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any, Self, TypeVar

_T = TypeVar("_T")

HIDDEN_ACTS = (
    "gelu",
    "gelu_new",
    "gelu_pytorch_tanh",
    "gelu_tanh",
    "linear",
    "relu",
    "silu",
    "swish",
    "tanh",
)

_IGNORED = frozenset(
    {
        # Google's multilingual and Chinese files: sizes of a pooler that BERT does not have.
        "directionality",
        "pooler_fc_size",
        "pooler_num_attention_heads",
        "pooler_num_fc_layers",
        "pooler_size_per_head",
        "pooler_type",
        # Hugging Face: provenance, and choices about running that leave the numbers alone.
        "_attn_implementation_autoset",
        "_name_or_path",
        "architectures",
        "attn_implementation",
        "bos_token_id",
        "chunk_size_feed_forward",
        "dtype",
        "eos_token_id",
        "gradient_checkpointing",
        "output_attentions",
        "output_hidden_states",
        "output_past",
        "pad_token_id",
        "return_dict",
        "sep_token_id",
        "tokenizer_class",
        "torch_dtype",
        "torchscript",
        "transformers_version",
        "use_bfloat16",
        "use_cache",
        # Hugging Face: facts about a head, which belong to the task and not to the encoder.
        "_num_labels",
        "classifier_dropout",
        "finetuning_task",
        "id2label",
        "label2id",
        "num_labels",
        "problem_type",
        "task_specific_params",
    }
)

_REQUIRED: dict[str, Any] = {
    "add_cross_attention": False,
    "cross_attention_hidden_size": None,
    "hidden_act_form": "erf",
    "is_decoder": False,
    "is_encoder_decoder": False,
    "model_type": "bert",
    "position_embedding_type": "absolute",
    "pruned_heads": {},
    "tie_encoder_decoder": False,
    "tie_word_embeddings": True,
}


def _takes_released_keys(cls: type[_T]) -> type[_T]:
    """Let the constructor of a dataclass take the keys of released files too."""
    plain_init = cls.__init__  # type: ignore[misc]

    @functools.wraps(plain_init)
    def init(self: Any, *args: Any, **values: Any) -> None:
        plain_init(self, *args, **_without_released_keys(cls, values))

    cls.__init__ = init  # type: ignore[method-assign]
    return cls


def _without_released_keys(cls: type, values: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(cls)}
    others = {key: value for key, value in values.items() if key not in names}
    unknown = sorted(others.keys() - _IGNORED - _REQUIRED.keys())
    if unknown:
        raise ValueError(
            f"expected keys of {cls.__name__} or of released configs; received unknown {unknown}"
        )
    for key, value in others.items():
        if key in _REQUIRED and value != _REQUIRED[key]:
            raise ValueError(f"expected {key}={_REQUIRED[key]!r}; received {key}={value!r}")
    return {key: value for key, value in values.items() if key in names}


@_takes_released_keys
@dataclasses.dataclass(frozen=True)
class BertConfig:
    """The sizes, rates and constants of one BERT encoder.

    Args:
        vocab_size: Number of rows V of the word embedding table.
        hidden_size: Width H of every token's vector; divisible by the number of heads.
        num_hidden_layers: Number L of transformer blocks.
        num_attention_heads: Number N of attention heads.
        intermediate_size: Width I of the feed-forward layer inside a block.
        hidden_act: Activation of the feed-forward layer, in Hugging Face's sense:
            `gelu` is the exact (erf) form; `gelu_new`, `gelu_tanh` and
            `gelu_pytorch_tanh` are the tanh approximation, which is what Google's
            code computes for the word `gelu` in its own files.
        hidden_dropout_prob: Dropout rate of embeddings, projections and poolers, in [0, 1).
        attention_probs_dropout_prob: Dropout rate of attention probabilities, in [0, 1).
        max_position_embeddings: Longest sequence, in tokens.
        type_vocab_size: Number of segment types.
        initializer_range: Standard deviation of the truncated normal initialiser.
        layer_norm_eps: Constant added to the variance in layer normalisation.
        **released: Keys of released files that are none of the above (see the module).

    Raises:
        ValueError: A value is out of its range, or a key is unknown or stands for a
            computation that this package does not do.

    Example:
        >>> config = BertConfig(vocab_size=30522)
        >>> BertConfig(**config.to_dict()) == config
        True
    """

    vocab_size: int
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_act: str = "gelu"
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-12

    def __post_init__(self) -> None:
        """Refuse values that no encoder can have."""
        for field in dataclasses.fields(self):
            _check_field(field, getattr(self, field.name))
        if self.hidden_act not in HIDDEN_ACTS:
            raise ValueError(f"expected hidden_act in {HIDDEN_ACTS}; received {self.hidden_act!r}")
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(
                "expected hidden_size divisible by num_attention_heads; "
                f"received hidden_size={self.hidden_size}, "
                f"num_attention_heads={self.num_attention_heads}"
            )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make a config from a mapping such as a parsed `bert_config.json`."""
        return cls(**values)

    @classmethod
    def from_json_file(cls, path: str | os.PathLike[str]) -> Self:
        """Read a config from a UTF-8 JSON file.

        Raises:
            ValueError: The file is not a JSON object.
        """
        try:
            values = json.loads(pathlib.Path(path).read_bytes().decode("utf-8"))
        except ValueError as error:
            raise ValueError(f"expected UTF-8 JSON in {path}; received {error}") from error
        if not isinstance(values, dict):
            raise ValueError(
                f"expected a JSON object in {path}; received a {type(values).__name__}"
            )
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return the twelve values by name, ready for JSON."""
        return dataclasses.asdict(self)

    def to_json_file(self, path: str | os.PathLike[str]) -> None:
        """Write the config as UTF-8 JSON, replacing the file in one step."""
        target = pathlib.Path(path)
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            partial.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)


def _check_field(field: "dataclasses.Field[Any]", value: Any) -> None:
    """Check one value against the type and the range that its field stands for."""
    if field.type is str:
        return
    if field.type is int:
        fits = isinstance(value, int) and not isinstance(value, bool) and value > 0
        expected = "a positive integer"
    else:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1
        expected = "a number in [0, 1)"
    if not fits:
        raise ValueError(f"expected {field.name} to be {expected}; received {value!r}")
