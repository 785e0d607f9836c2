"""Writes an encoder in Hugging Face's format as an ONNX graph, with free batch and length.

    write_onnx.py WEIGHTS OUT.onnx

Inputs `input_ids` and `attention_mask` int64 [B, S], output `last_hidden_state` [B, S, H].
"""

import sys

import torch
from transformers import BertModel


class Encoder(torch.nn.Module):
    """The encoder with positional inputs and a tensor as output."""

    def __init__(self, folder):
        super().__init__()
        # ONNX has no fused attention of torch's; the engines look for the plain one.
        self.bert = BertModel.from_pretrained(
            folder, attn_implementation="eager", add_pooling_layer=False
        )

    def forward(self, input_ids, attention_mask):
        """To `last_hidden_state`."""
        return self.bert(input_ids, attention_mask).last_hidden_state


def main():
    """Write the file."""
    folder, out = sys.argv[1:]
    example = torch.ones(2, 16, dtype=torch.int64)
    axes = {0: "batch", 1: "length"}
    torch.onnx.export(
        Encoder(folder).eval(),
        (example, example),
        out,
        input_names=["input_ids", "attention_mask"],
        output_names=["last_hidden_state"],
        dynamic_axes=dict.fromkeys(["input_ids", "attention_mask", "last_hidden_state"], axes),
        opset_version=17,
        dynamo=False,
    )


if __name__ == "__main__":
    main()
