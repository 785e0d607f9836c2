"""What `import keras_bert` costs, registers and refuses, each in a fresh process."""

import ast
import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

PACKAGE = pathlib.Path(importlib.util.find_spec("keras_bert").origin).parent


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess:
    """Runs code in a fresh process, away from the working folder."""
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=sys.prefix,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    "module",
    ["keras_bert", "keras_bert.config", "keras_bert.checkpoints", "keras_bert.cli.main"],
)
def test_light_modules_do_not_import_tensorflow(module):
    heavy = "{'tensorflow', 'keras', 'jax', 'tensorflow_text', 'tensorflow_hub', 'pkg_resources'}"
    done = run_python(f"import sys, {module}\nprint(sorted({heavy} & set(sys.modules)))")
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_help_of_every_verb_does_not_import_tensorflow():
    code = (
        "import sys\nfrom keras_bert.cli.main import build_parser\nbuild_parser().format_help()\n"
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    done = run_python(code)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def serializables() -> list[str]:
    """Names of the classes and functions that the source registers with Keras."""
    return sorted(
        node.name
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
        and any("register_keras_serializable" in ast.dump(d) for d in node.decorator_list)
    )


@pytest.mark.parametrize("order", ["import keras_bert, keras", "import keras, keras_bert"])
def test_keras_knows_every_serializable_whatever_comes_first(order):
    names = [f"keras_bert>{name}" for name in serializables()]
    assert len(names) >= 8
    done = run_python(
        f"{order}\nprint([n for n in {names} if keras.saving.get_registered_object(n) is None])"
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_older_package_beside_this_one_is_refused(tmp_path):
    """Both distributions install into the folder keras_bert, where their files would mix."""
    info = tmp_path / "keras_bert-0.89.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: keras-bert\nVersion: 0.89.0\n")
    done = run_python("import keras_bert", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert "expected keras-bert-text alone to provide the import name keras_bert" in done.stderr
    assert "received an installed keras-bert 0.89.0 beside it" in done.stderr


def test_unknown_attribute_of_the_root_is_an_attribute_error():
    done = run_python("import keras_bert\nkeras_bert.Bertt")
    assert "AttributeError: module 'keras_bert' has no attribute 'Bertt'" in done.stderr
    done = run_python("import keras_bert\nprint(keras_bert.BertConfig.__name__, dir(keras_bert))")
    assert done.stdout.startswith("BertConfig ['BertConfig', '__version__', 'checkpoints'")
