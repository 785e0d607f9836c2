"""Measures all-minilm-l6-v2 beside transformers on torch, on real sentences.

    KERAS_BERT_TRANSFORMERS_PYTHON=… python tests/parity/measure_minilm.py \
        --sentences sst2.tsv.gz --stsb stsb.tsv.gz

Prints the largest absolute differences of `sequence_output` (where there is no padding) and
`pooled_output`, and Spearman's correlation of the cosine of mean-pooled vectors with STS-B's
scores, both ways. `--sentences`: text in the first of tab-separated columns; `--stsb`: the
benchmark's nine columns with a header.

Shapes: N sentences, S positions, H hidden size.
"""

import argparse
import gzip
import pathlib
import tempfile

import numpy as np
import scipy.stats
import transformers_oracle as oracle

from keras_bert.models.backbone import BertBackbone
from keras_bert.presets import resolve_preset
from keras_bert.text.preprocessor import BertPreprocessor

PRESET = "all-minilm-l6-v2"
ROWS_A_CHUNK = 256


def read_rows(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file]


class Comparison:
    """Both implementations, and the largest differences so far."""

    def __init__(self):
        self.folder = resolve_preset(PRESET)
        self.backbone = BertBackbone.from_preset(PRESET)
        self.preprocessor = BertPreprocessor.from_preset(
            PRESET, sequence_length=128, padding="longest"
        )
        self.differences = {"sequence_output": 0.0, "pooled_output": 0.0}

    def mean_pooled(self, texts):
        """Float [2, N, H]: ours and theirs, in the texts' order."""
        pooled = np.zeros((2, len(texts), self.backbone.config.hidden_size))
        order = np.argsort([len(text) for text in texts])
        for start in range(0, len(texts), ROWS_A_CHUNK):
            rows = order[start : start + ROWS_A_CHUNK]
            pooled[:, rows] = self._compare([texts[row] for row in rows])
        return pooled

    def _compare(self, texts):
        features = self.preprocessor(texts)
        ours = self.backbone(features)
        with tempfile.TemporaryDirectory() as scratch:
            theirs, _ = oracle.run(self.folder, "AutoModel", features, pathlib.Path(scratch))
        mask = np.asarray(features["input_mask"], bool)
        pairs = {
            "sequence_output": (np.asarray(ours["sequence_output"]), theirs["last_hidden_state"]),
            "pooled_output": (np.asarray(ours["pooled_output"]), theirs["pooler_output"]),
        }
        for name, (one, other) in pairs.items():
            difference = np.abs(one - other)
            difference = difference[mask] if difference.ndim == 3 else difference
            self.differences[name] = max(self.differences[name], float(difference.max()))
        weights = mask[..., None] / mask.sum(-1)[:, None, None]
        return [(vectors * weights).sum(1) for vectors in pairs["sequence_output"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sentences", required=True)
    parser.add_argument("--stsb", required=True)
    parser.add_argument("--limit", type=int, help="rows of each file")
    arguments = parser.parse_args()

    comparison = Comparison()
    sentences = [row[0] for row in read_rows(arguments.sentences)][: arguments.limit]
    comparison.mean_pooled(sentences)
    print(f"{len(sentences)} sentences: largest differences {comparison.differences}")

    rows = read_rows(arguments.stsb)[1:][: arguments.limit]
    firsts, seconds, scores = zip(*((row[7], row[8], float(row[9])) for row in rows), strict=True)
    first, second = comparison.mean_pooled(firsts), comparison.mean_pooled(seconds)
    for name, a, b in zip(("keras_bert", "transformers"), first, second, strict=True):
        cosine = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
        spearman = scipy.stats.spearmanr(cosine, scores).statistic
        print(f"{name}: Spearman {100 * spearman:.4f} on {len(rows)} pairs")
    print(f"with STS-B: largest differences {comparison.differences}")


if __name__ == "__main__":
    main()
