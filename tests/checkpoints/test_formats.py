import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

from keras_bert.checkpoints.formats import (
    FORMATS,
    READERS,
    detect_format,
    read_checkpoint,
    write_checkpoint,
)

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize("first", FORMATS)
@pytest.mark.parametrize("second", FORMATS)
def test_every_format_becomes_every_other(
    tmp_path, make_checkpoint, assert_same_arrays, first, second
):
    checkpoint = make_checkpoint(
        "mlm", "nsp", "classifier", "squad", labels=["a", "b", "c"], lowercase=False
    )
    write_checkpoint(checkpoint, tmp_path / "first", first)
    assert detect_format(tmp_path / "first") == first
    write_checkpoint(read_checkpoint(tmp_path / "first"), tmp_path / "second", second)
    read = read_checkpoint(tmp_path / "second")
    assert_same_arrays(read, checkpoint)
    assert read.config == checkpoint.config
    assert (read.vocabulary, read.lowercase) == (checkpoint.vocabulary, False)
    assert read.labels == ["a", "b", "c"]


@pytest.mark.parametrize("format", FORMATS)
def test_writing_again_what_was_read_changes_no_byte(tmp_path, make_checkpoint, format):
    write_checkpoint(make_checkpoint("mlm"), tmp_path / "one", format)
    write_checkpoint(read_checkpoint(tmp_path / "one"), tmp_path / "two", format)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "two").iterdir())
    for name in names:
        if not name.endswith(".index"):  # TensorFlow's version of the writer is in there
            assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "format"),
    [("google_tf1", "google"), ("huggingface_classifier", "huggingface")],
)
def test_golden_folders_are_recognised(name, format):
    assert detect_format(GOLDEN / name) == format


def test_only_googles_format_needs_tensorflow():
    code = (
        "import sys; from keras_bert.checkpoints import read_checkpoint, write_checkpoint;"
        "checkpoint = read_checkpoint(sys.argv[1]);"
        "assert not {'tensorflow', 'keras', 'jax', 'torch'} & set(sys.modules)"
    )
    folder = GOLDEN / "huggingface_classifier"
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)


def test_a_place_that_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(ValueError, match=rf"expected a checkpoint folder; received {path}"):
            detect_format(path)


def test_a_folder_without_a_checkpoint_says_what_it_holds(tmp_path):
    expected = r"expected bert_config.json .*config.json .*preset.json .*; received .* with "
    with pytest.raises(ValueError, match=expected + "nothing"):
        detect_format(tmp_path)
    (tmp_path / "config.json").touch()
    with pytest.raises(ValueError, match=expected + r"\['config.json'\]"):
        detect_format(tmp_path)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin"])
def test_a_pickle_is_refused_with_the_way_to_convert_it(tmp_path, name):
    shutil.copy(GOLDEN / "huggingface_classifier" / "config.json", tmp_path)
    (tmp_path / name).write_bytes(b"\x80\x04.")
    expected = r"expected weights in model.safetensors; .*pickle.*AutoModel.*save_pretrained"
    with pytest.raises(ValueError, match=expected):
        read_checkpoint(tmp_path)


def test_two_formats_in_one_folder_ask_which(tmp_path):
    for name in ("google_tf1", "huggingface_classifier"):
        shutil.copytree(GOLDEN / name, tmp_path, dirs_exist_ok=True)
    expected = r'of one format in .*; received google and huggingface: .*format="google"'
    with pytest.raises(ValueError, match=expected):
        read_checkpoint(tmp_path)
    assert read_checkpoint(tmp_path, "huggingface").config.hidden_size == 21
    assert read_checkpoint(tmp_path, "google").config.hidden_size == 60


@pytest.mark.parametrize("format", ["tf1", "Google"])
def test_an_unknown_format_is_refused(tmp_path, make_checkpoint, format):
    expected = f"expected a format of {', '.join(FORMATS)}; received '{format}'"
    with pytest.raises(ValueError, match=expected):
        write_checkpoint(make_checkpoint(), tmp_path / "out", format)
    expected = f"expected a format of {', '.join(READERS)}; received '{format}'"
    with pytest.raises(ValueError, match=expected):
        read_checkpoint(GOLDEN / "google_tf1", format)


@pytest.mark.parametrize("format", FORMATS)
def test_arrays_that_do_not_fit_are_not_written(tmp_path, make_checkpoint, format):
    checkpoint = make_checkpoint()
    del checkpoint.arrays["bert/pooler/dense/bias"]
    with pytest.raises(ValueError, match="received a checkpoint to write with 1 missing: bert/poo"):
        write_checkpoint(checkpoint, tmp_path / "out", format)
    assert list(tmp_path.iterdir()) == []


def test_more_word_pieces_than_embeddings_are_neither_read_nor_written(tmp_path, make_checkpoint):
    checkpoint = make_checkpoint(vocabulary=[f"[{i}]" for i in range(32)])
    expected = "at most vocab_size=31 word pieces in a checkpoint to write; received 32"
    with pytest.raises(ValueError, match=expected):
        write_checkpoint(checkpoint, tmp_path / "out", "keras")
    checkpoint.vocabulary.pop()
    write_checkpoint(checkpoint, tmp_path / "out", "keras")
    with (tmp_path / "out" / "vocab.txt").open("a") as file:
        file.write("one more\n")
    with pytest.raises(ValueError, match=r"vocab_size=31 word pieces in .*out; received 32"):
        read_checkpoint(tmp_path / "out")


def test_a_folder_that_holds_something_is_kept(tmp_path, make_checkpoint):
    (tmp_path / "mine").touch()
    with pytest.raises(FileExistsError, match="expected no files yet"):
        write_checkpoint(make_checkpoint(), tmp_path, "keras")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_overwriting_changes_the_format_of_a_folder(tmp_path, make_checkpoint):
    target = tmp_path / "out"
    write_checkpoint(make_checkpoint(), target, "huggingface")
    assert write_checkpoint(make_checkpoint(), target, "keras", overwrite=True) == target
    assert detect_format(target) == "keras"
    assert not (target / "config.json").exists()


def test_half_precision_arrays_are_written_as_float32(tmp_path, make_checkpoint):
    checkpoint = make_checkpoint()
    checkpoint.arrays = {name: a.astype("float16") for name, a in checkpoint.arrays.items()}
    for format in FORMATS:
        write_checkpoint(checkpoint, tmp_path / format, format)
        for name, array in read_checkpoint(tmp_path / format).arrays.items():
            assert array.dtype == np.float32
            np.testing.assert_array_equal(array, checkpoint.arrays[name])


@pytest.mark.parametrize("format", ["huggingface", "keras"])
def test_weights_may_be_kept_in_half_precision(tmp_path, make_checkpoint, format):
    checkpoint = make_checkpoint()
    write_checkpoint(checkpoint, tmp_path / "whole", format)
    write_checkpoint(checkpoint, tmp_path / "half", format, dtype="float16")
    whole, half = (
        (tmp_path / name / "model.safetensors").stat().st_size for name in ("whole", "half")
    )
    assert half < 0.8 * whole  # names are much of so small a file
    for name, array in read_checkpoint(tmp_path / "half").arrays.items():
        assert array.dtype == np.float32
        rounded = np.asarray(checkpoint.arrays[name]).astype("float16")
        np.testing.assert_array_equal(array, rounded.astype("float32"))


@pytest.mark.parametrize("format", ["google", "tf-models"])
def test_formats_without_half_precision_refuse_it(tmp_path, make_checkpoint, format):
    message = rf"expected weights of type float32 for {format}; received 'float16'"
    with pytest.raises(ValueError, match=message):
        write_checkpoint(make_checkpoint(), tmp_path / "out", format, dtype="float16")
    assert not (tmp_path / "out").exists()
