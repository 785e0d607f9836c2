"""A SavedModel's signature: what stands in its file, and its answers.

Nothing but the SavedModel is needed. Where it has a card of this package
(`assets.extra/keras_bert.json`), class names stand beside probabilities as
`keras-bert predict` writes them.

Shapes: B records of a batch.
"""

import hashlib
import json
import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from keras_bert.batch_prediction.line_records import BadLine, LineRecord
from keras_bert.checkpoints.saved_model_graph import SavedModelGraph

_CARD = "assets.extra/keras_bert.json"


class Signature(NamedTuple):
    """The inputs of a signature, by name its dtype, and the names of its outputs."""

    inputs: dict[str, str]
    outputs: tuple[str, ...]


def read_signature(folder: str, name: str) -> Signature:
    """A signature as the file tells it, without loading the model.

    Raises:
        ValueError: no SavedModel; no such signature; inputs that are not one value a record.
    """
    import tensorflow as tf

    found = SavedModelGraph(pathlib.Path(folder)).meta.signature_def
    usable = sorted(key for key in found if not key.startswith("__"))
    if name not in usable:
        raise ValueError(
            f"expected a signature of {folder}, {', '.join(usable)}; received {name!r}"
        )
    inputs = {}
    for key, tensor in found[name].inputs.items():
        dtype = tf.dtypes.as_dtype(tensor.dtype)
        shape = [] if tensor.tensor_shape.unknown_rank else tensor.tensor_shape.dim
        if len(shape) != 1 or not (dtype == tf.string or dtype.is_integer or dtype.is_floating):
            raise ValueError(
                f"expected a signature whose inputs are one string or number a record; "
                f"received {name!r} of {folder}, whose input {key!r} is {dtype.name} "
                f"{[size.size for size in shape]}"
            )
        inputs[key] = dtype.name
    order = {key: place for place, key in enumerate(_card(folder).get("inputs", ()))}
    inputs = {key: inputs[key] for key in sorted(inputs, key=lambda k: (order.get(k, 99), k))}
    return Signature(inputs, tuple(sorted(found[name].outputs)))


def model_digest(folder: str) -> str:
    """One sha256 of all the files that the answers depend on, by name and content."""
    root = pathlib.Path(folder)
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return digest.hexdigest()


class SignatureModel:
    """A loaded SavedModel that answers records.

    Args:
        folder: of the SavedModel.
        name: of the signature.
        batch_size: B.
    """

    def __init__(self, folder: str, name: str, batch_size: int) -> None:
        import tensorflow as tf
        import tensorflow_text  # noqa: F401  (its operations are in the graph)

        self.batch_size = batch_size
        self._loaded = tf.saved_model.load(folder)  # holds the variables
        self._function = self._loaded.signatures[name]
        self._card = _card(folder)

    def answers(self, records: Sequence[LineRecord]) -> list[dict[str, Any] | BadLine]:
        """An answer for each record, in their order; batches are of like lengths.

        A record that the model refuses is told apart from the others of its batch. Any other
        failure, such as want of memory, is the run's and is raised.
        """
        lengths = [sum(map(_length, record.inputs.values())) for record in records]
        order = np.argsort(lengths, kind="stable")[::-1]  # the largest batch fails first
        found: dict[int, dict[str, Any] | BadLine] = {}
        for start in range(0, len(order), self.batch_size):
            places = order[start : start + self.batch_size].tolist()
            batch = [records[place] for place in places]
            found.update(zip(places, self._batch(batch), strict=True))
        return [found[place] for place in range(len(records))]

    def _batch(self, records: Sequence[LineRecord]) -> list[dict[str, Any] | BadLine]:
        import tensorflow as tf

        try:
            return list(self._rows(records))
        except tf.errors.InvalidArgumentError as error:
            if len(records) > 1:
                return [answer for record in records for answer in self._batch([record])]
            shown = json.dumps(records[0].inputs, ensure_ascii=False)
            return [BadLine(records[0].line, f"refused by the model: {error.message}", shown)]

    def _rows(self, records: Sequence[LineRecord]) -> list[dict[str, Any]]:
        import tensorflow as tf

        _, specs = self._function.structured_input_signature
        inputs = {
            name: tf.constant([record.inputs[name] for record in records], spec.dtype)
            for name, spec in specs.items()
        }
        outputs = {name: _listed(found) for name, found in sorted(self._function(**inputs).items())}
        wrong = {name: len(rows) for name, rows in outputs.items() if len(rows) != len(records)}
        if wrong:
            raise ValueError(
                f"expected outputs with a row for each of {len(records)} records; received {wrong}"
            )
        rows = zip(*outputs.values(), strict=True)
        return [self._named(dict(zip(outputs, row, strict=True))) for row in rows]

    def _named(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Probabilities by class, and the classes that were chosen, as `predict` has them."""
        labels = self._card.get("labels")
        scores = answer.get("probabilities")
        if isinstance(labels, list) and isinstance(scores, list) and len(labels) == len(scores):
            answer["probabilities"] = dict(zip(labels, scores, strict=True))
            if self._card.get("multi_label"):
                answer["labels"] = [label for label in answer["labels"] if label]
        return answer


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str) else 0


def _listed(tensor: Any) -> list[Any]:
    array = tensor.numpy()
    if array.dtype == object:
        return np.char.decode(array.astype(bytes), "utf-8", "ignore").tolist()
    return array.astype(np.float32).tolist() if array.dtype.kind == "V" else array.tolist()


def _card(folder: str) -> dict[str, Any]:
    path = pathlib.Path(folder) / _CARD
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}
