"""What importing costs, and that it works whatever comes first."""

import subprocess
import sys

import pytest


def python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_records_and_features_do_not_import_keras():
    python(
        "import sys, keras_bert.data.records, keras_bert.data.features\n"
        "from keras_bert.data import read_records\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )


def test_each_can_be_imported_first():
    """In one process, for which TensorFlow is imported once and this package twice."""
    python(
        "import sys\n"
        "from keras_bert.data.batches import EpochCounter, FeatureBatches\n"
        "for name in [name for name in sys.modules if name.partition('.')[0] == 'keras_bert']:\n"
        "    del sys.modules[name]\n"
        "from keras_bert.training.resume import ResumableTraining\n"
        "assert sys.modules['keras_bert.data.batches'].FeatureBatches is not FeatureBatches"
    )


def test_unknown_names():
    import keras_bert.data
    import keras_bert.data.batches

    assert keras_bert.data.FeatureBatches is keras_bert.data.batches.FeatureBatches
    for module in (keras_bert.data, keras_bert.data.batches):
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            module.__getattr__("nothing")
