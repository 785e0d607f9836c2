"""A corpus that every machine with Python has: the docstrings of its library."""

import contextlib
import pathlib
import runpy
import tempfile
import warnings

EXAMPLE = pathlib.Path(__file__).parents[1] / "examples" / "pretrain.py"


@contextlib.contextmanager
def library_text():
    """A path of the text that `examples/pretrain.py` learns from, as long as the context lasts."""
    example = runpy.run_path(str(EXAMPLE))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # of other people's strings
        path = pathlib.Path(folder) / "library.txt"
        text = example["documentation"](example["standard_library"]())
        path.write_text(text, encoding="utf-8", errors="ignore")
        yield str(path)
