import os
import pathlib
import resource
import signal
import subprocess
import sys

import pytest

from keras_bert.checkpoints.atomic import atomic_folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_folder_appears_when_the_block_ends(tmp_path):
    target = tmp_path / "made" / "on" / "the" / "way"
    with atomic_folder(target) as partial:
        (partial / "sub").mkdir()
        (partial / "sub" / "file").write_text("text")
        assert not target.exists()
    assert (target / "sub" / "file").read_text() == "text"
    assert names(target.parent) == ["way"]


def test_an_empty_folder_may_be_there(tmp_path):
    (tmp_path / "empty").mkdir()
    with atomic_folder(tmp_path / "empty") as partial:
        (partial / "file").touch()
    assert names(tmp_path / "empty") == ["file"]


def test_a_failure_leaves_nothing_and_passes_the_error_on(tmp_path):
    with pytest.raises(ZeroDivisionError), atomic_folder(tmp_path / "a" / "b") as partial:
        (partial / "file").touch()
        raise ZeroDivisionError
    assert names(tmp_path) == []


def test_an_interrupt_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / "a") as partial:
        (partial / "file").touch()
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_a_folder_that_holds_something_is_refused_and_kept(tmp_path):
    (tmp_path / "file").write_text("old")
    with (
        pytest.raises(FileExistsError, match=r"expected no files yet in .*overwrite=True"),
        atomic_folder(tmp_path),
    ):
        pytest.fail("the block must not run")
    assert (tmp_path / "file").read_text() == "old"


def test_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(FileExistsError, match=r"expected a folder, or nothing yet, at .*file"),
        atomic_folder(tmp_path / "file", overwrite=True),
    ):
        pytest.fail("the block must not run")


def test_overwrite_replaces_everything(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "old").touch()
    with atomic_folder(target, overwrite=True) as partial:
        (partial / "new").touch()
        assert names(target) == ["old"]
    assert names(target) == ["new"]
    assert names(tmp_path) == ["target"]


def test_a_failed_overwrite_keeps_what_was_there(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(ValueError, match="no"), atomic_folder(target, overwrite=True):
        raise ValueError("no")
    assert names(target) == ["old"]
    assert names(tmp_path) == ["target"]


def test_a_failed_rename_brings_the_old_folder_back(tmp_path, monkeypatch):
    target = tmp_path / "target"
    target.mkdir()
    (target / "old").touch()
    rename = os.rename

    def failing(source, destination):
        if str(source).endswith(".partial"):
            raise OSError(5, "Input/output error")
        rename(source, destination)

    monkeypatch.setattr(os, "rename", failing)
    with (
        pytest.raises(OSError, match=r"expected room and permission to write .*Input/output"),
        atomic_folder(target, overwrite=True) as partial,
    ):
        (partial / "new").touch()
    assert names(target) == ["old"]
    assert names(tmp_path) == ["target"]


def test_a_link_keeps_pointing_at_the_folder_that_is_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with atomic_folder(tmp_path / "link") as partial:
        (partial / "file").touch()
    assert (tmp_path / "link").is_symlink()
    assert names(tmp_path / "real") == ["file"]


def test_a_place_below_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(OSError, match=r"expected room and permission to write .*Not a directory"),
        atomic_folder(tmp_path / "file" / "folder"),
    ):
        pytest.fail("the block must not run")
    assert names(tmp_path) == ["file"]


@pytest.mark.skipif(not pathlib.Path("/proc/self").exists(), reason="needs /proc")
def test_an_unwritable_place_is_named_even_for_root():
    with (
        pytest.raises(OSError, match="expected room and permission to write /proc/folder"),
        atomic_folder("/proc/folder"),
    ):
        pytest.fail("the block must not run")


def test_a_full_disk_keeps_its_error_number(tmp_path):
    with (
        pytest.raises(OSError, match=r"write .*target; received: No space left") as caught,
        atomic_folder(tmp_path / "target"),
    ):
        raise OSError(28, "No space left on device", "some/file")
    assert caught.value.errno == 28
    assert names(tmp_path) == []


def test_a_disk_error_of_tensorflow_becomes_an_os_error(tmp_path):
    class ResourceExhaustedError(Exception):
        __module__ = "tensorflow.python.framework.errors_impl"

    with (
        pytest.raises(OSError, match=r"write .*target; received: disk full"),
        atomic_folder(tmp_path / "target"),
    ):
        raise ResourceExhaustedError("disk full")


def test_other_errors_of_tensorflow_are_passed_on(tmp_path):
    class InvalidArgumentError(Exception):
        __module__ = "tensorflow.python.framework.errors_impl"

    with (
        pytest.raises(InvalidArgumentError, match="bad graph"),
        atomic_folder(tmp_path / "target"),
    ):
        raise InvalidArgumentError("bad graph")
    assert names(tmp_path) == []


WRITE_AND_DIE = """
import os, signal, sys
from keras_bert.checkpoints.atomic import atomic_folder
with atomic_folder(sys.argv[1], overwrite=True) as partial:
    (partial / "half").write_text("x" * 1000)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_the_old_folder_whole(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "old").touch()
    process = subprocess.run([sys.executable, "-c", WRITE_AND_DIE, str(target)], check=False)
    assert process.returncode == -signal.SIGKILL
    assert names(target) == ["old"]
    hidden = [name for name in names(tmp_path) if name != "target"]
    assert [name.startswith(".target.") for name in hidden] == [True]


def limit_files_to_1000_bytes():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


WRITE_TOO_MUCH = """
import sys
import numpy as np
from keras_bert.checkpoints.atomic import atomic_folder
from keras_bert.checkpoints.safetensors_file import write_tensors
import pathlib
target = pathlib.Path(sys.argv[1])
try:
    with atomic_folder(target) as partial:
        write_tensors({"a": np.zeros(5000, "float32")}, partial)
except OSError as error:
    print(error)
"""


def test_a_disk_that_takes_no_more_safetensors_is_a_clear_error(tmp_path):
    process = subprocess.run(
        [sys.executable, "-c", WRITE_TOO_MUCH, str(tmp_path / "target")],
        preexec_fn=limit_files_to_1000_bytes,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "expected room and permission to write" in process.stdout
    assert "File too large" in process.stdout
    assert names(tmp_path) == []
