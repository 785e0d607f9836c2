"""Speed of BertTokenizer beside tensorflow-text's FastBertTokenizer and Rust tokenizers.

One core each, the three in turn, medians of several rounds, megabytes of UTF-8 a second
of processor time (so that other programs on the machine matter less):

    python benchmarks/tokenizer.py [--text FILE] [--vocabulary vocab.txt] [--output FILE.md]

Without `--text` the texts are made up by `tokenizer_texts.py`; the vocabulary is that of
the registered preset all-minilm-l6-v2 unless one is given.
"""

import argparse
import datetime
import gzip
import os
import pathlib
import platform
import statistics
import time

os.environ.update(TOKENIZERS_PARALLELISM="false", RAYON_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
import tensorflow_text
import tokenizer_texts
import tokenizers

from keras_bert.presets import resolve_preset
from keras_bert.text import BertPreprocessor, BertTokenizer

SEQUENCE_LENGTH = 128


def main():
    """Measures what the arguments ask for and prints the table."""
    options = arguments()
    use_one_core()
    vocabulary = options.vocabulary or resolve_preset("all-minilm-l6-v2") / "vocab.txt"
    makers = {"tokenize only": tokenize_only, f"ids, mask, types of {SEQUENCE_LENGTH}": preprocess}
    lines = []
    for kind, texts in corpora(options).items():
        for work, make in makers.items():
            speeds = measure(make(vocabulary), texts, options.batch, options.rounds)
            lines.append(f"| {kind} | {work} | " + " | ".join(f"{s:.1f}" for s in speeds) + " |")
            print(lines[-1], flush=True)
    report = table(lines, options)
    print(report)
    if options.output:
        options.output.write_text(report, encoding="utf-8")


def arguments():
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=pathlib.Path, help="English, a text a line; may be .gz")
    parser.add_argument("--vocabulary", type=pathlib.Path, help="an uncased vocab.txt")
    parser.add_argument("--lines", type=int, default=8000, help="texts of each kind")
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--output", type=pathlib.Path, help="Markdown file to write")
    return parser.parse_args()


def use_one_core():
    """Keeps TensorFlow, and this process, on one core."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def corpora(options):
    """Texts of each kind."""
    found = {}
    if options.text:
        lines = read_lines(options.text)
        chosen = np.random.default_rng(0).permutation(len(lines))[: options.lines]
        found["English, lines of --text"] = [lines[number] for number in chosen]
    found["English, generated"] = tokenizer_texts.english(options.lines)
    found["French, generated"] = tokenizer_texts.french(options.lines)
    found["Chinese, generated"] = tokenizer_texts.chinese(options.lines)
    return found


def read_lines(path):
    """The lines of a file that are not empty."""
    content = path.read_bytes()
    content = gzip.decompress(content) if path.suffix == ".gz" else content
    return [line for line in content.decode("utf-8").split("\n") if line]


def tokenize_only(vocabulary):
    """The three functions of a batch, and what each wants: tensors or lists."""
    ours = BertTokenizer(vocabulary)
    fast = fast_bert(vocabulary)
    rust = tokenizers.BertWordPieceTokenizer(str(vocabulary), lowercase=True)
    traced = tf.function(fast.tokenize, [tf.TensorSpec([None], tf.string)])
    return [
        (ours, tf.constant),
        (traced, tf.constant),
        (lambda texts: rust.encode_batch(texts, add_special_tokens=False), list),
    ]


def preprocess(vocabulary):
    """As `tokenize_only`, to the three tensors of BERT."""
    ours = BertPreprocessor(BertTokenizer(vocabulary), sequence_length=SEQUENCE_LENGTH)
    rust = tokenizers.BertWordPieceTokenizer(str(vocabulary), lowercase=True)
    rust.enable_truncation(SEQUENCE_LENGTH)
    rust.enable_padding(length=SEQUENCE_LENGTH)
    return [(ours, tf.constant), (packed_fast_bert(vocabulary), tf.constant), (arrays(rust), list)]


def fast_bert(vocabulary):
    """The tokenizer of tensorflow-text, uncased."""
    pieces = pathlib.Path(vocabulary).read_text(encoding="utf-8").split("\n")[:-1]
    return tensorflow_text.FastBertTokenizer(
        pieces, token_out_type=tf.int32, lower_case_nfd_strip_accents=True
    )


def packed_fast_bert(vocabulary):
    """Tokenization and packing with tensorflow-text, traced."""
    tokenizer = fast_bert(vocabulary)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def features(texts):
        tokens = tensorflow_text.RoundRobinTrimmer(SEQUENCE_LENGTH - 2).trim(
            [tokenizer.tokenize(texts)]
        )
        ids, types = tensorflow_text.combine_segments(tokens, 101, 102)
        return (
            *tensorflow_text.pad_model_inputs(ids, SEQUENCE_LENGTH),
            tensorflow_text.pad_model_inputs(types, SEQUENCE_LENGTH)[0],
        )

    return features


def arrays(rust):
    """Encodings of Rust tokenizers as numpy arrays."""

    def features(texts):
        encodings = rust.encode_batch(texts)
        names = ("ids", "attention_mask", "type_ids")
        return [np.array([getattr(e, name) for e in encodings], np.int32) for name in names]

    return features


def measure(contenders, texts, batch, rounds):
    """Median speed of each contender over all texts, taken in turns, in MB/s."""
    size = sum(len(text.encode()) for text in texts) / 1e6
    starts = range(0, len(texts), batch)
    batches = [
        [convert(texts[start : start + batch]) for start in starts] for _, convert in contenders
    ]
    for (run, _), prepared in zip(contenders, batches, strict=True):
        run(prepared[0])
    seconds = [[] for _ in contenders]
    for _ in range(rounds):
        for times, (run, _), prepared in zip(seconds, contenders, batches, strict=True):
            begin = time.process_time()
            for part in prepared:
                run(part)
            times.append(time.process_time() - begin)
    return [size / statistics.median(times) for times in seconds]


def table(lines, options):
    """The report in Markdown."""
    versions = (
        f"tensorflow {tf.__version__}, tensorflow-text {tensorflow_text.__version__}, "
        f"tokenizers {tokenizers.__version__}, Python {platform.python_version()}"
    )
    head = [
        "# Tokenizer speed",
        "",
        f"{datetime.date.today()}, {versions}, {cpu()}. One core each, megabytes of UTF-8 a "
        f"second of processor time, medians of {options.rounds} rounds in turn, "
        f"{options.lines} texts of each kind in batches of {options.batch}. "
        "Written by `benchmarks/tokenizer.py`.",
        "",
        "| texts | work | keras_bert | FastBertTokenizer | Rust tokenizers |",
        "|---|---|---:|---:|---:|",
    ]
    return "\n".join([*head, *lines]) + "\n"


def cpu():
    """The processor's name."""
    path = pathlib.Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
