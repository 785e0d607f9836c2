"""Text to the three tensors of BERT and back: vocabulary, tokenizer, preprocessor."""

# First of all: importing Keras makes the root import every part, which may not happen
# while a module of this part is half imported.
import keras  # noqa: F401

from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tokenizer import BertTokenizer, TokensWithOffsets
from keras_bert.text.vocabulary import Vocabulary

__all__ = ["BertPreprocessor", "BertTokenizer", "TokensWithOffsets", "Vocabulary"]
