"""Runs what README.md and the marked pages of docs/ show, in order, in a temporary folder.

Python blocks share one namespace; of console blocks, the lines that start with `$ ` run.
A page of docs/ takes part by the line `<!-- runs -->`. What would be heavy is made light by
`SUBSTITUTIONS` and by a folder of tiny models and short data; what cannot run here is
checked by `CHECKED` instead, or stands in `NOT_RUN` with its reason. CONTRIBUTING.md has the rules.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tomllib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGES = ["README.md"] + [
    page.relative_to(ROOT).as_posix()
    for page in sorted((ROOT / "docs").rglob("*.md"))
    if "<!-- runs -->" in page.read_text(encoding="utf-8")
]
# What stands on a page -> what runs. Words that name something heavy, whole.
SUBSTITUTIONS = {
    "all-minilm-l6-v2": "pretrained/tiny",
    "sequence_length=384": "sequence_length=96",
    "--sequence-length 384": "--sequence-length 96",
    "epochs=8": "epochs=1",
    "--epochs 8": "--epochs 1",
    "--size 16000": "--size 300",
    "--hidden-size 256": "--hidden-size 22 --num-attention-heads 2",
    "--steps 20000": "--steps 2",
    "--add 2000": "--add 20",
    "--processes 8": "--processes 1",
    "num_warmup_steps=10": "num_warmup_steps=1",
    '"mixed_bfloat16"': '"float32"',
}
NOT_RUN = {
    "docker": "starts a server from an image",
    "curl": "asks that server",
}
FENCE = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[tuple[int, str, str]]:
    """(line, language, code) of each block, substitutions made."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        code = match[2]
        for shown, run in SUBSTITUTIONS.items():
            code = re.sub(rf"(?<![\w-]){re.escape(shown)}(?![\w-])", lambda _, run=run: run, code)
        found.append((text.count("\n", 0, match.start()) + 2, match[1], code))
    return found


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """A folder with tiny checkpoints under the names that pages use, and short examples."""
    from keras_bert.checkpoints import write_checkpoint

    folder = tmp_path_factory.mktemp("pages")
    write_checkpoint(tiny_checkpoint(1, "gelu"), folder / "pretrained" / "tiny", "huggingface")
    write_checkpoint(tiny_checkpoint(2, "gelu_new"), folder / "uncased_L-2_H-128_A-2", "google")
    intents = folder / "examples" / "intents"
    intents.mkdir(parents=True)
    for part in ("train", "test"):
        lines = (ROOT / "examples" / "intents" / f"{part}.tsv").read_text("utf-8").splitlines()
        rows = one_of_each_label(lines[1:])
        (intents / f"{part}.tsv").write_text("\n".join([lines[0], *rows]) + "\n", "utf-8")
    shutil.copytree(ROOT / "examples" / "entities", folder / "examples" / "entities")
    (folder / "corpus").mkdir()
    (folder / "corpus" / "intents.txt").write_bytes((intents / "train.tsv").read_bytes())
    for script in (ROOT / "examples").glob("*.py"):
        (folder / "examples" / script.name).write_bytes(script.read_bytes())
    return folder


def one_of_each_label(rows: list[str]) -> list[str]:
    """The first row of each label."""
    return list({row.rpartition("\t")[2]: row for row in reversed(rows)}.values())


def tiny_checkpoint(layers: int, hidden_act: str):
    """A random encoder whose vocabulary is letters and a few words."""
    from keras_bert.checkpoints import Checkpoint
    from keras_bert.config import BertConfig
    from keras_bert.models.backbone import BertBackbone
    from keras_bert.models.weights import collect_arrays, named_variables

    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    words = ["the", "book", "open", "card", "when", "my", "?", ".", ",", "!", "'"]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = [*special, *letters, *(f"##{letter}" for letter in letters), *words]
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=14,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=19,
        hidden_act=hidden_act,
        max_position_embeddings=128,
    )
    arrays = collect_arrays(named_variables(BertBackbone(config)))
    return Checkpoint(config=config, arrays=arrays, vocabulary=vocabulary, lowercase=True)


@pytest.mark.parametrize("page", PAGES)
def test_page_runs(page, workshop, monkeypatch, capsys):
    monkeypatch.chdir(workshop)
    namespace: dict = {"__name__": "page"}
    ran = 0
    for line, language, code in blocks(page):
        where = f"{page}:{line}"
        if language == "python":
            run_python(code, where, namespace)
            ran += 1
        else:
            commands = [text[2:] for text in code.splitlines() if text.startswith("$ ")]
            assert commands, f"{where}: a console block without a line that starts with '$ '"
            ran += sum(run_command(command, where) for command in commands)
    capsys.readouterr()
    assert ran, f"{page} is marked to run and shows nothing that does"


def run_python(code: str, where: str, namespace: dict) -> None:
    """Runs one block where the blocks before it left off."""
    try:
        exec(compile(code, where, "exec"), namespace)
    except Exception as error:
        error.add_note(f"in the Python block at {where}")
        raise


def run_command(command: str, where: str) -> bool:
    """Runs or checks one command; whether it ran."""
    words = shlex.split(command)
    tool = "pip" if words[:3] == ["python", "-m", "pip"] else words[0]
    if tool in NOT_RUN:
        return False
    if tool in CHECKED:
        CHECKED[tool](words, where)
        return False
    if tool == "keras-bert" and not set("|<>&;$") & set(command):
        run_in_this_process(words[1:], where)
    else:
        run_in_a_shell(command, where)
    return True


def run_in_this_process(arguments: list[str], where: str) -> None:
    """The command line as the installed command starts it, without paying for another start."""
    from keras_bert.cli.main import main

    assert main(arguments) == 0, f"{where}: keras-bert {shlex.join(arguments)}"


def run_in_a_shell(command: str, where: str) -> None:
    """Anything with pipes, and scripts; `python` and `keras-bert` are those of this suite."""
    path = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PATH": path},
    )
    assert done.returncode == 0, f"{where}: {command}\n{done.stdout}\n{done.stderr}"
    assert done.stdout.strip(), f"{where}: {command} printed nothing"


def check_make(words: list[str], where: str) -> None:
    """The target stands in the Makefile, with a line for `make help`."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in (word for word in words[1:] if "=" not in word):
        assert re.search(rf"^{re.escape(target)}:.*## ", makefile, re.MULTILINE), where


def check_pip(words: list[str], where: str) -> None:
    """What would be installed is this project, with extras that exist, or what it pins."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = (ROOT / "pretrained.lock").read_text(encoding="utf-8")
    for word in (w for w in words[words.index("install") + 1 :] if not w.startswith("-")):
        name, _, extra = word.strip("\"'").rstrip("]").partition("[")
        assert name in (".", project["name"]) or f"\n{name}==" in pinned, f"{where}: {word}"
        assert not extra or extra in project["optional-dependencies"], f"{where}: {word}"


CHECKED = {"make": check_make, "pip": check_pip}


def test_links_between_pages_lead_somewhere():
    dead = []
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        prose = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\(([^)#\s]+)", prose):
            target = (page.parent / link).resolve()
            of_package = target.is_relative_to(ROOT / "keras_bert")
            if of_package and not (ROOT / "keras_bert").is_dir():
                continue  # the suite of the sdist runs beside an installed wheel
            if "://" not in link and not target.exists():
                dead.append(f"{page.relative_to(ROOT)}: {link}")
    assert not dead, "\n".join(dead)


def test_index_of_docs_names_every_page():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    missing = {page for page in pages - {"README.md"} if f"]({page})" not in index}
    assert not missing, f"docs/README.md does not name {sorted(missing)}"


def test_every_extra_that_readme_names_exists():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = set(re.findall(r"`\.\[(\w+)\]`", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named and named <= set(project["optional-dependencies"])
