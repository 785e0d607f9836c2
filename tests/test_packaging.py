"""What is in the wheel and the sdist, and that versions and texts agree across files."""

import email.parser
import importlib.metadata
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest

import keras_bert

ROOT = pathlib.Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
needs_source = pytest.mark.skipif(
    not (ROOT / "keras_bert").is_dir(), reason="these tests run beside the source alone"
)
needs_git = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """(wheel, sdist), built from the source with the locked build tools."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


@needs_source
def test_wheel_holds_the_package_and_its_licence_alone(distributions):
    with zipfile.ZipFile(distributions[0]) as wheel:
        names = wheel.namelist()
        licence = next(name for name in names if name.endswith(".dist-info/licenses/LICENSE"))
        assert "Version 2.0, January 2004" in wheel.read(licence).decode()
    roots = {name.split("/")[0] for name in names}
    assert roots == {"keras_bert", f"keras_bert_text-{keras_bert.__version__}.dist-info"}
    assert "keras_bert/py.typed" in names
    source = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "keras_bert").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if name.startswith("keras_bert/")} == source


@needs_source
def test_wheel_metadata(distributions):
    with zipfile.ZipFile(distributions[0]) as wheel:
        name = next(n for n in wheel.namelist() if n.endswith("METADATA"))
        metadata = email.parser.Parser().parsestr(wheel.read(name).decode("utf-8"))
    assert metadata["Name"] == "keras-bert-text"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] in (">=3.11,<3.14", "<3.14,>=3.11")
    core = [r for r in metadata.get_all("Requires-Dist") if "extra ==" not in r]
    heavy = ("torch", "transformers", "tf-models-official", "jax", "pytest")
    assert not [r for r in core if r.startswith(heavy)]
    assert {"official", "jax", "dev"} <= set(metadata.get_all("Provides-Extra"))


@needs_source
def test_sdist_holds_what_its_tests_need(distributions):
    with tarfile.open(distributions[1]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    expected = {"Makefile", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"}
    expected |= {"pyproject.toml", "requirements.lock", "pretrained.lock", ".ci/environment.py"}
    expected |= {"tests/conftest.py", "examples/quickstart.py", "examples/intents/train.tsv"}
    assert expected <= names, expected - names
    assert not [name for name in names if "__pycache__" in name or name.startswith(".venv")]


def test_versions_agree():
    assert PROJECT["version"] == keras_bert.__version__
    assert importlib.metadata.version("keras-bert-text") == keras_bert.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{keras_bert.__version__}]" in changelog or "## [Unreleased]" in changelog


def test_installed_command_answers():
    command = os.path.join(os.path.dirname(sys.executable), "keras-bert")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == f"keras-bert {keras_bert.__version__}", done.stderr


@pytest.mark.skipif(
    os.environ.get("KERAS_BERT_TESTS_EXPECT") != "wheel", reason="make test-wheel alone sets this"
)
def test_package_under_test_is_the_installed_wheel():
    assert pathlib.Path(keras_bert.__file__).is_relative_to(sys.prefix)
    assert "site-packages" in keras_bert.__file__


def test_lock_pins_every_dependency_by_hash_and_names_no_host():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, flags=re.MULTILINE))
    developed = [r for r in PROJECT["optional-dependencies"]["dev"] if "keras-bert-text" not in r]
    for requirement in PROJECT["dependencies"] + developed:
        assert re.split(r"[<>=~\[]", requirement)[0] in pinned, requirement
    entries = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries if "==" in entry)
    assert "://" not in lock and "index-url" not in lock
    assert pinned["tensorflow"].startswith("2.20.") and pinned["tensorflow-text"][:5] == "2.20."
    assert int(pinned["setuptools"].split(".")[0]) < 81


def test_supported_pythons_agree():
    lowest, refused = re.findall(r"3\.(\d+)", PROJECT["requires-python"])
    listed = [c.rpartition("3.")[2] for c in PROJECT["classifiers"] if "Python :: 3." in c]
    assert listed == [str(minor) for minor in range(int(lowest), int(refused))]
    assert PYPROJECT["tool"]["ruff"]["target-version"] == f"py3{lowest}"
    command = [sys.executable, ".ci/environment.py", "--check"]
    assert subprocess.run(command, cwd=ROOT, timeout=60).returncode == 0


@needs_git
def test_tracked_files_name_no_host_or_folder_of_any_one_machine():
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    # Put together from parts, so that this file does not name them either.
    folders = "|".join(("work", "root", "opt", "tmp", "home", "Users"))
    registry = "|".join(("pythonhosted", "pypi" + r"\.org", "artifactory", "nexus"))
    pattern = re.compile(rf"(?<![\w.~/}}-])/(?:{folders})/\w|https?://[^/\s]*(?:{registry})")
    found = []
    for name in filter(None, listing.stdout.decode().split("\0")):
        data = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" in data[:8000]:
            continue
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{name}:{number}: {line.strip()[:120]}")
    assert not found, "\n".join(found)
