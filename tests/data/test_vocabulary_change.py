"""Vocabularies continued for a domain, and pruned to a corpus."""

import itertools
from collections import Counter

import numpy as np
import pytest

from keras_bert.data.pair_joining import PairJoining
from keras_bert.data.segmentation import segment, use_of
from keras_bert.data.vocabulary_extension import extend_vocabulary
from keras_bert.data.vocabulary_pruning import prune_vocabulary
from keras_bert.text.vocabulary import Vocabulary

OLD = [
    *("[PAD]", "[unused0]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *("a", "b", "c", "d", "##a", "##b", "##c", "##d", "!", "ab", "##cd", "bad", "##da"),
]


@pytest.fixture(scope="module")
def counts():
    draw = np.random.default_rng(5)
    stems = ["".join(draw.choice(list("abcd"), draw.integers(2, 11))) for _ in range(61)]
    return Counter(stems[min(int(draw.pareto(0.5)), 60)] for _ in range(3001))


def longest_match(pieces, word: str, prefix: str = "") -> list[str]:
    """Greedy matching, written out; `prefix` is ## for what continues a word."""
    found, start = [], 0
    while start < len(word):
        mark = prefix if not start else "##"
        end = next(e for e in range(len(word), start, -1) if mark + word[start:e] in pieces)
        found.append(mark + word[start:end])
        start = end
    return found


def test_joining_takes_the_most_frequent_pair_at_each_step(counts):
    words = [longest_match(OLD, word) for word in counts]
    joining = PairJoining([list(word) for word in words], list(counts.values()), 2)
    for left, right, joined in joining.until(40):
        pairs = Counter()
        for word, count in zip(words, counts.values(), strict=True):
            for pair in itertools.pairwise(word):
                pairs[pair] += count
        assert (left, right) == min(pairs, key=lambda pair: (-pairs[pair], pair))
        assert joined == left + right.removeprefix("##")
        for word in words:
            for place in range(len(word) - 1):
                if word[place : place + 2] == [left, right]:
                    word[place : place + 2] = [joined]
    in_use = Counter()
    for word, count in zip(words, counts.values(), strict=True):
        in_use.update(dict.fromkeys(word, 0))
        for piece in word:
            in_use[piece] += count
    assert len(joining.pieces()) == 40
    assert set(joining.pieces()) == {p for p, n in in_use.items() if n >= 2 and p not in OLD}


def test_extension_takes_unused_places_then_the_end(counts):
    changed = extend_vocabulary(Vocabulary(OLD), counts, 7)
    new = list(changed.vocabulary)
    assert len(new) == len(OLD) + 5
    kept = [number for number, token in enumerate(OLD) if "unused" not in token]
    assert [new[number] for number in kept] == [OLD[number] for number in kept]
    assert [changed.sources[number] for number in kept] == [(number,) for number in kept]
    assert not {"[unused0]", "[unused1]"} & set(new)
    appended = extend_vocabulary(Vocabulary(OLD), counts, 7, replace_unused=False).vocabulary
    assert list(appended[: len(OLD)]) == OLD
    assert appended[len(OLD) :] == (new[1], new[2], *new[len(OLD) :])


def test_extension_sources_are_what_the_old_vocabulary_makes_of_a_piece(counts):
    changed = extend_vocabulary(Vocabulary(OLD), counts, 23, replace_unused=False)
    added = list(zip(changed.vocabulary, changed.sources, strict=True))[len(OLD) :]
    assert len(added) == 23
    for piece, sources in added:
        prefix = "##" if piece.startswith("##") else ""
        expected = longest_match(OLD, piece.removeprefix("##"), prefix)
        assert [OLD[number] for number in sources] == expected
        assert len(sources) > 1


def test_extension_shortens_the_corpus_with_each_piece(counts):
    lengths = [
        use_of(extend_vocabulary(Vocabulary(OLD), counts, add).vocabulary, counts).pieces_per_word
        for add in (1, 5, 20, 60)
    ]
    assert sorted(lengths, reverse=True) == lengths
    assert lengths[-1] < 0.6 * lengths[0]


def test_extension_adds_missing_characters_first():
    counts = {"xa": 20, "ax": 9, "yy": 4, "z": 1, "ab": 100, "é" * 201: 50}
    changed = extend_vocabulary(Vocabulary(OLD), counts, 5, replace_unused=False)
    added = changed.vocabulary[len(OLD) :]
    assert added[:4] == ("x", "##x", "##y", "y")
    assert added[4:] == ("xa",)
    unknown = (OLD.index("[UNK]"),)
    assert changed.sources[len(OLD) :] == [*[unknown] * 4, (*unknown, OLD.index("##a"))]
    assert use_of(changed.vocabulary, {"xa": 1, "ax": 1, "yy": 1}).unknown == 0


def test_extension_stops_where_the_domain_has_no_more():
    changed = extend_vocabulary(Vocabulary(OLD), {"cab": 5, "dab": 1}, 1000)
    assert len(changed.vocabulary) == len(OLD)
    assert [changed.vocabulary[1], changed.vocabulary[2]] == ["cab", "[unused1]"]


def test_pruning_keeps_used_and_special_pieces_and_how_the_corpus_is_cut():
    old = Vocabulary(OLD)
    counts = {"abcd": 3, "bad": 1, "dda": 1}
    pruned = prune_vocabulary(old, counts, keep_characters=False)
    assert list(pruned.vocabulary) == [
        *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "d", "ab", "##cd", "bad", "##da")
    ]
    assert [old[number] for (number,) in pruned.sources] == list(pruned.vocabulary)
    for word in counts:
        before = [old[i] for i in segment(old, [word]).ids]
        assert before == [pruned.vocabulary[i] for i in segment(pruned.vocabulary, [word]).ids]


def test_pruning_keeps_characters_so_that_other_words_are_spelled():
    old = Vocabulary(OLD)
    pruned = prune_vocabulary(old, {"abcd": 3, "bad": 1}, min_count=2).vocabulary
    assert "bad" not in pruned
    assert {"!", "c", "##d", "ab"} <= set(pruned)
    assert use_of(pruned, {"bad": 1, "cab!": 1}).unknown == 1  # "cab!" is no word
    assert [pruned[i] for i in segment(pruned, ["bad"]).ids] == ["b", "##a", "##d"]


def test_changes_refuse_nothing_to_do():
    old = Vocabulary(OLD)
    with pytest.raises(ValueError, match="expected 1 or more pieces to add; received 0"):
        extend_vocabulary(old, {"a": 1}, 0)
    with pytest.raises(ValueError, match="expected a corpus with words"):
        extend_vocabulary(old, {}, 3)
    with pytest.raises(ValueError, match="expected min_count of at least 1; received 0"):
        prune_vocabulary(old, {"a": 1}, min_count=0)
    with pytest.raises(ValueError, match="expected a corpus with words"):
        prune_vocabulary(old, {})
