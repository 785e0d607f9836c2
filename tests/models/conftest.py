import keras
import pytest

from keras_bert.config import BertConfig
from keras_bert.models.backbone import BertBackbone
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tokenizer import BertTokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
OPINIONS = ["good", "fine", "great", "bad", "poor", "awful", "very", "not"]
OTHERS = ["film", "book", "the", "a", "was", "is", "##s", "!", "?"]
VOCABULARY = SPECIAL + OPINIONS + OTHERS


@pytest.fixture(scope="session")
def tiny_tokenizer():
    return BertTokenizer(VOCABULARY, lowercase=True)


@pytest.fixture(scope="session")
def make_parts(tiny_tokenizer):
    """Makes a fresh small backbone, the same each time, and its preprocessor."""

    def make(dropout=0.1, dtype=None):
        keras.utils.set_random_seed(3)
        config = BertConfig(
            vocab_size=len(VOCABULARY),
            hidden_size=22,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=37,
            max_position_embeddings=19,
            initializer_range=0.2,
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=dropout,
        )
        backbone = BertBackbone(config, dtype=dtype)
        return backbone, BertPreprocessor(tiny_tokenizer, sequence_length=17)

    return make


@pytest.fixture
def tiny_parts(make_parts):
    return make_parts()


@pytest.fixture(scope="session")
def reviews():
    """Texts whose label a tiny model can learn: (texts, labels)."""
    good, bad = ("good", "fine", "great"), ("bad", "poor", "awful")
    rows = [
        (f"the {thing} was {'very ' * loud}{word}{end}", "pos" if word in good else "neg")
        for word in good + bad
        for thing in ("film", "book")
        for loud in (0, 1, 3)
        for end in ("", "!", " ?")
    ]
    return [text for text, _ in rows], [label for _, label in rows]
