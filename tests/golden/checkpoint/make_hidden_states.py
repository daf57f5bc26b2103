"""Writes hidden_states/: what Hugging Face's BERT computes from checkpoints that the engine reads by itself.

    python make_hidden_states.py SHARED_CHECKPOINTS PYTHON_WITH_TENSORFLOW

Made with torch 2.15 and transformers 5.24; TensorFlow checkpoints are read by tensorflow-cpu 2.21 under the second
argument. SHARED_CHECKPOINTS holds tensorflow-tiny and huggingface-tiny, which are not part of the tree.

  values.safetensors  MODEL.tokens, .token_types, .sequence_offsets (packed: sequences back to back), and in float64
                      MODEL.hidden.N (the embeddings, then every layer) and MODEL.pooled where the model has a pooler
  errors.json         of each: L2 norm, and the largest error of PyTorch's own float32 over three ways to compute it
"""
import functools
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import types

import numpy
import torch
from safetensors.numpy import save_file
from transformers import BertConfig, BertModel

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "model"))
from reference_model import encode_alone, encode_padded


def transformers_name(variable):
    """None for what BertModel has not: heads, slots, global_step."""
    if not variable.startswith("bert/") or variable.endswith(("adam_m", "adam_v")):
        return None
    name = re.sub(r"layer_(\d+)", r"layer.\1", variable.removeprefix("bert/")).replace("/", ".")
    for theirs, ours in (("kernel", "weight"), ("gamma", "weight"), ("beta", "bias")):
        name = re.sub(rf"\.{theirs}$", f".{ours}", name)
    return name if name.endswith((".weight", ".bias")) else f"{name}.weight"


@functools.cache
def tensorflow_variables(prefix):
    with tempfile.TemporaryDirectory() as folder:
        archive = f"{folder}/variables.npz"
        subprocess.run([sys.argv[2], HERE / "read_tensorflow.py", prefix, archive], check=True, capture_output=True)
        return dict(numpy.load(archive))


def tensorflow_model(prefix, dtype, attention):
    description = json.loads((prefix.parent / "bert_config.json").read_text())
    description["hidden_act"] = {"gelu": "gelu_new"}.get(description["hidden_act"], description["hidden_act"])
    config = BertConfig(**({"type_vocab_size": 16} | description), attn_implementation=attention)
    state = {}
    for variable, value in tensorflow_variables(prefix).items():
        if name := transformers_name(variable):
            state[name] = torch.from_numpy(value.T if variable.endswith("kernel") else value)
    model = BertModel(config)
    model.load_state_dict(state)  # every name must be there, and no other
    return model.to(dtype).eval()


def huggingface_model(folder, pooler, dtype, attention):
    model = BertModel.from_pretrained(folder, add_pooling_layer=pooler, attn_implementation=attention)
    return model.to(dtype).eval()


def make_batch(rng, vocabulary, lengths):
    offsets = numpy.cumsum([0, *lengths])
    tokens = rng.integers(0, vocabulary, size=offsets[-1])
    kinds = numpy.concatenate([numpy.arange(n) >= n // 2 for n in lengths])
    return {"tokens": tokens, "token_types": kinds.astype(numpy.int64), "sequence_offsets": offsets}


def values(model, batch, encode):
    if model.pooler is None:
        model.pooler = lambda hidden: hidden[:, 0]  # not kept
        model.has_pooler = False
    with torch.no_grad():
        hidden, pooled = encode(types.SimpleNamespace(bert=model), batch)
    found = {f"hidden.{i}": state for i, state in enumerate(hidden)}
    if getattr(model, "has_pooler", True):
        found["pooled"] = pooled
    return {name: numpy.ascontiguousarray(value.double().numpy()) for name, value in found.items()}


def golden_values(load, batch):
    golden = values(load(torch.float64, "eager"), batch, encode_padded)
    alone = values(load(torch.float64, "eager"), batch, encode_alone)
    for name, value in golden.items():
        numpy.testing.assert_allclose(alone[name], value, rtol=0, atol=1e-12, err_msg=name)
    ways = [values(load(torch.float32, attention), batch, encode)
            for attention, encode in (("eager", encode_padded), ("sdpa", encode_padded), ("eager", encode_alone))]
    errors = {name: {"norm": float(numpy.linalg.norm(value)),
                     "float32_error": max(float(numpy.abs(way[name] - value).max()) for way in ways)}
              for name, value in golden.items()}
    return golden, errors


def write(folder, models):
    """models: name -> (load(dtype, attention), batch)"""
    tensors, errors = {}, {}
    for name, (load, batch) in models.items():
        golden, errors[name] = golden_values(load, batch)
        tensors |= {f"{name}.{key}": value.astype(numpy.int32) for key, value in batch.items()}
        tensors |= {f"{name}.{key}": value for key, value in golden.items()}
    save_file(tensors, folder / "values.safetensors")
    (folder / "values.safetensors").chmod(0o644)
    (folder / "errors.json").write_text(json.dumps(errors, indent=1) + "\n")


def main():
    shared = pathlib.Path(sys.argv[1])
    rng = numpy.random.default_rng(5)
    models = {
        "tensorflow_tiny": (lambda *a: tensorflow_model(shared / "tensorflow-tiny/bert_model.ckpt", *a), 15, [16, 1, 9]),
        "tensorflow_training": (lambda *a: tensorflow_model(HERE / "tensorflow_training/model.ckpt-7", *a), 12, [10, 2, 7]),
        "huggingface_tiny": (lambda *a: huggingface_model(shared / "huggingface-tiny", False, *a), 256, [30, 1, 12]),
    }
    write(HERE / "hidden_states", {name: (load, make_batch(rng, vocabulary, lengths))
                                   for name, (load, vocabulary, lengths) in models.items()})


if __name__ == "__main__":
    main()
