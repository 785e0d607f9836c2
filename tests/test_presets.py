import dataclasses
import pathlib
import re
import subprocess
import sys

import pytest

from keras_bert import presets
from keras_bert.downloads.places import Archive, Package, Repository
from keras_bert.presets import PRESETS, Preset, resolve_preset


@pytest.fixture
def registered(monkeypatch, tmp_path):
    """A registered model in a package on the path, which must not be imported."""
    package = tmp_path / "site" / "weights_of_a_test"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path / "site")
    place = Package("weights_of_a_test", "model", "pip install weights-of-a-test")
    preset = Preset("of-a-test", "", "Apache-2.0", "", (place,), "testling")
    monkeypatch.setitem(PRESETS, preset.name, preset)
    return preset, package


def test_a_name_is_the_folder_in_its_package_which_is_not_imported(registered):
    _, package = registered
    assert resolve_preset("of-a-test") == package / "model"
    assert resolve_preset("testling") == package / "model"


def test_a_folder_is_itself(tmp_path):
    assert resolve_preset(tmp_path) == tmp_path
    assert resolve_preset(str(tmp_path)) == tmp_path


def test_a_folder_comes_before_a_name(registered, tmp_path, monkeypatch):
    (tmp_path / "of-a-test").mkdir()
    monkeypatch.chdir(tmp_path)
    assert resolve_preset("of-a-test") == pathlib.Path("of-a-test")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("bge-small", r" \(such as bge-small-en-v1.5, bge-small-zh-v1.5\)"),
        ("bert_base_uncased", r" \(such as bert-base-uncased.*\)"),
        ("BERT-Tiny", r" \(such as bert-tiny\)"),
        ("☃", ""),
    ],
)
def test_an_unknown_name_tells_of_names_like_it(name, near):
    expected = f"or a name that `keras-bert presets` lists{near}; received {name!r}"
    with pytest.raises(ValueError, match=f"^expected a folder, hf://OWNER/NAME, {expected}$"):
        resolve_preset(name)


@pytest.mark.parametrize("change", [{"package": "no_such_package_here"}, {"folder": "other"}])
def test_a_missing_package_says_how_to_install_it(registered, monkeypatch, change):
    preset, _ = registered
    place = dataclasses.replace(preset.places[0], **change)
    monkeypatch.setitem(PRESETS, preset.name, dataclasses.replace(preset, places=(place,)))
    expected = "carries 'of-a-test'; received .* without it: pip install weights-of-a-test"
    with pytest.raises(ModuleNotFoundError, match=expected):
        resolve_preset("of-a-test")


def test_a_model_with_several_places_is_fetched_from_the_last(registered, monkeypatch):
    preset, package = registered
    places = (*preset.places, Repository("someone/of-a-test"))
    both = dataclasses.replace(preset, places=places)
    monkeypatch.setenv("KERAS_BERT_OFFLINE", "1")
    assert both.get() == package / "model"
    (package / "model").rmdir()
    with pytest.raises(FileNotFoundError, match="expected 'of-a-test' in ") as caught:
        both.get()
    notes = caught.value.__notes__
    assert notes == ["'of-a-test' is also in the package of pip install weights-of-a-test"]


def test_every_preset_says_where_it_is_from_and_under_which_licence():
    for name, preset in PRESETS.items():
        assert preset.name == name
        assert preset.licence in ("Apache-2.0", "MIT")
        card = pathlib.Path(__file__).parents[1] / preset.source  # of the project's own
        assert preset.source.startswith("https://") or card.is_file()
        assert preset.places
        for place in preset.places:
            if isinstance(place, Archive):
                assert place.url.startswith("https://")
                assert all(re.fullmatch("[0-9a-f]{64}", value) for value in place.sha256.values())
            assert place.present() is None or place.present().is_dir()
    names = [*PRESETS, *(preset.alias for preset in PRESETS.values() if preset.alias)]
    assert len(names) == len(set(names))


def test_the_families_are_complete():
    archives = {n: p for n, p in PRESETS.items() if isinstance(p.places[-1], Archive)}
    miniatures = [n for n, p in archives.items() if "2020_02_20" in p.places[-1].url]
    assert len(miniatures) == 24
    assert sum(bool(p.places[-1].sha256) for p in archives.values()) == 7
    assert resolve_name("bert-tiny") == "uncased_L-2_H-128_A-2"
    for name in ("bert-base-uncased", "bert-large-cased-whole-word-masking", "bert-base-chinese"):
        assert PRESETS[name].places[-1].repository == f"google-bert/{name}"
    assert {"wwm_cased_L-24_H-1024_A-16", "multi_cased_L-12_H-768_A-12"} <= archives.keys()


def resolve_name(alias):
    return next(name for name, preset in PRESETS.items() if preset.alias == alias)


def test_no_heavy_imports():
    code = (
        f"import sys, {presets.__name__};"
        "assert not {'tensorflow', 'keras', 'numpy', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_model_of_this_package_needs_no_other(monkeypatch):
    monkeypatch.setenv("KERAS_BERT_OFFLINE", "1")
    folder = resolve_preset("gutenberg-mini")
    assert sorted(path.name for path in folder.iterdir()) == [
        *("model.safetensors", "preset.json", "vocab.txt")
    ]
    assert PRESETS["gutenberg-mini"].present() == folder
