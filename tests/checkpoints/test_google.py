import json
import pathlib
import resource

import numpy as np
import pytest

from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint
from keras_bert.checkpoints.google import read_google

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "google_tf1"


def write_variables(arrays, prefix):
    """As Google's own training writes them: `tf.train.Saver` in a TF1 session."""
    import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variables = [
            tf.compat.v1.get_variable(name, initializer=array) for name, array in arrays.items()
        ]
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver(variables).save(session, str(prefix))


def config_json(checkpoint, **others):
    return json.dumps(checkpoint.config.to_dict() | {"hidden_act": "gelu"} | others)


@pytest.fixture
def google_folder(tmp_path, make_checkpoint):
    """A folder of every head, and the checkpoint that it holds."""
    checkpoint = make_checkpoint("mlm", "nsp", "classifier", "squad")
    write_checkpoint(checkpoint, tmp_path / "google", "google")
    return tmp_path / "google", checkpoint


def test_what_google_wrote_is_read_to_the_bit():
    import tensorflow as tf

    checkpoint = read_google(GOLDEN)
    reader = tf.train.load_checkpoint(str(GOLDEN / "bert_model.ckpt"))
    assert sorted(checkpoint.arrays) == sorted(reader.get_variable_to_shape_map())
    for name, array in checkpoint.arrays.items():
        assert array.tobytes() == reader.get_tensor(name).tobytes()
    assert checkpoint.heads == ("mlm", "nsp")
    assert checkpoint.vocabulary is None
    assert checkpoint.lowercase is None


def test_what_google_wrote_is_written_back_to_the_bit(tmp_path, assert_same_arrays):
    checkpoint = read_google(GOLDEN)
    write_checkpoint(checkpoint, tmp_path / "again", "google")
    assert_same_arrays(read_google(tmp_path / "again"), checkpoint)
    ours, theirs = (
        json.loads((folder / "bert_config.json").read_text())
        for folder in (tmp_path / "again", GOLDEN)
    )
    assert ours == theirs


def test_the_data_file_is_the_same_as_googles(tmp_path):
    write_checkpoint(read_google(GOLDEN), tmp_path / "again", "google")
    data = "bert_model.ckpt.data-00000-of-00001"
    assert (tmp_path / "again" / data).read_bytes() == (GOLDEN / data).read_bytes()


def test_every_head_and_the_vocabulary_come_back(google_folder, assert_same_arrays):
    folder, checkpoint = google_folder
    read = read_google(folder)
    assert_same_arrays(read, checkpoint)
    assert read.config == checkpoint.config
    assert read.vocabulary == checkpoint.vocabulary
    assert read.lowercase is True
    assert read.heads == ("mlm", "nsp", "classifier", "squad")


def test_init_from_checkpoint_of_tf1_reads_it(google_folder):
    """What `get_assignment_map_from_checkpoint` of Google's code does."""
    import tensorflow as tf

    folder, checkpoint = google_folder
    prefix = str(folder / "bert_model.ckpt")
    assert {name for name, _ in tf.train.list_variables(prefix)} == set(checkpoint.arrays)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variables = {
            name: tf.compat.v1.get_variable(name, array.shape)
            for name, array in checkpoint.arrays.items()
        }
        tf.compat.v1.train.init_from_checkpoint(prefix, {name: name for name in variables})
        session.run(tf.compat.v1.global_variables_initializer())
        for name, value in session.run(variables).items():
            np.testing.assert_array_equal(value, checkpoint.arrays[name])


def test_training_state_is_left_out_by_name(tmp_path, make_checkpoint, assert_same_arrays):
    checkpoint = make_checkpoint("classifier")
    state = {"global_step": np.int64(7)}
    for name, array in checkpoint.arrays.items():
        state |= {f"{name}/adam_m": array, f"{name}/adam_v": array}
    write_variables(checkpoint.arrays | state, tmp_path / "model.ckpt-1234")
    (tmp_path / "bert_config.json").write_text(config_json(checkpoint))
    assert_same_arrays(read_google(tmp_path), checkpoint)


def test_other_names_are_unknown_and_misfits_are_named_with_them(tmp_path, make_checkpoint):
    checkpoint = make_checkpoint()
    arrays = dict(checkpoint.arrays, extra=np.zeros(2, "float32"))
    arrays["bert/pooler/dense/bias"] = arrays["bert/pooler/dense/bias"][:-1]
    del arrays["bert/embeddings/LayerNorm/gamma"]
    write_variables(arrays, tmp_path / "bert_model.ckpt")
    (tmp_path / "bert_config.json").write_text(config_json(checkpoint))
    expected = (
        "received .*bert_model.ckpt with 1 missing: bert/embeddings/LayerNorm/gamma; "
        r"1 unknown: extra; 1 misshapen: bert/pooler/dense/bias \(expected \[14\]; received \[13\]"
    )
    with pytest.raises(ValueError, match=expected):
        read_google(tmp_path)


@pytest.mark.parametrize(
    ("act", "written", "others"),
    [
        ("gelu_new", "gelu", {}),
        ("gelu_tanh", "gelu", {}),
        ("gelu_pytorch_tanh", "gelu", {}),
        ("relu", "relu", {}),
        ("tanh", "tanh", {}),
        ("linear", "linear", {}),
    ],
)
def test_activations_that_google_has(tmp_path, make_checkpoint, act, written, others):
    write_checkpoint(make_checkpoint(hidden_act=act), tmp_path / "google", "google")
    values = json.loads((tmp_path / "google" / "bert_config.json").read_text())
    assert values["hidden_act"] == written
    assert "hidden_act_form" not in values
    assert "layer_norm_eps" not in values
    expected = "gelu_new" if written == "gelu" else act
    assert read_google(tmp_path / "google").config.hidden_act == expected


def test_an_exact_gelu_is_marked_and_comes_back(tmp_path, make_checkpoint):
    checkpoint = make_checkpoint(hidden_act="gelu")
    with pytest.warns(UserWarning, match=r"Google's own code computes the tanh .*gelu"):
        write_checkpoint(checkpoint, tmp_path / "google", "google")
    values = json.loads((tmp_path / "google" / "bert_config.json").read_text())
    assert (values["hidden_act"], values["hidden_act_form"]) == ("gelu", "erf")
    assert read_google(tmp_path / "google").config == checkpoint.config


def test_another_epsilon_is_written_with_a_warning(tmp_path, make_checkpoint):
    checkpoint = make_checkpoint(layer_norm_eps=1e-5)
    with pytest.warns(UserWarning, match=r"Google's own code computes layer norm with 1e-12"):
        write_checkpoint(checkpoint, tmp_path / "google", "google")
    assert read_google(tmp_path / "google").config == checkpoint.config


def test_an_activation_that_google_lacks_is_refused(tmp_path, make_checkpoint):
    with pytest.raises(ValueError, match=r"a hidden_act that Google's code has.*received 'silu'"):
        write_checkpoint(make_checkpoint(hidden_act="silu"), tmp_path / "google", "google")
    assert list(tmp_path.iterdir()) == []


def test_labels_case_and_kind_of_task_come_back(tmp_path, make_checkpoint):
    checkpoint = make_checkpoint(
        "classifier",
        labels=["no", "yes", "ça va"],
        lowercase=False,
        metadata={
            "architectures": ["BertForTokenClassification"],
            "problem_type": "multi_label_classification",
        },
    )
    write_checkpoint(checkpoint, tmp_path / "google", "google")
    read = read_google(tmp_path / "google")
    assert (read.labels, read.lowercase) == (checkpoint.labels, False)
    assert read.metadata == checkpoint.metadata


def test_without_a_word_about_case_the_vocabulary_decides(tmp_path, make_checkpoint):
    for vocabulary, lowercase in ((["[UNK]", "a"], True), (["[UNK]", "a", "B"], False)):
        folder = tmp_path / str(lowercase)
        write_checkpoint(make_checkpoint(vocabulary=vocabulary, lowercase=None), folder, "google")
        assert "do_lower_case" not in json.loads((folder / "bert_config.json").read_text())
        assert read_google(folder).lowercase is lowercase


@pytest.mark.parametrize("names", [[], ["bert_model.ckpt", "model.ckpt-7"]])
def test_there_must_be_one_checkpoint(tmp_path, google_folder, names):
    folder, _ = google_folder
    index = (folder / "bert_model.ckpt.index").read_bytes()
    (folder / "bert_model.ckpt.index").unlink()
    for name in names:
        (folder / f"{name}.index").write_bytes(index)
    received = "none" if not names else r"\['bert_model.ckpt', 'model.ckpt-7'\]"
    with pytest.raises(ValueError, match=rf"expected one checkpoint .*; received {received}"):
        read_google(folder)


def test_a_configuration_that_is_none_is_named(tmp_path, google_folder):
    folder, _ = google_folder
    (folder / "bert_config.json").write_text('{"vocab_size": 31, "albert": 1}')
    with pytest.raises(ValueError, match=r"expected a BERT configuration in .*bert_config.json"):
        read_google(folder)


def test_a_checkpoint_of_objects_is_refused_by_its_names(tmp_path, make_checkpoint):
    import tensorflow as tf

    tf.train.Checkpoint(layer=tf.Variable([1.0, 2.0])).write(str(tmp_path / "bert_model.ckpt"))
    (tmp_path / "bert_config.json").write_text(config_json(make_checkpoint()))
    with pytest.raises(ValueError, match=r"unknown: .*layer/.ATTRIBUTES/VARIABLE_VALUE"):
        read_google(tmp_path)


def flip_a_byte(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 64
    path.write_bytes(content)


DAMAGE = {
    "data cut short": lambda data, index: data.write_bytes(data.read_bytes()[:5000]),
    "data empty": lambda data, index: data.write_bytes(b""),
    "data gone": lambda data, index: data.unlink(),
    "data changed": lambda data, index: flip_a_byte(data, 3000),
    "index cut short": lambda data, index: index.write_bytes(index.read_bytes()[:500]),
    "index empty": lambda data, index: index.write_bytes(b""),
    "index changed": lambda data, index: flip_a_byte(index, 100),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_files_are_named_with_their_sizes(google_folder, damage, request):
    folder, checkpoint = google_folder
    data = folder / "bert_model.ckpt.data-00000-of-00001"
    index = folder / "bert_model.ckpt.index"
    damage(data, index)
    if "index" in request.node.callspec.id:
        stated = "a readable index"
    else:
        stated = f"{sum(array.nbytes for array in checkpoint.arrays.values())} bytes of data"
    received = f"bert_model.ckpt.index of {index.stat().st_size} bytes"
    expected = (
        rf"expected a whole checkpoint .*bert_model.ckpt with {stated}; received .*{received}"
    )
    with pytest.raises(ValueError, match=expected):
        read_google(folder)


@pytest.fixture
def disk_that_takes_20000_bytes():
    """No file may grow beyond 20,000 bytes, which TensorFlow meets as it does a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_takes_no_more_is_a_clear_error(tmp_path, disk_that_takes_20000_bytes):
    checkpoint = read_google(GOLDEN)
    expected = r"expected room and permission to write .*out; received: .*File too large"
    with pytest.raises(OSError, match=expected):
        write_checkpoint(checkpoint, tmp_path / "out", "google")
    assert list(tmp_path.iterdir()) == []


def test_reading_by_the_general_function_is_the_same(google_folder, assert_same_arrays):
    folder, checkpoint = google_folder
    assert_same_arrays(read_checkpoint(folder), checkpoint)
