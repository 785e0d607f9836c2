"""What we write for tf-models, restored by its own classes where they are installed."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest

from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "tf_models"
SCRIPT = pathlib.Path(__file__).with_name("tf_models_restore.py")
PYTHON_VARIABLE = "KERAS_BERT_OFFICIAL_PYTHON"


def test_the_model_gardens_classes_restore_what_is_written(tmp_path):
    python = os.environ.get(PYTHON_VARIABLE)
    if python is None and importlib.util.find_spec("official") is not None:
        python = sys.executable
    if python is None:
        pytest.skip(f"needs tf-models-official here, or in the Python of {PYTHON_VARIABLE}")
    write_checkpoint(read_checkpoint(GOLDEN / "source"), tmp_path / "out", "tf-models")
    arguments = [
        str(tmp_path / "out" / "bert_model.ckpt-1"),
        str(GOLDEN / "source" / "bert_config.json"),
        str(GOLDEN / "outputs.npz"),
    ]
    run = subprocess.run(
        [python, str(SCRIPT), *arguments], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr[-2000:]
    found = json.loads(run.stdout.splitlines()[-1])
    assert set(found) == {"BertEncoder", "BertEncoderV2", "BertPretrainerV2", "mlm_logits"}
    assert max(found.values()) < 1e-5, found
    print(found)
