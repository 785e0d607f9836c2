import subprocess
import sys

import pytest

from keras_bert import __version__
from keras_bert.cli import main as command
from keras_bert.cli.main import VERBS, build_parser, main


@pytest.mark.parametrize("verb", [None, *VERBS])
def test_help_imports_no_tensorflow(verb):
    words = [*([verb] if verb else []), "--help"]
    script = f"""
import sys
from keras_bert.cli.main import main
try:
    main({words!r})
except SystemExit as stop:
    heavy = {{"tensorflow", "keras", "numpy"}} & set(sys.modules)
    sys.exit(f"imported {{heavy}}" if heavy else stop.code)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "usage: keras-bert" in done.stdout


def test_version_and_wrong_usage(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.strip() == f"keras-bert {__version__}"
    for words in (
        [],
        ["dance"],
        ["finetune", "classify"],
        ["evaluate", "d", "f", "--batch-size", "0"],
    ):
        with pytest.raises(SystemExit) as stop:
            main(words)
        assert stop.value.code == 2
        printed = capsys.readouterr()
        assert "usage: keras-bert" in printed.err
        assert not printed.out
    with pytest.raises(SystemExit):
        main(["evaluate", "d", "f", "--batch-size", "none"])
    assert "expected a whole number from 1; received 'none'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ValueError("expected this; received that"), 1, "keras-bert predict: expected this"),
        (OSError(28, "No space left on device"), 1, "No space left on device"),
        (KeyboardInterrupt(), 130, "keras-bert predict: interrupted"),
    ],
)
def test_errors_go_to_stderr_without_a_traceback(monkeypatch, capsys, error, code, words):
    def fail(_):
        raise error

    parser = build_parser()
    monkeypatch.setattr(command, "build_parser", lambda: parser)
    monkeypatch.setattr(parser, "parse_args", lambda _: _namespace(fail))
    assert main(["predict", "x"]) == code
    printed = capsys.readouterr()
    assert words in printed.err
    assert "Traceback" not in printed.err
    assert not printed.out


def test_errors_of_tensorflow_are_a_line_and_others_a_traceback(monkeypatch, capsys):
    import tensorflow as tf

    def gather(_):
        tf.raw_ops.GatherV2(params=tf.zeros((3,)), indices=[7], axis=0)

    parser = build_parser()
    monkeypatch.setattr(command, "build_parser", lambda: parser)
    monkeypatch.setattr(parser, "parse_args", lambda _: _namespace(gather))
    assert main(["predict", "x"]) == 1
    assert capsys.readouterr().err == "keras-bert predict: indices[0] = 7 is not in [0, 3)\n"
    monkeypatch.setattr(parser, "parse_args", lambda _: _namespace(lambda _: [][0]))
    with pytest.raises(IndexError):
        main(["predict", "x"])


def _namespace(run):
    import argparse

    return argparse.Namespace(verb="predict", run=run)


def test_a_reader_that_leaves_is_no_error():
    script = "import sys; from keras_bert.cli import main as m\n"
    script += "class P:\n  @staticmethod\n  def parse_args(_):\n    import argparse\n"
    script += "    def run(_):\n      for _ in range(10**6): print('x' * 99)\n      return 0\n"
    script += "    return argparse.Namespace(verb='predict', run=run)\n"
    script += "m.build_parser = P; sys.exit(m.main([]))"
    reader = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    reader.stdout.readline()
    reader.stdout.close()
    assert reader.wait(60) == 0
    assert reader.stderr.read() == b""
    reader.stderr.close()
