from keras_bert.checkpoints.rows import ENCODER_PARTS, HEADS, ROWS, expand, heads_of, shape_of
from keras_bert.config import BertConfig

BASE = BertConfig(vocab_size=30522)


def parameters(config, parts, num_labels=2):
    total = 0
    for row in expand(config, parts):
        size = 1
        for n in shape_of(row, config, num_labels):
            size *= n
        total += size
    return total


def test_published_parameter_counts():
    encoder = (*ENCODER_PARTS, "pooler")
    assert parameters(BASE, encoder) == 109_482_240  # BERT-base, uncased
    large = BertConfig(
        vocab_size=30522,
        hidden_size=1024,
        num_hidden_layers=24,
        num_attention_heads=16,
        intermediate_size=4096,
    )
    assert parameters(large, encoder) == 335_141_888  # BERT-large, uncased
    # BertForPreTraining of transformers, its decoder tied.
    assert parameters(BASE, (*encoder, "mlm", "nsp")) == 110_106_428


def test_names_are_distinct_in_every_format():
    rows = expand(BASE)
    assert len({row.google for row in rows}) == len(rows)
    assert len({row.huggingface for row in rows}) == len(rows)


def test_layers_are_numbered_in_both_names():
    names = {row.google: row.huggingface for row in expand(BASE)}
    google = "bert/encoder/layer_11/attention/output/dense/kernel"
    assert names[google] == "bert.encoder.layer.11.attention.output.dense.weight"
    assert "bert/encoder/layer_12/attention/output/dense/kernel" not in names
    assert not any("{" in name for pair in names.items() for name in pair)


def test_only_kernels_are_transposed():
    for row in ROWS:
        assert row.transposed == row.google.endswith("/kernel"), row.google


def test_heads_are_found_by_any_of_their_names():
    assert heads_of(["output_bias", "cls/predictions/output_bias"]) == ("mlm", "classifier")
    assert heads_of(["bert/pooler/dense/kernel"]) == ()
    names = [*(row.google for row in ROWS), "heads/mood/output_bias"]
    assert heads_of(names) == HEADS


def test_the_size_of_a_classifier_may_be_open():
    row = next(row for row in ROWS if row.google == "output_weights")
    assert shape_of(row, BASE, None) == (None, 768)
    assert shape_of(row, BASE, 3) == (3, 768)
