"""One row per public model of `keras_bert.models`; conftest.py says what a row holds.

A task takes the same form as the backbone's row: tensors in, a dict of tensors out.
"""

import numpy as np

from keras_bert.config import BertConfig
from keras_bert.models.backbone import BertBackbone

CONFIG = BertConfig(
    vocab_size=29,
    hidden_size=15,
    num_hidden_layers=2,
    num_attention_heads=3,
    intermediate_size=11,
    hidden_dropout_prob=0.2,
    attention_probs_dropout_prob=0.2,
    max_position_embeddings=13,
    type_vocab_size=3,
)

_random = np.random.default_rng(7)
INPUTS = {
    "input_word_ids": _random.integers(0, 29, (2, 7)).astype("int32"),
    "input_mask": np.array([[1] * 7, [1] * 4 + [0] * 3], dtype="int32"),
    "input_type_ids": _random.integers(0, 3, (2, 7)).astype("int32"),
}
PACKED = {
    "input_word_ids": INPUTS["input_word_ids"],
    "input_type_ids": INPUTS["input_type_ids"],
    "input_sequence_ids": np.array([[1, 1, 2, 2, 2, 2, 3], [1, 1, 1, 2, 2, 0, 0]], "int32"),
    "first_positions": np.array([[0, 2, 6], [0, 3, 0]], "int32"),
}

ROWS = {
    "BertBackbone": {
        "make": lambda dtype: BertBackbone(CONFIG, dtype=dtype),
        "inputs": INPUTS,
        "neutral": {
            "input_mask": np.ones((2, 7), dtype="int32"),
            "input_type_ids": np.zeros((2, 7), dtype="int32"),
        },
        "lengthen": tuple(INPUTS),
        "no_gradient": ("key/bias",),
    },
    "BertBackbone_every_output": {
        "make": lambda dtype: BertBackbone(
            CONFIG,
            output_attentions=True,
            output_hidden_states=True,
            gradient_checkpointing=True,
            dtype=dtype,
        ),
        "inputs": INPUTS,
        "lengthen": tuple(INPUTS),
        "no_gradient": ("key/bias",),
    },
    "BertBackbone_packed": {
        "make": lambda dtype: BertBackbone(CONFIG, packed=True, dtype=dtype),
        "inputs": PACKED,
        "neutral": {"input_type_ids": np.zeros((2, 7), dtype="int32")},
        "lengthen": (),  # more padding: tests/data/test_packing.py, and padding sees padding
        "no_gradient": ("key/bias",),
    },
}
