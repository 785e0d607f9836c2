"""What every task must do, on every row of `task_rows.py`."""

import inspect
import json

import c_loader
import keras
import numpy as np
import pytest
import task_rows
import tensorflow as tf
from row import FOLDER

from keras_bert.export.serving_operations import graph_operations
from keras_bert.models import load_task
from keras_bert.models.task_presets import TASKS

SERVED = FOLDER.parent / "served_answers.py"


@pytest.fixture(scope="module")
def tasks():
    return {name: case.make(*task_rows.parts()) for name, case in task_rows.ROWS.items()}


@pytest.fixture(scope="module", params=list(task_rows.ROWS))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def case(name):
    return task_rows.ROWS[name]


@pytest.fixture(scope="module")
def task(tasks, name):
    return tasks[name]


@pytest.fixture(scope="module")
def answers(task, case):
    return task.predict(case.asked, verbose=0)


@pytest.fixture(scope="module")
def exports(tasks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    for name, task in tasks.items():
        task.export(folder / name / "1")
    return folder


@pytest.fixture(scope="module")
def presets(tasks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets")
    for name, task in tasks.items():
        task.save_to_preset(folder / name)
    return folder


@pytest.fixture(scope="module")
def signature(exports, tensorflow_process, name, case):
    """What the exported `serving_default` answers, and says of itself, in another process."""
    version = exports / name / "1"
    return tensorflow_process(SERVED, "answers_and_shapes", version, case.served)


@pytest.fixture(scope="module")
def in_c(exports, tmp_path_factory):
    if not c_loader.compiler():
        pytest.skip("a C compiler is missing")
    program = c_loader.build(tmp_path_factory.mktemp("program"))
    models = {exports / name / "1": case.served for name, case in task_rows.ROWS.items()}
    return dict(zip(task_rows.ROWS, c_loader.answers(program, models), strict=True))


@pytest.fixture(scope="module")
def on_jax(presets, jax_process):
    return jax_process(FOLDER / "task_answers.py", "answers", presets)


def assert_same(actual, expected, tolerance=1e-5):
    assert actual.keys() == expected.keys()
    for key, column in expected.items():
        if column.dtype.kind == "f":
            np.testing.assert_allclose(actual[key], column, rtol=0, atol=tolerance, err_msg=key)
        else:
            np.testing.assert_array_equal(actual[key], column, err_msg=key)


def first_of(asked, number):
    return tuple(x[:number] for x in asked) if isinstance(asked, tuple) else asked[:number]


def count(asked):
    return len(asked[0] if isinstance(asked, tuple) else asked)


def test_unknown_arguments_are_refused(task, presets, name):
    kind = type(task).__name__
    message = f"expected arguments of {kind}; received colour, which it does not have"
    with pytest.raises(ValueError, match=message):
        type(task).from_preset(presets / name, colour=3)


def test_every_task_has_a_row():
    assert {name.split("_")[0] for name in task_rows.ROWS} == TASKS.keys()


def test_answers_hold_a_row_a_record(case, answers):
    for column in answers.values():
        assert len(column) == count(case.asked)
        assert column.dtype.kind in "Ubif"
        assert column.dtype.kind != "f" or np.isfinite(column).all()


def test_answers_as_json(task, case):
    answers = task.answer(case.asked, verbose=0)
    assert len(answers) == count(case.asked)
    assert json.loads(json.dumps(answers)) == answers


def test_a_record_alone_is_answered_the_same(task, case, answers):
    alone = task.predict(first_of(case.asked, 1), verbose=0)
    for key, column in alone.items():
        others = answers[key][:1]
        assert column.shape[0] == 1
        kept = others[tuple(slice(size) for size in column.shape)]
        assert_same({key: column}, {key: kept})


def test_no_records(task, case, answers):
    nothing = task.predict(first_of(case.asked, 0), verbose=0)
    assert nothing.keys() == answers.keys()
    assert {len(column) for column in nothing.values()} == {0}


def test_served_answers_are_the_same(signature, answers):
    assert_same(signature["answers"], answers)


def test_a_c_program_gets_the_same_answers(name, case, task, in_c, answers):
    signatures = in_c[name]
    assert_same(signatures.pop("serving_default"), answers)
    for signature, found in signatures.items():
        if signature != "embed":  # a head's
            assert_same(found, {key: answers[f"{signature}_{key}"] for key in found})
        elif "pooled_output" in found:
            texts = case.asked if not task.pairs else tuple(map(list, case.asked))
            pooled = task.backbone(task.preprocessor(texts))["pooled_output"]
            np.testing.assert_allclose(found["pooled_output"], pooled, rtol=0, atol=1e-5)
            np.testing.assert_allclose(np.linalg.norm(found["embedding"], axis=-1), 1, rtol=1e-5)
        else:
            assert_same(found, {"embedding": answers["embedding"]})


def test_jax_gives_the_same_answers(name, on_jax, answers):
    assert_same(on_jax[name], answers)


def test_preset_gives_the_same_answers(name, case, task, presets, answers):
    again = load_task(presets / name)
    assert type(again) is type(task)
    assert again.head_config() == task.head_config()
    assert_same(again.predict(case.asked, verbose=0), answers, 0)


def test_keras_file_gives_the_same_answers(case, task, answers, tmp_path):
    task.save(tmp_path / "task.keras")
    again = keras.models.load_model(tmp_path / "task.keras")
    assert json.dumps(again.get_config()) == json.dumps(task.get_config())
    assert_same(again.predict(case.asked, verbose=0), answers, 0)


def test_signatures_keep_the_records_first(signature, case):
    assert sorted(signature["inputs"]) == sorted(case.served)
    for shape in signature["outputs"].values():
        assert shape and shape[0] is None
    assert {len(column) for column in signature["to_no_records"].values()} == {0}


def test_graph_holds_servable_operations_alone(name, exports, serving_operations):
    assert not graph_operations(exports / name / "1") - serving_operations


def test_weights_are_stored_once(name, exports, task):
    stored = tf.train.load_checkpoint(str(exports / name / "1" / "variables" / "variables"))
    shapes = stored.get_variable_to_shape_map().values()
    assert sum(int(np.prod(shape)) for shape in shapes if shape) == task.count_params()


def test_card(name, exports, task, case):
    content = (exports / name / "1" / "assets.extra" / "keras_bert.json").read_text("utf-8")
    card = json.loads(content)
    assert card["task"] == type(task).__name__
    assert card["inputs"] == list(case.served)


@pytest.mark.parametrize("kind", [name for name in task_rows.ROWS if "_" not in name])
def test_trains_and_scores_in_mixed_precision(kind):
    case = task_rows.ROWS[kind]
    task = case.make(*task_rows.parts("mixed_bfloat16"))
    before = [np.array(weight) for weight in task.trainable_weights]
    history = task.fit(case.x, case.y, batch_size=2, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    for weight, old in zip(task.trainable_weights, before, strict=True):
        assert np.isfinite(weight).all(), weight.path
        assert "key/bias" in weight.path or (np.asarray(weight) != old).any(), weight.path
    scores = task.score(case.x, case.y, verbose=0)
    assert scores
    assert all(isinstance(value, float | int) for value in scores.values()), scores


def test_documented(task):
    docstring = inspect.getdoc(type(task))
    for part in ("Args:", "backbone", "preprocessor", "Raises:", "Examples:", "[B, "):
        assert part in docstring
