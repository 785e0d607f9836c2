"""Writes an ONNX graph with BERT's parts fused, as onnxruntime's documentation recommends.

write_fused_onnx.py ENCODER.onnx OUT.onnx HEADS HIDDEN
"""

import sys

from onnxruntime.transformers.optimizer import optimize_model


def main():
    """Write the file."""
    exported, out, heads, hidden = sys.argv[1:]
    model = optimize_model(exported, "bert", num_heads=int(heads), hidden_size=int(hidden))
    model.save_model_to_file(out)


if __name__ == "__main__":
    main()
