import pytest

from keras_bert.checkpoints import Checkpoint, write_checkpoint


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory):
    """A Hugging Face folder with a tiny random BERT."""
    import keras

    from keras_bert.config import BertConfig
    from keras_bert.models import BertBackbone
    from keras_bert.models.preset_io import checkpoint_of

    words = "[PAD] [UNK] [CLS] [SEP] [MASK] good fine great bad poor awful film book the a was !"
    keras.utils.set_random_seed(3)
    config = BertConfig(
        vocab_size=len(words.split()),
        hidden_size=22,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=37,
        max_position_embeddings=19,
        initializer_range=0.2,
    )
    checkpoint: Checkpoint = checkpoint_of(BertBackbone(config))
    checkpoint.vocabulary, checkpoint.lowercase = words.split(), True
    return write_checkpoint(checkpoint, tmp_path_factory.mktemp("hf") / "tiny", "huggingface")


@pytest.fixture(scope="session")
def reviews_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "reviews.tsv"
    rows = [
        f"the {thing} was {word}{end}\t{label}"
        for label, words in (("pos", "good fine great"), ("neg", "bad poor awful"))
        for word in words.split()
        for thing in ("film", "book")
        for end in ("", " !")
    ]
    path.write_text("text\tlabel\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def finetuned(pretrained, reviews_file, tmp_path_factory):
    """What `keras-bert finetune` wrote, and what it printed."""
    import contextlib
    import io
    import json

    from keras_bert.cli.main import main

    out = tmp_path_factory.mktemp("runs") / "reviews"
    printed = io.StringIO()
    arguments = f"finetune classify --preset {pretrained} --train {reviews_file} --valid "
    arguments += f"{reviews_file} --out {out} --epochs 16 --batch-size 8 --learning-rate 5e-3 "
    arguments += "--sequence-length 17 --json"
    with contextlib.redirect_stdout(printed):
        assert main(arguments.split()) == 0
    return out, json.loads(printed.getvalue())
