"""Writes a new, untrained BERT with a vocabulary, as a Hugging Face folder.

    python benchmarks/finetuning/new_model.py VOCAB.txt FOLDER [--cased]
    python benchmarks/finetuning/new_model.py PRESET FOLDER

For languages whose pretrained models are not at hand: both engines start from the same
random weights. Or, with the sizes and the vocabulary of a pretrained model, to see what
its pretraining is worth.
"""

import argparse

import keras

from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint
from keras_bert.config import BertConfig
from keras_bert.models.backbone import BertBackbone
from keras_bert.models.preset_io import checkpoint_of
from keras_bert.presets import resolve_preset
from keras_bert.text.preprocessor import BertPreprocessor
from keras_bert.text.tokenizer import BertTokenizer


def sizes(a: argparse.Namespace, vocabulary: int) -> BertConfig:
    """The configuration of a model for a vocabulary."""
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=a.hidden_size,
        num_hidden_layers=a.layers,
        num_attention_heads=a.hidden_size // 64,
        intermediate_size=4 * a.hidden_size,
    )


def main() -> None:
    """Makes and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="VOCAB.txt, or a preset")
    parser.add_argument("folder")
    parser.add_argument("--cased", action="store_true")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--hidden-size", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    keras.utils.set_random_seed(a.seed)
    if a.source.endswith(".txt"):
        preprocessor = BertPreprocessor(BertTokenizer(a.source, lowercase=not a.cased), 512)
        config = sizes(a, len(preprocessor.tokenizer.vocabulary))
    else:
        config = read_checkpoint(resolve_preset(a.source)).config
        length = config.max_position_embeddings
        preprocessor = BertPreprocessor.from_preset(a.source, sequence_length=length)
    checkpoint = checkpoint_of(BertBackbone(config), preprocessor=preprocessor)
    print(write_checkpoint(checkpoint, a.folder, "huggingface"))


if __name__ == "__main__":
    main()
