import gzip
import hashlib

import pytest

from keras_bert.batch_prediction.input_blocks import block_lines, scan


def read(path, lines, header=False, limit=100):
    file, blocks = scan(str(path), lines, header, 5)
    assert [block.number for block in blocks] == list(range(5, 5 + len(blocks)))
    return file, [[tuple(line) for line in block_lines(block, limit)] for block in blocks]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("lines", [1, 2, 3, 5, 7])
def test_blocks_hold_every_line_once_and_in_order(tmp_path, lines, end, packed):
    texts = [b"a", b"", b"b\xc3\xa9\xff", b"\0", b"last"]
    content = b"\n".join(texts) + end.encode()
    path = tmp_path / "f.txt"
    path.write_bytes(gzip.compress(content) if packed else content)
    file, blocks = read(path, lines)
    assert [line for block in blocks for line in block] == list(enumerate(texts, start=1))
    assert all(len(block) == lines for block in blocks[:-1])
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert file.bytes == path.stat().st_size


def test_blocks_begin_after_header_and_byte_order_mark(tmp_path):
    path = tmp_path / "f.tsv"
    path.write_bytes(b"\xef\xbb\xbftext\r\none\r\ntwo\r\nthree")
    assert read(path, 2, header=True)[1] == [[(2, b"one"), (3, b"two")], [(4, b"three")]]
    assert read(path, 9)[1][0][0] == (1, b"text")


@pytest.mark.parametrize("content", [b"", b"header alone", b"header alone\n"])
def test_blocks_of_nothing_are_none(tmp_path, content):
    path = tmp_path / "f.tsv"
    path.write_bytes(content)
    assert read(path, 2, header=True)[1] == []


def test_blocks_of_lines_over_several_chunks(tmp_path):
    texts = [b"x" * (n * 7001 % 3000) for n in range(1500)]
    path = tmp_path / "f.txt"
    path.write_bytes(b"\n".join(texts))
    _, blocks = read(path, 11, limit=3000)
    assert [line for block in blocks for _, line in block] == texts


def test_block_lines_over_the_limit_are_passed_over(tmp_path):
    path = tmp_path / "f.txt"
    path.write_bytes(b"12345\r\n123456\r\n" + b"x" * 3_000_000 + b"\nlast\n" + b"y" * 2_000_000)
    assert read(path, 2, limit=5)[1] == [
        [(1, b"12345"), (2, None)],
        [(3, None), (4, b"last")],
        [(5, None)],
    ]


def test_block_lines_of_a_file_cut_in_between(tmp_path):
    path = tmp_path / "f.txt"
    path.write_bytes(b"one\ntwo\n")
    block = scan(str(path), 9, False, 0)[1][0]
    path.write_bytes(b"one\n")
    with pytest.raises(ValueError, match=r"expected 8 bytes of text in .*; received 4"):
        list(block_lines(block, 9))


def test_scan_refuses_damaged_gzip(tmp_path):
    path = tmp_path / "f.txt.gz"
    path.write_bytes(gzip.compress(b"one\ntwo\n" * 99)[:-9])
    with pytest.raises(ValueError, match=r"expected whole gzipped content in .*f.txt.gz"):
        scan(str(path), 9, False, 0)
