"""Runs transformers on a folder; needs transformers with torch.

A worker, so that it can run in another environment than the tests, and stay for all of
them. Reads a JSON object a line from standard input, does one of these, and answers with a
line of JSON:

- {"do": "run", "folder", "features": npz, "outputs": npz, "class": name}: loads the folder
  with that class and writes all that it computes; answers the keys that were missing or
  unexpected.
- {"do": "save", "folder", "class", "config": {…}, "options": {…}, "dtype": name}: saves a
  random model.
- {"do": "tokenize", "folder", "texts"}: answers the ids of `AutoTokenizer`.
- {"do": "pipeline", "kind": name, "folder", "texts"}: answers what `pipeline(name)` does.
- {"do": "embed", "folder", "texts"}: answers what sentence-transformers encodes, and the
  length at which it cuts; None where it is not installed.
"""

import json
import sys

import numpy as np
import torch
import transformers


def run(order):
    model_class = getattr(transformers, order["class"])
    model, info = model_class.from_pretrained(
        order["folder"], output_loading_info=True, attn_implementation="eager"
    )
    model.eval()
    features = {name: torch.tensor(value) for name, value in np.load(order["features"]).items()}
    features = {name: value.long() for name, value in features.items()}
    chunks = []
    with torch.no_grad():
        for start in range(0, len(features["input_ids"]), 64):
            batch = {name: value[start : start + 64] for name, value in features.items()}
            outputs = model(**batch, output_hidden_states=True)
            chunks.append({k: v.numpy() for k, v in outputs.items() if torch.is_tensor(v)})
            chunks[-1]["hidden_states"] = torch.stack(outputs.hidden_states, 1).numpy()
    names = chunks[0].keys()
    np.savez(
        order["outputs"], **{name: np.concatenate([c[name] for c in chunks]) for name in names}
    )
    return {key: sorted(map(str, info[key])) for key in ("missing_keys", "unexpected_keys")}


def save(order):
    torch.manual_seed(3)
    model_class = getattr(transformers, order["class"])
    model = model_class(transformers.BertConfig(**order["config"]))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.3)
    model.to(getattr(torch, order["dtype"])).save_pretrained(order["folder"], **order["options"])
    return None


def tokenize(order):
    tokenizer = transformers.AutoTokenizer.from_pretrained(order["folder"])
    return {
        "ids": tokenizer(order["texts"]).input_ids,
        "fast": [e.ids for e in tokenizer.backend_tokenizer.encode_batch(order["texts"])],
        "class": type(tokenizer).__name__,
        "model_max_length": tokenizer.model_max_length,
    }


def pipeline(order):
    answers = transformers.pipeline(order["kind"], order["folder"])(order["texts"])
    return json.loads(json.dumps(answers, default=float))


def embed(order):
    try:
        import sentence_transformers
    except ModuleNotFoundError:
        return None
    encoder = sentence_transformers.SentenceTransformer(order["folder"], device="cpu")
    vectors = encoder.encode(order["texts"], show_progress_bar=False)
    return {"vectors": vectors.tolist(), "max_seq_length": encoder.max_seq_length}


def main():
    transformers.logging.set_verbosity_error()
    answers = sys.stdout
    sys.stdout = sys.stderr  # what libraries print is no answer
    functions = (run, save, tokenize, pipeline, embed)
    actions = {function.__name__: function for function in functions}
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(actions[order["do"]](order)), file=answers, flush=True)


if __name__ == "__main__":
    main()
