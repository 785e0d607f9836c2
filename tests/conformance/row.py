"""What a row of the conformance tests is, and how to find the rows.

Every file `rows_*.py` beside this one holds `ROWS`, a dict of rows by name; a name up
to its first underscore is the class's. A file may name in `COMPLETE` a package all of
whose public layers it must cover.
"""

import dataclasses
import importlib.util
import pathlib
from collections.abc import Callable

import keras
import numpy as np

FOLDER = pathlib.Path(__file__).parent


@dataclasses.dataclass(frozen=True)
class Row:
    """One layer or model with inputs to run it on.

    Args:
        name: Name of the row.
        make: Function from a dtype policy (or None) to a new layer.
        inputs: Array by the name of the call argument; a model takes the dict itself.
        lengthen: Inputs whose axis 1 is the sequence, to which a test adds padding.
        neutral: For each optional input, the array that does what leaving it out does.
        no_gradient: Ends of the paths of weights whose gradient is 0 by mathematics.
        output_dtype: Of the outputs, where it is not the compute dtype.
    """

    name: str
    make: Callable
    inputs: dict
    lengthen: tuple
    neutral: dict = dataclasses.field(default_factory=dict)
    no_gradient: tuple = ()
    output_dtype: str | None = None

    def built(self, dtype=None):
        """Return a new layer, every weight random and the same in each call."""
        layer = self.make(dtype)
        self.functional(layer)
        random = np.random.default_rng(3)
        for weight in layer.weights:
            if "float" in weight.dtype:
                weight.assign(random.normal(0, 0.3, weight.shape))
        return layer

    def call(self, layer, inputs, **kwargs):
        """Call the layer on inputs by name."""
        if isinstance(layer, keras.Model):
            return layer(inputs, **kwargs)
        return layer(**inputs, **kwargs)

    def outputs(self, layer, inputs=None, **kwargs):
        """Return the outputs as a list of arrays."""
        outputs = self.call(layer, self.inputs if inputs is None else inputs, **kwargs)
        return [keras.ops.convert_to_numpy(x) for x in keras.tree.flatten(outputs)]

    def functional(self, layer):
        """Return a functional model around the layer, sizes beyond the rank unknown to it."""
        inputs = {
            name: keras.Input((None,) * (array.ndim - 1), dtype=array.dtype.name, name=name)
            if "int" in array.dtype.name
            else keras.Input((None, *array.shape[2:]), dtype=array.dtype.name, name=name)
            for name, array in self.inputs.items()
        }
        flat = keras.tree.flatten(self.call(layer, inputs))
        return keras.Model(inputs, {f"output_{i}": x for i, x in enumerate(flat)})


def modules():
    """Import every `rows_*.py` and return them."""
    found = []
    for path in sorted(FOLDER.glob("rows_*.py")):
        spec = importlib.util.spec_from_file_location(f"conformance_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found.append(module)
    return found


def rows():
    """Return every row."""
    return [Row(name, **row) for module in modules() for name, row in module.ROWS.items()]
