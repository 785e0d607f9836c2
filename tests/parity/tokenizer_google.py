"""Google's tokens for given texts, from whichever Python has tf-models-official."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

ORACLE = pathlib.Path(__file__).with_name("tokenizer_oracle.py")
PYTHON_VARIABLE = "KERAS_BERT_OFFICIAL_PYTHON"


def oracle_python() -> str | None:
    """The interpreter to ask: the variable's, else this one if it has the package."""
    if os.environ.get(PYTHON_VARIABLE):
        return os.environ[PYTHON_VARIABLE]
    return sys.executable if importlib.util.find_spec("official") else None


def google_tokens(texts, vocabulary_path, lowercase, limit=200):
    """Returns the list of token lists of `texts` (bytes)."""
    order = {
        "vocabulary": str(vocabulary_path),
        "lowercase": lowercase,
        "limit": limit,
        "texts": [text.decode("latin-1") for text in texts],
    }
    done = subprocess.run(
        [oracle_python(), str(ORACLE)],
        input=json.dumps(order),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
