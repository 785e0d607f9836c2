"""Text to the three tensors of BERT and back: vocabulary, tokenizer, preprocessor."""

from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tokenizer import BertTokenizer, TokensWithOffsets
from keras_bert.text.vocabulary import Vocabulary

__all__ = ["BertPreprocessor", "BertTokenizer", "TokensWithOffsets", "Vocabulary"]
