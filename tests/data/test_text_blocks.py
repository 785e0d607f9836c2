import pytest
from pretraining_corpus import make_documents, write_corpus

from keras_bert.data.text_blocks import read_blocks


def blocks_of(tmp_path, documents, characters):
    return list(read_blocks([write_corpus(tmp_path / "corpus.txt", documents)], characters))


def size(block):
    return sum(len(line) for document in block.documents for line in document)


def test_blocks_hold_the_corpus_in_order_and_are_of_like_size(tmp_path):
    documents = make_documents(97)
    blocks = blocks_of(tmp_path, documents, 2000)
    assert [block.number for block in blocks] == list(range(len(blocks)))
    assert [lines for block in blocks for lines in block.documents] == documents
    assert len(blocks) > 5
    assert all(1000 <= size(block) < 3000 for block in blocks)
    assert blocks[-1].bytes_read == (tmp_path / "corpus.txt").stat().st_size
    assert blocks == blocks_of(tmp_path, documents, 2000)


def test_a_document_without_end_comes_in_parts(tmp_path):
    endless = [line for document in make_documents(53) for line in document]
    blocks = blocks_of(tmp_path, [endless], 1500)
    assert len(blocks) > 3
    assert all(len(block.documents) >= 2 for block in blocks)
    assert [line for block in blocks for lines in block.documents for line in lines] == endless


def test_the_rest_of_a_corpus_joins_the_last_block(tmp_path):
    blocks = blocks_of(tmp_path, [["a" * 40], ["b" * 40], ["c" * 40], ["d" * 40], ["e"]], 80)
    assert [len(block.documents) for block in blocks] == [2, 3]
    assert [len(block.documents) for block in blocks_of(tmp_path, [["a"]], 80)] == [1]
    assert blocks_of(tmp_path, [[""]], 80) == []


def test_blocks_may_span_files(tmp_path):
    files = [write_corpus(tmp_path / f"{n}.txt", [[c * 30]]) for n, c in enumerate("abcd")]
    blocks = list(read_blocks(files, 60))
    assert [len(block.documents) for block in blocks] == [2, 2]
    with pytest.raises(ValueError, match="expected blocks of at least 2 characters; received 1"):
        list(read_blocks(files, 1))
