"""OpenVINO on CPU: float32, bfloat16 by its precision hint, int8 by NNCF's quantization."""

import pathlib

from answer_loop import answer
from rows import given_texts, ids_of_rows, refuse_dtype
from rust_texts import texts_step

PRECISIONS = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}


def quantized(model, settings):
    """Weights and activations in int8, calibrated on the rows of the benchmark."""
    import nncf

    ids, mask = ids_of_rows(settings)
    rows = [
        {"input_ids": ids[i : i + 1], "attention_mask": mask[i : i + 1]} for i in range(len(ids))
    ]
    return nncf.quantize(
        model, nncf.Dataset(rows), model_type=nncf.ModelType.TRANSFORMER, subset_size=len(rows)
    )


def runner(settings):
    """Ids and mask → hidden states."""
    import openvino

    refuse_dtype(settings, *PRECISIONS)
    core = openvino.Core()
    model = core.read_model(pathlib.Path(settings["folder"]) / "encoder.onnx")
    if settings["dtype"] == "int8":
        model = quantized(model, settings)
    compiled = core.compile_model(
        model,
        "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": settings["threads"],
            "INFERENCE_PRECISION_HINT": PRECISIONS[settings["dtype"]],
        },
    )
    request = compiled.create_infer_request()

    def run(ids, mask):
        request.infer({"input_ids": ids, "attention_mask": mask})
        return request.get_output_tensor(0).data

    return run


def forward(settings):
    """Ids to hidden states."""
    run, (ids, mask) = runner(settings), ids_of_rows(settings)
    return lambda: run(ids, mask)


def texts(settings):
    """All texts, sorted by length."""
    return texts_step(settings, given_texts(settings), runner(settings))


if __name__ == "__main__":
    answer({"forward": forward, "texts": texts}, ("openvino",))
