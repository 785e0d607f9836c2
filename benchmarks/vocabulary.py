"""Trainers of WordPiece vocabularies side by side: time, memory, and how well they fit.

    python benchmarks/vocabulary.py CORPUS... --sizes 8000 30522 [--trainers keras_bert ...]

All learn from the same counts of normalised words, which keras_bert makes; every twentieth
document is held out. Each trainer runs in a process of its own: `peak MB` is all of that,
with the words. `keras_bert` is `train_wordpieces`, `tokenizers` the Rust trainer as it comes,
`tensorflow-text` its `wordpiece_tokenizer_learner_lib` with every character allowed. Run it
twice: equal digests are equal vocabularies.
"""

import argparse
import contextlib
import datetime
import hashlib
import multiprocessing
import os
import resource
import time

from library_text import library_text

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

COUNT_OF_PARTS = 20


def main():
    """Counts words, then prints a row a trainer and size."""
    options = arguments()
    with contextlib.nullcontext(options.corpus) if options.corpus else library_text() as corpus:
        learned, held_out, seconds = counts_of(corpus)
    total = sum(learned.values())
    print(f"{datetime.date.today()}, {total:,} words, {len(learned):,} distinct, {seconds:.0f} s")
    print("\n| trainer | asked | got | s | peak MB | pieces a word | held out | unknown | digest |")
    print("|---|---|---|---|---|---|---|---|---|")
    spawn = multiprocessing.get_context("spawn")
    for size in options.sizes:
        for name in options.trainers:
            with spawn.Pool(1) as pool:
                pieces, seconds, peak = pool.apply(timed, (name, learned, size))
            print(row(name, size, pieces, seconds, peak, learned, held_out), flush=True)


def arguments():
    """The command line's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="*", help="Python's own docstrings if not given")
    parser.add_argument("--sizes", type=int, nargs="+", default=[8000])
    parser.add_argument("--trainers", nargs="+", default=list(TRAINERS), choices=list(TRAINERS))
    return parser.parse_args()


def counts_of(paths):
    """Words to learn from and held-out ones, with the seconds that this took."""
    from keras_bert.data.corpus import read_documents
    from keras_bert.data.word_counts import WordCounter

    started = time.monotonic()
    learned, held_out = WordCounter(lowercase=True), WordCounter(lowercase=True)
    for number, document in enumerate(read_documents(paths)):
        counter = held_out if number % COUNT_OF_PARTS == 0 else learned
        counter.add(document.lines)
    counts = learned.result().counts, held_out.result().counts
    return *counts, time.monotonic() - started


def timed(name, counts, size):
    """Pieces, seconds (imports apart) and peak megabytes of one trainer."""
    import tensorflow_text  # noqa: F401
    import tokenizers  # noqa: F401

    import keras_bert.data.wordpiece_training  # noqa: F401

    started = time.monotonic()
    pieces = TRAINERS[name](counts, size)
    seconds = time.monotonic() - started
    return pieces, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def row(name, size, pieces, seconds, peak, learned, held_out):
    """A line of the table."""
    from keras_bert.data.segmentation import use_of
    from keras_bert.text.vocabulary import Vocabulary

    vocabulary = Vocabulary(pieces)
    own, other = use_of(vocabulary, learned), use_of(vocabulary, held_out)
    digest = hashlib.sha256("\n".join(pieces).encode()).hexdigest()[:8]
    return (
        f"| {name} | {size:,} | {len(pieces):,} | {seconds:.1f} | {peak:,.0f} "
        f"| {own.pieces_per_word:.4f} | {other.pieces_per_word:.4f} | {other.unknown_share:.1e} "
        f"| {digest} |"
    )


def _keras_bert(counts, size):
    from keras_bert.data.alphabet import choose_alphabet
    from keras_bert.data.wordpiece_training import reserved_tokens, train_wordpieces

    alphabet = choose_alphabet(counts, size, coverage=1.0)
    return train_wordpieces(counts, size, alphabet, reserved=reserved_tokens(0))


def _tokenizers(counts, size):
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    from keras_bert.text.vocabulary import SPECIAL_TOKENS

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, min_frequency=2, special_tokens=list(SPECIAL_TOKENS), show_progress=False
    )
    tokenizer.train_from_iterator((f"{word} " * n for word, n in counts.items()), trainer)
    ids = tokenizer.get_vocab()
    return sorted(ids, key=ids.__getitem__)


def _tensorflow_text(counts, size):
    from tensorflow_text.tools.wordpiece_vocab import wordpiece_tokenizer_learner_lib

    from keras_bert.text.vocabulary import SPECIAL_TOKENS

    every = len({character for word in counts for character in word})
    return wordpiece_tokenizer_learner_lib.learn(
        counts, size, list(SPECIAL_TOKENS), max_unique_chars=every
    )


TRAINERS = {
    "keras_bert": _keras_bert,
    "tokenizers": _tokenizers,
    "tensorflow-text": _tensorflow_text,
}

if __name__ == "__main__":
    main()
