"""`keras-bert vocab` from its arguments to files."""

import gzip
import json
import re

import numpy as np
import pytest

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.formats import (
    READERS,
    detect_format,
    read_checkpoint,
    write_checkpoint,
)
from keras_bert.checkpoints.rows import expand, shape_of
from keras_bert.cli.main import main
from keras_bert.config import BertConfig
from keras_bert.text.tokenizer import BertTokenizer
from keras_bert.text.vocabulary import Vocabulary

WORDS = "[PAD] [unused0] [UNK] [CLS] [SEP] [MASK] l o w e r ##l ##o ##w ##e ##r ##s low ."
LINES = ["Lower, lower low!", "", "newest Newest new néw lowest", "widest 2 wide. " * 3]
V = "cls/predictions/output_bias"


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt.gz"
    path.write_bytes(gzip.compress(("\n".join(LINES) + "\n").encode()))
    return str(path)


@pytest.fixture(scope="module")
def checkpoint():
    """A random encoder with a masked LM head, and two rows of padding in its embeddings."""
    vocabulary = WORDS.split()
    config = BertConfig(
        vocab_size=len(vocabulary) + 2,
        hidden_size=10,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=13,
        max_position_embeddings=17,
        hidden_act="gelu_new",
    )
    draw = np.random.default_rng(11)
    arrays = {
        row.google: draw.normal(size=shape_of(row, config, None)).astype("float32")
        for row in expand(config, ("embeddings", "encoder", "pooler", "mlm"))
    }
    return Checkpoint(config, arrays, vocabulary, lowercase=True)


def run(capsys, *words):
    code = main(["vocab", *map(str, words)])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def report_of(capsys, *words):
    code, out, err = run(capsys, *words, "--json")
    assert code == 0, err
    return json.loads(out)


def test_vocab_learns_a_vocabulary_that_the_tokenizer_takes(capsys, corpus, tmp_path):
    out = tmp_path / "made" / "vocab.txt"
    report = report_of(capsys, corpus, "--size", 60, "--unused", 3, "--out", out)
    vocabulary = Vocabulary.from_file(out)
    assert list(vocabulary[:5]) == ["[PAD]", "[unused0]", "[unused1]", "[unused2]", "[UNK]"]
    assert report["size"] == len(vocabulary) <= 60
    assert report["words"] == 5 + 5 + 3 * 4
    assert report["lowercase"] is True
    assert report["characters"] == len(set("lower,!newstid.2"))
    assert report["most_lost"] == {}
    tokenizer = BertTokenizer(vocabulary)
    ids = [i for row in tokenizer(LINES).to_list() for i in row]
    assert report["pieces_per_word"] == len(ids) / report["words"]
    assert report["unknown_share"] == ids.count(tokenizer.unk_id) / report["words"]
    assert tokenizer(["new lower"]).to_list() == [[vocabulary.id_of(w) for w in ("new", "lower")]]


def test_vocab_is_cased_on_request_and_reports_on_other_text(capsys, corpus, tmp_path):
    held_out = tmp_path / "held_out.txt"
    held_out.write_text("new new ∞ lower")
    out = tmp_path / "cased.txt"
    common = ("--size", 70, "--unused", 0, "--no-lowercase", "--held-out", held_out)
    report = report_of(capsys, corpus, *common, "--out", out)
    assert {"N", "L"} <= set(Vocabulary.from_file(out))
    assert report["held_out_unknown_share"] == 0.25
    assert report["held_out_pieces_per_word"] >= 1


def test_vocab_says_when_a_corpus_has_too_few_pieces(capsys, corpus, tmp_path):
    code, out, err = run(capsys, corpus, "--size", 5000, "--out", tmp_path / "v.txt")
    size = len(Vocabulary.from_file(tmp_path / "v.txt"))
    assert code == 0
    assert size < 200
    assert f"no more than {size} pieces of at least --min-frequency 2" in err
    assert "character_coverage" in out


@pytest.mark.parametrize("format", ["google", "huggingface", "keras", "tf-models"])
def test_vocab_prunes_a_checkpoint_in_its_own_format(capsys, corpus, checkpoint, tmp_path, format):
    source = write_checkpoint(checkpoint, tmp_path / "source", format)
    out = tmp_path / "pruned"
    report = report_of(capsys, corpus, "--prune", source, "--no-characters", "--out", out)
    assert report["format"] == detect_format(out) == format
    pruned = read_checkpoint(out)
    assert report["size"] == len(pruned.vocabulary) == pruned.config.vocab_size
    assert pruned.vocabulary == [*WORDS.split()[:1], *WORDS.split()[2:6], "##e", "##r", "low", "."]
    assert pruned.lowercase is True
    old = [checkpoint.vocabulary.index(piece) for piece in pruned.vocabulary]
    for name, array in checkpoint.arrays.items():
        sized = name in ("bert/embeddings/word_embeddings", V)
        assert pruned.arrays[name].tobytes() == (array[old] if sized else array).tobytes()


def test_vocab_continues_a_checkpoint_and_keeps_its_padding(capsys, corpus, checkpoint, tmp_path):
    source = write_checkpoint(checkpoint, tmp_path / "source", "google")
    report = report_of(
        capsys, corpus, "--continue", source, "--add", 2, "--out", tmp_path / "continued"
    )
    continued = read_checkpoint(tmp_path / "continued")
    assert (report["added"], report["dropped"]) == (2, 1)
    # One piece took the place of [unused0], the other that of a row of padding.
    assert continued.config.vocab_size == checkpoint.config.vocab_size
    assert len(continued.vocabulary) == len(checkpoint.vocabulary) + 1
    kept = [number for number in range(len(checkpoint.vocabulary)) if number != 1]
    table, old = (c.arrays["bert/embeddings/word_embeddings"] for c in (continued, checkpoint))
    assert table[[*kept, -1]].tobytes() == old[[*kept, -1]].tobytes()
    assert report["unknown_share"] < report["unknown_share_before"]


def test_vocab_changes_a_file_as_it_is_asked(capsys, corpus, tmp_path):
    old = tmp_path / "old.txt"
    old.write_text("\n".join(WORDS.split()) + "\n")
    common = ("--continue", old, "--held-out", corpus)
    report = report_of(capsys, corpus, *common, "--append", "--out", tmp_path / "new.txt")
    new = Vocabulary.from_file(tmp_path / "new.txt")
    assert list(new[: len(WORDS.split())]) == WORDS.split()
    assert report["format"] == "vocab.txt"
    assert report["held_out_unknown_share"] == report["unknown_share"]
    assert report["held_out_pieces_per_word_before"] == report["pieces_per_word_before"]
    pruned = tmp_path / "pruned.txt"
    report_of(capsys, corpus, "--prune", tmp_path / "new.txt", "--min-count", 3, "--out", pruned)
    assert "widest" not in Vocabulary.from_file(pruned) or "##t" in Vocabulary.from_file(pruned)
    assert {"l", "##o"} <= set(Vocabulary.from_file(pruned))


def test_vocab_refuses_and_leaves_what_is_there(capsys, corpus, checkpoint, tmp_path):
    there = tmp_path / "there.txt"
    there.write_text("mine")
    empty = tmp_path / "empty.txt"
    empty.write_text("\n \n")
    binary = tmp_path / "binary"
    binary.write_bytes(b"ab\xff")
    bare = Checkpoint(checkpoint.config, checkpoint.arrays)
    bare = write_checkpoint(bare, tmp_path / "bare", "keras")
    out = tmp_path / "out.txt"
    for words, message in (
        ((corpus, "--size", 60, "--out", there), "expected no file yet at .*--overwrite"),
        ((corpus, "--size", 60, "--out", tmp_path), "expected a file to write as --out"),
        ((corpus, "--size", 9, "--out", out), "expected a size of at least"),
        ((empty, "--size", 999, "--out", out), "expected a corpus with words"),
        ((binary, "--size", 999, "--out", out), "expected UTF-8 text .* line 1"),
        ((tmp_path / "no", "--size", 999, "--out", out), "expected a corpus"),
        (
            (corpus, "--size", 60, "--add", 5, "--out", out),
            "expected --add with --continue; .*--size",
        ),
        ((corpus, "--prune", bare, "--append", "--out", out), "expected --append with --continue"),
        ((corpus, "--size", 60, "--out", there / "v.txt"), "expected room and permission to write"),
        ((corpus, "--prune", bare, "--out", out), "expected a checkpoint with a vocabulary"),
    ):
        code, printed, err = run(capsys, *words)
        assert (code, printed) == (1, "")
        assert re.search(message, err), err
        assert not out.exists()
    assert there.read_text() == "mine"


def test_vocab_refuses_formats_that_are_only_read(
    capsys, corpus, checkpoint, tmp_path, monkeypatch
):
    source = write_checkpoint(checkpoint, tmp_path / "source", "keras")
    monkeypatch.setattr("keras_bert.checkpoints.formats.detect_format", lambda folder: "hub")
    monkeypatch.setitem(
        READERS,
        "hub",
        lambda folder: checkpoint,
    )
    code, _, err = run(capsys, corpus, "--prune", source, "--out", tmp_path / "out")
    assert code == 1
    assert "expected a checkpoint in a format that is written too" in err
