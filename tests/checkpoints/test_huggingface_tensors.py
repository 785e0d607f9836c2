import numpy as np
import pytest

from keras_bert.checkpoints.huggingface_tensors import from_huggingface, to_huggingface

TABLE = "embeddings.word_embeddings.weight"


@pytest.fixture
def checkpoint(make_checkpoint):
    return make_checkpoint("mlm", "nsp", "classifier", "squad")


@pytest.fixture
def tensors(checkpoint):
    """Every head, under the names of today."""
    return dict(to_huggingface(checkpoint.arrays, checkpoint.config, prefixed=True))


def read(tensors, checkpoint):
    return from_huggingface(tensors, checkpoint.config, "some/folder", None)


def assert_equal(arrays, others):
    assert list(arrays) == list(others)
    for name, array in arrays.items():
        assert array.tobytes() == others[name].tobytes(), name


def test_kernels_are_turned_and_the_rest_is_not(checkpoint, tensors):
    arrays = checkpoint.arrays
    assert tensors["bert.encoder.layer.1.intermediate.dense.weight"].shape == (17, 14)
    np.testing.assert_array_equal(
        tensors["bert.encoder.layer.1.intermediate.dense.weight"],
        arrays["bert/encoder/layer_1/intermediate/dense/kernel"].T,
    )
    np.testing.assert_array_equal(tensors["classifier.weight"], arrays["output_weights"])
    np.testing.assert_array_equal(
        tensors[f"bert.{TABLE}"], arrays["bert/embeddings/word_embeddings"]
    )


def test_there_and_back(checkpoint, tensors):
    assert_equal(read(tensors, checkpoint), checkpoint.arrays)


def test_a_bare_model_has_no_prefix(make_checkpoint):
    checkpoint = make_checkpoint()
    tensors = to_huggingface(checkpoint.arrays, checkpoint.config, prefixed=False)
    assert TABLE in tensors
    assert not any(name.startswith("bert.") for name in tensors)
    assert_equal(read(tensors, checkpoint), checkpoint.arrays)


def test_names_of_2018(checkpoint, tensors):
    legacy = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in tensors.items()
    }
    assert legacy.keys() != tensors.keys()
    assert_equal(read(legacy, checkpoint), checkpoint.arrays)


def test_a_name_of_both_ages_is_refused(checkpoint, tensors):
    name = "bert.embeddings.LayerNorm.weight"
    tensors["bert.embeddings.LayerNorm.gamma"] = tensors[name]
    with pytest.raises(ValueError, match=rf"one tensor {name} in some/folder; .* by two names"):
        read(tensors, checkpoint)


@pytest.mark.parametrize("name", ["embeddings.position_ids", "bert.embeddings.position_ids"])
def test_buffers_are_left_out(checkpoint, tensors, name):
    tensors[name] = np.arange(11)[None]
    assert_equal(read(tensors, checkpoint), checkpoint.arrays)


def test_a_tied_decoder_may_be_stored_twice(checkpoint, tensors):
    tensors["cls.predictions.decoder.weight"] = tensors[f"bert.{TABLE}"].copy()
    tensors["cls.predictions.decoder.bias"] = tensors["cls.predictions.bias"].copy()
    assert_equal(read(tensors, checkpoint), checkpoint.arrays)


def test_a_tied_decoder_may_be_the_only_one_stored(checkpoint, tensors):
    tensors["cls.predictions.decoder.weight"] = tensors.pop(f"bert.{TABLE}")
    tensors["cls.predictions.decoder.bias"] = tensors.pop("cls.predictions.bias")
    assert_equal(read(tensors, checkpoint), checkpoint.arrays)


@pytest.mark.parametrize(
    ("copy", "original"),
    [
        ("cls.predictions.decoder.weight", f"bert.{TABLE}"),
        ("cls.predictions.decoder.bias", "cls.predictions.bias"),
    ],
)
def test_an_untied_decoder_is_refused(checkpoint, tensors, copy, original):
    tensors[copy] = tensors[original] + 1
    with pytest.raises(ValueError, match=rf"expected {copy} to equal {original}, to which BERT"):
        read(tensors, checkpoint)


def test_misfits_are_named_as_in_the_file(checkpoint, tensors):
    wrong = "bert.encoder.layer.0.output.dense.weight"
    tensors[wrong] = tensors[wrong].T
    del tensors["qa_outputs.bias"]
    tensors["crf.transitions"] = np.zeros(3, "float32")
    expected = (
        "received some/folder with 1 missing: qa_outputs.bias; 1 unknown: crf.transitions; "
        rf"1 misshapen: {wrong} \(expected \[14, 17\]; received \[17, 14\]\)"
    )
    with pytest.raises(ValueError, match=expected):
        read(tensors, checkpoint)


def test_half_precision_is_widened(checkpoint, tensors):
    half = {name: tensor.astype("float16") for name, tensor in tensors.items()}
    arrays = read(half, checkpoint)
    for name, array in arrays.items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, checkpoint.arrays[name].astype("float16"))


def test_double_precision_is_refused(checkpoint, tensors):
    tensors["classifier.bias"] = tensors["classifier.bias"].astype("float64")
    with pytest.raises(ValueError, match=r"received classifier.bias of type float64"):
        read(tensors, checkpoint)
