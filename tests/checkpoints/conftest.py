"""A small random checkpoint whose sizes are all different, with every head on request."""

import numpy as np
import pytest

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.rows import ENCODER_PARTS, expand, shape_of
from keras_bert.config import BertConfig

TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##b", "é", "\u2028", "東"]


@pytest.fixture
def make_checkpoint():
    """`make(*heads, labels=…, vocabulary=…, **config)` → a `Checkpoint` with a pooler."""

    def make(
        *heads, labels=None, vocabulary=TOKENS, lowercase=True, metadata=None, pooler=True, **sizes
    ):
        config = BertConfig(
            **{
                "vocab_size": 31,
                "hidden_size": 14,
                "num_hidden_layers": 3,
                "num_attention_heads": 2,
                "intermediate_size": 17,
                "max_position_embeddings": 11,
                "type_vocab_size": 5,
                "hidden_act": "gelu_new",
            }
            | sizes
        )
        generator = np.random.default_rng(7)
        parts = (*ENCODER_PARTS, *heads, *(["pooler"] if pooler else []))
        arrays = {
            row.google: generator.normal(
                size=shape_of(row, config, len(labels) if labels else 13)
            ).astype("float32")
            for row in expand(config, parts)
        }
        vocabulary = None if vocabulary is None else list(vocabulary)
        return Checkpoint(config, arrays, vocabulary, lowercase, labels, metadata or {})

    return make


@pytest.fixture
def assert_same_arrays():
    """Checks that two checkpoints hold the same names in the same order, equal to the bit."""

    def check(one, other):
        assert list(one.arrays) == list(other.arrays)
        for name, array in one.arrays.items():
            assert array.dtype == other.arrays[name].dtype == np.float32, name
            assert array.shape == other.arrays[name].shape, name
            assert array.tobytes() == other.arrays[name].tobytes(), name

    return check
