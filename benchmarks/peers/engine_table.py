"""The engines that are measured: who runs, in which environment, by which worker.

An environment's name is a folder of `--environments` and, with `.txt`, a file of
`requirements/`; `own` is the Python that runs the benchmark.
"""

import typing


class Engine(typing.NamedTuple):
    """One way to run a model.

    Attributes:
        environment: whose Python runs the worker.
        worker: file in `workers/`.
        about: how it is run, for the table.
        jobs: what it can do.
        way: passed to the worker, which may know several.
        files: prepared files that it reads, see `prepared_files.py`.
    """

    environment: str
    worker: str
    about: str
    jobs: tuple[str, ...]
    way: str = ""
    files: tuple[str, ...] = ("weights",)


IDS, STRINGS = ("forward", "train"), ("fit", "texts", "classify")
ALL = IDS + STRINGS
GPU = ("gpu_masked_lm", "gpu_forward", "gpu_train")
ENGINES = {
    "keras_bert": Engine(
        "own",
        "on_keras_bert.py",
        "in the process: backbone in a `tf.function`; step of `fit`; `fit`, `encode` and `predict` "
        "of strings",
        ALL,
        "process",
    ),
    "keras_bert_packed": Engine(
        "own", "on_keras_bert.py", "`fit(…, packing=True)`: several texts a row", ("fit",), "packed"
    ),
    "served": Engine(
        "own",
        "on_saved_model.py",
        "the exported SavedModel's `features` signature: ids in, vectors out; int8: "
        "`export(…, int8=texts)`",
        ("forward",),
        "features",
        ("served",),
    ),
    "served_text": Engine(
        "own",
        "on_saved_model.py",
        "the exported SavedModel's `serving_default`: strings in, vectors out",
        ("forward", "texts"),
        "serving_default",
        ("served",),
    ),
    "transformers": Engine(
        "torch",
        "on_transformers.py",
        "`attn_implementation='sdpa'`, `inference_mode`; texts sorted by length, 32 a batch",
        ALL,
        "sdpa",
    ),
    "transformers_eager": Engine(
        "torch", "on_transformers.py", "`attn_implementation='eager'`", IDS, "eager"
    ),
    "transformers_compile": Engine(
        "torch", "on_transformers.py", "sdpa under `torch.compile`", IDS, "compile"
    ),
    "transformers_unsorted": Engine(
        "torch", "on_transformers.py", "sdpa, texts as they come, 32 a batch", STRINGS, "unsorted"
    ),
    "transformers_pipeline": Engine(
        "torch",
        "on_transformers.py",
        '`pipeline("text-classification", batch_size=32)`, sdpa, texts as they come',
        ("classify",),
        "pipeline",
    ),
    "sentence_transformers": Engine(
        "torch", "on_sentence_transformers.py", "`SentenceTransformer.encode`", ("texts",)
    ),
    "onnxruntime": Engine(
        "onnxruntime",
        "on_onnxruntime.py",
        "exported by torch, fused by `onnxruntime.transformers.optimizer`; int8: "
        "`quantize_dynamic`; texts by Rust `tokenizers`, sorted by length",
        ("forward", "texts"),
        files=("weights", "fused"),
    ),
    "openvino": Engine(
        "openvino",
        "on_openvino.py",
        "the same ONNX file, hint LATENCY; bfloat16 by `INFERENCE_PRECISION_HINT`; int8: "
        "`nncf.quantize`; texts by Rust `tokenizers`, sorted by length",
        ("forward", "texts"),
        files=("weights", "onnx"),
    ),
    "keras_hub": Engine(
        "keras_hub",
        "on_keras_hub.py",
        "TensorFlow backend; `predict_on_batch`, `train_on_batch`; texts by `predict` at 128",
        ALL,
    ),
    "tf_models": Engine(
        "tf_models",
        "on_tf_models.py",
        "`BertEncoderV2` of the Model Garden in a `tf.function`",
        IDS,
    ),
    "keras_bert_gpu": Engine(
        "own", "on_keras_bert_jax.py", "Keras on JAX: the step that `fit` compiles", GPU, "step"
    ),
    "keras_bert_gpu_unmasked": Engine(
        "own",
        "on_keras_bert_jax.py",
        "the same without `input_mask` and dropout, where Keras may choose cuDNN's attention",
        GPU,
        "unmasked",
    ),
    "keras_bert_gpu_flash": Engine(
        "own",
        "on_keras_bert_jax.py",
        "an experiment: the same with `ops.dot_product_attention(…, flash_attention=True)` "
        "under the mask; without dropout",
        GPU,
        "flash",
    ),
    "keras_bert_gpu_fit": Engine(
        "own",
        "on_keras_bert_jax.py",
        "`fit` on rows in memory, 16 steps a call: with Keras's batches and callbacks",
        ("gpu_train",),
        "fit",
    ),
    "transformers_gpu": Engine(
        "torch",
        "on_transformers_cuda.py",
        "sdpa; in bfloat16 autocast to train, weights in bfloat16 to infer; fused AdamW; "
        "the head at gathered positions",
        GPU,
        "sdpa",
    ),
    "transformers_gpu_compile": Engine(
        "torch", "on_transformers_cuda.py", "the same under `torch.compile`", GPU, "compile"
    ),
}
