"""onnxruntime on CPU: the graph fused for BERT, float32, or int8 by dynamic quantization."""

import pathlib

from answer_loop import answer
from rows import given_texts, ids_of_rows, refuse_dtype
from rust_texts import texts_step


def graph(settings):
    """The fused graph's file, or what dynamic quantization makes of it."""
    fused = pathlib.Path(settings["folder"]) / "encoder.fused.onnx"
    if settings["dtype"] == "float32":
        return fused
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    small = fused.with_name("encoder.int8.onnx")
    # Shape inference knows no types behind the fused operations.
    kinds = {"DefaultTensorType": onnx.TensorProto.FLOAT}
    quantize_dynamic(str(fused), str(small), weight_type=QuantType.QInt8, extra_options=kinds)
    return small


def runner(settings):
    """Ids and mask → hidden states."""
    import onnxruntime

    refuse_dtype(settings, "float32", "int8")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings["threads"]
    session = onnxruntime.InferenceSession(
        str(graph(settings)), options, providers=["CPUExecutionProvider"]
    )

    def run(ids, mask):
        return session.run(None, {"input_ids": ids, "attention_mask": mask})[0]

    return run


def forward(settings):
    """Ids to hidden states."""
    run, (ids, mask) = runner(settings), ids_of_rows(settings)
    return lambda: run(ids, mask)


def texts(settings):
    """All texts, sorted by length."""
    return texts_step(settings, given_texts(settings), runner(settings))


if __name__ == "__main__":
    answer({"forward": forward, "texts": texts}, ("onnxruntime",))
