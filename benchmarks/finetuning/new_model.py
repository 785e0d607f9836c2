"""Writes a new, untrained BERT with a vocabulary, as a Hugging Face folder.

    python benchmarks/finetuning/new_model.py VOCAB.txt FOLDER [--cased]

For languages whose pretrained models are not at hand: both engines start from the same
random weights.
"""

import argparse

import keras

from keras_bert.checkpoints.formats import write_checkpoint
from keras_bert.config import BertConfig
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.preset_io import checkpoint_of
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tokenizer import BertTokenizer


def main() -> None:
    """Makes and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("vocabulary")
    parser.add_argument("folder")
    parser.add_argument("--cased", action="store_true")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--hidden-size", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    keras.utils.set_random_seed(a.seed)
    tokenizer = BertTokenizer(a.vocabulary, lowercase=not a.cased)
    config = BertConfig(
        vocab_size=len(tokenizer.vocabulary),
        hidden_size=a.hidden_size,
        num_hidden_layers=a.layers,
        num_attention_heads=a.hidden_size // 64,
        intermediate_size=4 * a.hidden_size,
    )
    preprocessor = BertPreprocessor(tokenizer, 512)
    checkpoint = checkpoint_of(BertBackbone(config), preprocessor=preprocessor)
    print(write_checkpoint(checkpoint, a.folder, "huggingface"))


if __name__ == "__main__":
    main()
