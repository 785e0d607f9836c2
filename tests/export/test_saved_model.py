import json
import os
import subprocess
import sys

import pytest
import tensorflow as tf

from keras_bert.export.saved_model import version_folder, write_saved_model


@pytest.fixture
def doubler():
    weight = tf.Variable([2.0, 3.0])
    signature = [tf.TensorSpec([None, 2], tf.float32, "values")]
    function = tf.function(lambda values: {"scaled": values * weight}, input_signature=signature)
    return {"serving_default": function}, [weight]


def test_version_folder_numbers(tmp_path):
    assert version_folder(tmp_path / "7") == tmp_path / "7"
    assert version_folder(tmp_path) == tmp_path / "1"
    (tmp_path / "2").mkdir()
    (tmp_path / "11").mkdir()
    (tmp_path / "notes").mkdir()
    assert version_folder(tmp_path) == tmp_path / "12"


def test_writes_loadable_version_with_assets(tmp_path, doubler):
    version = write_saved_model(
        tmp_path / "m", *doubler, extra_assets={"card.json": json.dumps({"unit": "é"})}
    )
    assert version == tmp_path / "m" / "1"
    loaded = tf.saved_model.load(version)
    scaled = loaded.signatures["serving_default"](values=tf.constant([[1.0, 1.0]]))["scaled"]
    assert scaled.numpy().tolist() == [[2.0, 3.0]]
    assert json.loads((version / "assets.extra" / "card.json").read_text("utf-8")) == {"unit": "é"}


def test_a_signature_is_traced_and_stored_once(tmp_path):
    traces = []

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "values")])
    def function(values):
        traces.append(values)
        return {"same": values}

    write_saved_model(tmp_path / "1", {"serving_default": function}, [])
    assert len(traces) == 1


def test_a_version_that_is_there_stays(tmp_path, doubler):
    write_saved_model(tmp_path / "3", *doubler)
    with pytest.raises(FileExistsError, match=r"expected .*3"):
        write_saved_model(tmp_path / "3", *doubler)
    assert write_saved_model(tmp_path / "3", *doubler, overwrite=True) == tmp_path / "3"


def test_failed_write_leaves_nothing(tmp_path, doubler, monkeypatch):
    def full_disk(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_saved_model(tmp_path / "m" / "1", *doubler)
    assert not (tmp_path / "m").exists()


def test_killed_write_leaves_no_version(tmp_path):
    # The process kills itself in the middle of the write, as a server that is taken away.
    script = """
import os, signal, sys
import tensorflow as tf
from keras_bert.export.saved_model import write_saved_model
save = tf.saved_model.save
def save_and_die(*arguments, **options):
    save(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)
tf.saved_model.save = save_and_die
one = tf.function(lambda: {"one": tf.constant(1)}, input_signature=[])
write_saved_model(sys.argv[1], {"serving_default": one}, [])
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "m")],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
    )
    assert done.returncode == -9
    # TensorFlow Serving serves folders whose name is a number, and no others.
    assert not [child for child in (tmp_path / "m").iterdir() if child.name.isdigit()]
