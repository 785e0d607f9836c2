"""Where BERT's variables and batches lie on several devices, for Keras on JAX.

Data parallel: every device holds the whole model and its share of each batch. Model
parallel: a group of devices holds one model, cut as Shoeybi et al. 2019 cut it: attention by
heads, the wide layer of a block by its columns, so that a block needs two sums over devices.
The table of words is cut by words where their number allows, else by columns.

One program runs over all devices (GSPMD), so losses, clipping and metrics are those of one
device; only the order of sums differs.

Source: Shoeybi et al. 2019, section 3, https://arxiv.org/abs/1909.08053

Shapes: V vocabulary, H hidden size, A heads, D size of a head, I intermediate size.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import keras

BATCH_AXIS, MODEL_AXIS = "batch", "model"

# Path of a variable → its axes that may be cut, the first that can be is.
_CUTS = (
    (r"word_embeddings/embeddings$", (0, 1)),  # [V, H]
    (r"/(query|key|value)/kernel$", (1,)),  # [H, A, D]
    (r"/(query|key|value)/bias$", (0,)),  # [A, D]
    (r"/attention_output/kernel$", (0,)),  # [A, D, H]
    (r"/intermediate_dense/kernel$", (1,)),  # [H, I]
    (r"/intermediate_dense/bias$", (0,)),  # [I]
    (r"/output_dense/kernel$", (0,)),  # [I, H]
)


def cut_axis(path: str, shape: tuple[int, ...], shards: int) -> int | None:
    """The axis along which a variable is cut; None for one that every device holds whole.

    Args:
        path: of the variable.
        shape: of the variable.
        shards: devices that hold one model.

    Raises:
        ValueError: no axis that may be cut has a size that `shards` divides.
    """
    axes = next((axes for pattern, axes in _CUTS if re.search(pattern, path)), None)
    if axes is None:
        return None
    fitting = [axis for axis in axes if shape[axis] % shards == 0]
    if not fitting:
        raise ValueError(
            f"expected sizes that {shards} devices divide along axis "
            f"{' or '.join(map(str, axes))} of {path}; received {tuple(shape)} (heads and "
            "intermediate_size have to be multiples)"
        )
    return fitting[0]


def data_parallel() -> Any:
    """A distribution of batches over all devices of all processes.

    Raises:
        RuntimeError: Keras runs on another backend than JAX.
    """
    require_jax("data parallel training")
    return keras.distribution.DataParallel(auto_shard_dataset=False)


def model_parallel(shards: int) -> Any:
    """A distribution of the model over groups of devices, and of batches over the groups.

    Args:
        shards: devices of a group.

    Raises:
        RuntimeError: Keras runs on another backend than JAX.
        ValueError: the number of devices is no multiple of `shards`; several processes, whose
            weights no one of them could write.
    """
    require_jax("model parallel training")
    import jax

    if jax.process_count() > 1:
        raise ValueError(
            f"expected one process with model_parallel; received {jax.process_count()}: "
            "several take data_parallel"
        )
    devices = keras.distribution.list_devices()
    if shards < 1 or len(devices) % shards:
        raise ValueError(
            f"expected model_parallel to divide the number of devices; received {shards} for "
            f"{len(devices)} devices"
        )
    shape = (len(devices) // shards, shards)
    mesh = keras.distribution.DeviceMesh(shape, [BATCH_AXIS, MODEL_AXIS], devices)
    return _model_parallel_class()(
        layout_map=keras.distribution.LayoutMap(mesh), batch_dim_name=BATCH_AXIS
    )


def batch_shards() -> int:
    """Into how many parts the distribution that is in force cuts a batch; 1 without one."""
    distribution = _in_force()
    return 1 if distribution is None else int(distribution.device_mesh.shape[0])


@contextlib.contextmanager
def whole_batches() -> Iterator[None]:
    """Batches go whole to every device: for data whose last batch cannot be cut evenly.

    Keras (3.15) cuts all batches of a data set as it cuts the first one.
    """
    distribution = _in_force()
    if distribution is None:
        yield
        return
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(distribution)


def require_jax(what: str) -> None:
    """Refuses other backends.

    Raises:
        RuntimeError: Keras runs on another one.
    """
    if keras.backend.backend() != "jax":
        raise RuntimeError(
            f"expected Keras on JAX for {what}; received the backend "
            f"{keras.backend.backend()!r} (set KERAS_BACKEND=jax)"
        )


def _in_force() -> Any:
    return keras.distribution.distribution() if keras.backend.backend() == "jax" else None


def _model_parallel_class() -> Any:
    class BertModelParallel(keras.distribution.ModelParallel):
        """Keras's, with layouts that know the sizes of a variable and not its path alone."""

        def get_variable_layout(self, variable: Any) -> Any:
            """The layout of a variable; slots of an optimizer have their variable's."""
            given = getattr(variable, "_layout", None)
            if given is not None:
                return given
            axes: list[str | None] = [None] * len(variable.shape)
            axis = cut_axis(variable.path, variable.shape, self.device_mesh.shape[1])
            if axis is not None:
                axes[axis] = MODEL_AXIS
            return keras.distribution.TensorLayout(axes, self.device_mesh)

    return BertModelParallel
