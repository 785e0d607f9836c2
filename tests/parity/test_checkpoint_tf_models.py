"""What we write for tf-models, restored by its own classes where they are installed."""

import json
import pathlib
import subprocess

import pytest
from tokenizer_google import oracle_python

from keras_bert.checkpoints.formats import read_checkpoint, write_checkpoint

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "tf_models"
SCRIPT = pathlib.Path(__file__).with_name("tf_models_restore.py")


def test_the_model_gardens_classes_restore_what_is_written(tmp_path):
    python = oracle_python()
    if python is None:
        pytest.skip("tf-models-official is not installed")
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
