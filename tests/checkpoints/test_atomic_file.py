"""A file at once, and what is said where there is no room for it."""

import errno

import pytest

from keras_bert.checkpoints.atomic_file import atomic_file


def test_the_file_that_finds_no_room_is_named(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    message = f"expected room and permission to write {path}; received: No space left"
    with pytest.raises(OSError, match=message) as found, atomic_file(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert found.value.errno == errno.ENOSPC
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"] and path.read_text() == "old"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "no" / "a.txt"
    message = rf"expected room and permission to write {path}; received: No such file or dir.*: "
    with pytest.raises(FileNotFoundError, match=message), atomic_file(path):
        pytest.fail("the block must not run")


def test_errors_of_other_files_and_of_no_file_are_passed_on(tmp_path):
    other = tmp_path / "other.txt"
    with pytest.raises(FileNotFoundError) as found, atomic_file(tmp_path / "a.txt"):
        other.read_text()
    assert found.value.filename == str(other)
    with pytest.raises(ZeroDivisionError), atomic_file(tmp_path / "a.txt"):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
