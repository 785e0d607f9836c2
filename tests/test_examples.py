"""Runs the examples as a reader would, in smoke form, and checks the data that they ship."""

import ast
import collections
import io
import os
import pathlib
import re
import runpy
import sys
import tempfile

import pytest
from kept_process import KeptProcess

EXAMPLES = pathlib.Path(__file__).resolve().parents[1] / "examples"
# Examples that another program starts, and so need no smoke mode of their own.
STARTED_BY_ANOTHER = {
    "answer.py": "quickstart.py",
    "serving_client.py": "tests/serving/test_client.py",
}
# Examples that are run by `--smoke` alone, and what they must print.
SMOKE = {
    "pretrain.py": r"(?s)vocab .*size +500\n.*records +\d+\n.*steps +4\n.*\n    \S+ \d\.\d%,",
    "answer_questions.py": r"(?s)10 held-out.*f1 +\d+\.\d%.*exported .*office open\?\n    .* \(",
    "embed_and_search.py": r"(?s)before +\d+\.\d%.*after +\d+\.\d%.*my card fell.*\d\.\d\d  \w",
    "two_heads.py": r"(?s)intent +\d+\.\d% .*desk +\d+\.\d% .*desk, embed, intent, .*card is gone",
    "compare_requests.py": r"(?s)120 held-out .*found +\d+\.\d%.*re-ranked +\d+\.\d%.*\d\.\d\d  \w",
    "choose.py": r"(?s)seen in training +\d+\.\d%.*four other intents +\d+\.\d%.*another week: ",
    "label_roles.py": r"(?s)80 held-out predicates: f1 +\d+\.\d%.*exported .*invited .*praised ",
    "tag_entities.py": r"(?s)held-out sentences:.*f1 +\d+\.\d%.*exported .*Grete Hermann",
}


def as_main(name: str, arguments: list[str], folder: str, typed: str) -> str:
    """Runs an example as a script, in this process and that folder; its standard output."""
    os.chdir(folder)
    sys.stdin, tempfile.tempdir, sys.argv = io.StringIO(typed), folder, [name, *arguments]
    own = os.dup(1)
    with tempfile.TemporaryFile("w+") as output:
        os.dup2(output.fileno(), 1)  # for the processes that examples start, too
        try:
            runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        finally:
            sys.stdout.flush()
            os.dup2(own, 1)
            os.close(own)
        output.seek(0)
        return output.read()


@pytest.fixture(scope="module")
def run_example():
    """`run_example(name, *arguments, folder=…)`: its output, from a process for all examples."""
    process = KeptProcess()
    yield lambda name, *arguments, folder, typed="": process(
        __file__, "as_main", name, arguments, folder, typed
    )
    process.close()


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory, run_example):
    """(output, exported version folder) of the quickstart's smoke run."""
    folder = tmp_path_factory.mktemp("quickstart")
    output = run_example("quickstart.py", "--smoke", "where is my book?", folder=folder)
    return output, pathlib.Path(re.search(r"exported (\S+);", output)[1])


def test_every_example_is_run_here():
    names = {path.name for path in EXAMPLES.glob("*.py")}
    assert names == {"quickstart.py", "rerank_nbest.py"} | set(STARTED_BY_ANOTHER) | set(SMOKE)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_example_is_one_short_file(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize("name", SMOKE)
def test_example_runs(name, tmp_path, run_example):
    assert re.search(SMOKE[name], run_example(name, "--smoke", folder=tmp_path))


def test_quickstart_prints_the_model_beside_its_baselines(quickstart):
    output, _ = quickstart
    assert "accuracy on 168 held-out texts, 12 intents:" in output
    scores = re.findall(r"^  (majority|bag of words|this model) +(\d+\.\d)%$", output, re.MULTILINE)
    assert [name for name, _ in scores] == ["majority", "bag of words", "this model"]
    assert scores[0][1] == "8.3"


def test_quickstart_answers_from_the_export(quickstart):
    output, version = quickstart
    assert (version / "saved_model.pb").is_file()
    assert re.search(r"  where is my book\?\n    [a-z_]+  \d+\.\d%\n", output)


def test_answer_reads_lines_and_stops_at_an_empty_one(quickstart, tmp_path, run_example):
    typed = "I lost my card\nwhen do you open\n\nnot asked\n"
    output = run_example("answer.py", str(quickstart[1]), folder=tmp_path, typed=typed)
    assert re.findall(r"^  (\S.*)$", output, re.MULTILINE) == ["I lost my card", "when do you open"]


def test_answer_imports_tensorflow_and_its_text_operations_alone():
    tree = ast.parse((EXAMPLES / "answer.py").read_text(encoding="utf-8"))
    names = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    assert names == {"os", "sys", "tensorflow", "tensorflow_text"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


def test_rerank_nbest_prints_word_error_rates(tmp_path, run_example):
    output = run_example("rerank_nbest.py", "--smoke", folder=tmp_path)
    rates = re.findall(r"^word error rate, (.+): (\d+\.\d)%$", output, re.MULTILINE)
    assert [name for name, _ in rates] == ["recogniser", "re-ranked", "best of each list"]
    first, chosen, best = (float(rate) for _, rate in rates)
    assert first > 0 and best == 0 and chosen >= best
    assert len(re.findall(r"^  \S.* -> \S", output, re.MULTILINE)) == 6


# === The data set ===


def read(part: str) -> list[list[str]]:
    """Rows (text, label) of a part of the library intents."""
    lines = (EXAMPLES / "intents" / f"{part}.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "text\tlabel"
    return [line.split("\t") for line in lines[1:]]


def same(text: str) -> str:
    """A text without case, punctuation and spacing."""
    return " ".join(re.findall(r"\w+", text.lower()))


@pytest.mark.parametrize(("part", "each"), [("train", 48), ("test", 14)])
def test_intents_are_balanced_and_clean(part, each):
    rows = read(part)
    assert all(len(row) == 2 and all(cell == cell.strip() != "" for cell in row) for row in rows)
    counts = collections.Counter(label for _, label in rows)
    assert len(counts) == 12 and set(counts.values()) == {each}
    card = (EXAMPLES / "intents" / "README.md").read_text(encoding="utf-8")
    assert f"| `{part}.tsv` | {len(rows)} | {each} |" in card
    assert all(f"| `{label}` |" in card for label in counts)


def test_intents_have_no_text_twice():
    texts = [same(text) for part in ("train", "test") for text, _ in read(part)]
    assert [text for text, count in collections.Counter(texts).items() if count > 1] == []


def test_entities_are_counted_and_whole():
    from keras_bert.data.conll import read_conll
    from keras_bert.data.tagging_schemes import detect_scheme, spans_from_tags

    card = (EXAMPLES / "entities" / "README.md").read_text(encoding="utf-8")
    seen = []
    for part in ("train", "test"):
        sentences = read_conll(EXAMPLES / "entities" / f"{part}.conll")
        assert detect_scheme([s.tags for s in sentences]) == "IOB2"
        types = collections.Counter(
            span.type for s in sentences for span in spans_from_tags(s.tags)
        )
        assert set(types) == {"PER", "LOC", "ORG"}
        counts = [len(sentences), sum(len(s.words) for s in sentences)]
        cells = " | ".join(map(str, [*counts, *(types[name] for name in ("PER", "LOC", "ORG"))]))
        assert f"| `{part}.conll` | {cells} |" in card
        seen += [" ".join(s.words) for s in sentences]
    assert len(set(seen)) == len(seen)


def test_questions_are_counted_and_stand_in_their_passages():
    from keras_bert.data.squad import read_questions

    card = (EXAMPLES / "questions" / "README.md").read_text(encoding="utf-8")
    for part in ("train", "test"):
        found = read_questions(EXAMPLES / "questions" / f"{part}.json")
        without = sum(not answers["text"] for answers in found.answers)
        row = f"| `{part}.json` | {len(set(found.contexts))} | {len(found)} | {without} |"
        assert row in card
        for context, answers in zip(found.contexts, found.answers, strict=True):
            for text, start in zip(answers["text"], answers["answer_start"], strict=True):
                assert context.startswith(text, start) and context.count(text) == 1
