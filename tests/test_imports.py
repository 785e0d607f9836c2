"""The direction of imports, read from the source without running it.

A package may import what its row of `MAY_IMPORT` names, and itself. Rows stand from the
bottom up, and a row names only rows above it here, so packages cannot form a cycle.
"""

import ast
import functools
import importlib.util
import pathlib

PACKAGE = pathlib.Path(importlib.util.find_spec("keras_bert").origin).parent

MAY_IMPORT = {
    "config": (),
    "checkpoints": ("config",),
    # Published models, by the means of a checkpoint's reader: archives, folders at once.
    "downloads": ("checkpoints",),
    "presets": ("downloads",),
    # Reads a folder's tokenizer files as checkpoints do.
    "text": ("config", "presets", "checkpoints"),
    "layers": (),
    # Writes files at once as checkpoints are, and reads vocabularies as text does.
    "data": ("config", "checkpoints", "text"),
    # Knows SavedModels alone, none of the models that made them.
    "batch_prediction": ("checkpoints", "data"),
    # Optimizers, callbacks and the SavedModel writer know no model: tasks call them.
    "training": ("config", "checkpoints", "data"),
    "export": ("config", "checkpoints", "text"),
    "models": (
        *("config", "presets", "text", "layers", "checkpoints", "data", "training", "export"),
    ),
    "cli": (
        *("config", "presets", "text", "layers", "checkpoints", "data", "training", "export"),
        *("models", "batch_prediction"),
    ),
    "__main__": ("cli",),
}
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
# Other implementations of BERT are for tests and benchmarks.
BANNED_PACKAGES = {"keras_hub", "keras_nlp", "official", "torch", "transformers", "tf_keras"}


@functools.cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package by its full name."""
    trees = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        trees[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return trees


def imported(tree: ast.AST) -> list[str]:
    """Full names that a module imports anywhere: modules, or attributes of modules."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{'.' * node.level}{node.module}.{alias.name}" for alias in node.names]
    return names


def own_imports(tree: ast.AST) -> list[str]:
    """What of `imported` lies inside the package, root attributes left out."""
    return [name for name in imported(tree) if name.startswith("keras_bert.")]


def part(name: str) -> str:
    """The row of `MAY_IMPORT` that a full name belongs to."""
    return name.split(".")[1]


def test_direction_of_imports_is_down():
    wrong = [
        f"{module} imports {name}"
        for module, tree in modules().items()
        if module != "keras_bert"
        for name in own_imports(tree)
        if part(name) not in (*MAY_IMPORT[part(module)], part(module), "__version__")
    ]
    assert not wrong, "\n".join(wrong)


def test_direction_table_names_every_part_and_is_ordered():
    parts = {part(name) for name in modules() if name != "keras_bert"}
    assert parts <= set(MAY_IMPORT), "a new package needs a row in MAY_IMPORT"
    rows = list(MAY_IMPORT)
    for number, row in enumerate(rows):
        assert set(MAY_IMPORT[row]) <= set(rows[:number]), row


def runtime_imports(tree: ast.AST) -> list[str]:
    """Imports at a module's top level, those for type checkers left out."""
    body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return own_imports(ast.Module(body, []))


def test_direction_within_packages_has_no_cycle():
    graph = {
        module: {name for name in known_prefixes(runtime_imports(tree)) if name != module}
        for module, tree in modules().items()
    }
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join([*trail, module])
        if module not in done:
            for name in sorted(graph[module]):
                visit(name, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def known_prefixes(names: list[str]) -> set[str]:
    """The module that each full name is, or is an attribute of."""
    return {
        name if name in modules() else name.rpartition(".")[0]
        for name in names
        if name in modules() or name.rpartition(".")[0] in modules()
    }


def test_imports_give_full_paths():
    """Through `keras_bert.layers` itself, lazy registration would run half-loaded packages."""
    packages = {
        ".".join(path.parent.relative_to(PACKAGE.parent).parts)
        for path in PACKAGE.rglob("__init__.py")
    }
    wrong = [
        f"{module} imports {name}"
        for module, tree in modules().items()
        if module not in packages
        for name in imported(tree)
        if name.startswith((".", "keras_bert."))
        and name not in modules()
        and (name.startswith(".") or name.rpartition(".")[0] in packages)
        and name != "keras_bert.__version__"
    ]
    assert not wrong, "\n".join(wrong)


def test_names_say_what_a_module_is():
    wrong = [name for name in modules() if BANNED_NAMES & set(name.split("."))]
    assert not wrong, wrong


def test_names_of_other_implementations_are_not_imported():
    wrong = [
        f"{module} imports {name}"
        for module, tree in modules().items()
        for name in imported(tree)
        if name.split(".")[0] in BANNED_PACKAGES
    ]
    assert not wrong, "\n".join(wrong)
