#!/usr/bin/env python3
"""Writes the files of this folder: one BertForPreTraining, its values, gradients and training curves.

Made with torch 2.15.0, transformers 5.23.0, numpy 2.4.6, Python 3.11 on x86-64; `about.json` repeats that with the
SHA-256 of these scripts and of every file. `make_goldens.py --check` computes all again and compares.

  config.json             sizes, as Hugging Face's BertConfig (hidden_act is gelu_new; the same weights serve gelu)
  weights.safetensors     float32, Hugging Face names; the decoder is tied to the word embedding
  batch.safetensors       int32, a packed batch (see reference_model.py)
  gelu_tanh.safetensors   float64 `output.*` and `gradient.*` with gelu_new, dropout off
  gelu_erf.safetensors    the same with the erf form, Hugging Face's "gelu"
  training.safetensors    float64 curves of three optimizers on that one batch (gelu_new), see RUNS below: `RUN.loss`,
                          `.masked_lm_loss`, `.next_sentence_loss` (all before the update), `.gradient_norm` (before
                          clipping to 1), `.learning_rate`, and `RUN.final.NAME` of a few parameters
  errors.json             of every tensor: L2 norm, largest magnitude, and the largest absolute error of PyTorch
                          itself in float32 (over three ways to compute it: eager, sdpa, each sequence alone) and in
                          bfloat16 autocast; of the training runs, in float32

Rows of padding never reach a value: the rectangle and each sequence by itself agree to 1e-12 here. No real token is 0:
Hugging Face drops the embedding gradient of token 0 (padding_idx), Google's BERT does not. The gradient of every
key.bias is zero in exact arithmetic (softmax ignores a shift), so what is stored there is rounding noise.
"""
import argparse
import hashlib
import json
import pathlib
import platform

import numpy
import torch
import transformers
from safetensors.numpy import load_file, save

import reference_optimizers
from reference_model import SIZES, build, encode_alone, encode_padded, values_and_gradients

FOLDER = pathlib.Path(__file__).parent
ACTIVATIONS = {"gelu_tanh": "gelu_new", "gelu_erf": "gelu"}
CLS, SEP, MASK = 1, 2, 3

# run: optimizer, bias correction, schedule, peak learning rate, steps, warm-up steps
RUNS = {
    "adamw_bert": (reference_optimizers.adamw, False, "bert", 1e-3, 50, 10),
    "adamw_corrected": (reference_optimizers.adamw, True, "linear", 1e-3, 10, 2),
    "lamb": (reference_optimizers.lamb, True, "constant", 1e-2, 10, 0),
}
WEIGHT_DECAY = 0.01
FINAL_WEIGHTS = (
    "bert.embeddings.word_embeddings.weight",
    "bert.embeddings.LayerNorm.weight",
    "bert.encoder.layer.1.attention.self.query.weight",
    "bert.encoder.layer.1.attention.self.value.bias",
    "bert.encoder.layer.2.output.LayerNorm.bias",
    "bert.pooler.dense.weight",
    "cls.predictions.bias",
    "cls.seq_relationship.weight",
)


def make_weights(rng):
    """Larger than BERT's 0.02, and nothing trivial, so that every gradient says something."""
    model = transformers.BertForPreTraining(transformers.BertConfig(**SIZES))
    weights = {}
    for name, parameter in model.named_parameters():
        noise = rng.standard_normal(parameter.shape)
        if name.endswith("LayerNorm.weight"):
            value = 1 + 0.2 * noise
        elif name.endswith("bias"):
            value = 0.1 * noise
        else:
            value = (0.3 if "embeddings" in name else 0.2) * noise
        weights[name] = value.astype(numpy.float32)
    return weights


def make_batch(rng):
    """Ragged sequences, two of them minimal ([CLS] alone; [CLS] x [SEP]), one of them without any prediction."""
    lengths, predictions = [24, 1, 7, 3, 16, 11], [4, 0, 2, 1, 3, 2]
    tokens, types, positions, rows, labels, offsets = [], [], [], [], [], [0]
    for length, count in zip(lengths, predictions):
        piece = rng.integers(5, 30, size=length)  # few enough words that some repeat
        boundary = length // 2
        piece[0] = CLS
        if length > 1:
            piece[-1] = SEP
        if length > 4:
            piece[boundary] = SEP
        candidates = [p for p in range(1, length - 1) if piece[p] != SEP]
        masked = numpy.sort(rng.choice(candidates, size=count, replace=False)) if count else []
        for order, position in enumerate(masked):
            rows.append(offsets[-1] + position)
            labels.append(piece[position] if order != 1 else rng.integers(30, SIZES["vocab_size"]))
            if order != 2:  # the third stays as it was, as 10% do
                piece[position] = MASK
        tokens.extend(piece)
        types.extend(int(p > boundary and length > 4) for p in range(length))
        positions.extend(range(length))
        offsets.append(offsets[-1] + length)
    labels[-1] = SIZES["vocab_size"] - 1  # the last real row of the embedding
    labels[0] = labels[4]
    next_labels = [0, 1, 1, 0, 0, 1]
    names = ("tokens", "token_types", "positions", "sequence_offsets", "prediction_rows", "prediction_labels")
    batch = dict(zip(names, (tokens, types, positions, offsets, rows, labels)), next_sentence_labels=next_labels)
    assert 0 not in tokens
    return {name: numpy.array(value, dtype=numpy.int64) for name, value in batch.items()}


def largest(values):
    return float(numpy.abs(values).max())


def golden_values(weights, batch, hidden_act):
    """The float64 values, and for each how far PyTorch's float32 and bfloat16 are from them."""
    golden = values_and_gradients(build(weights, hidden_act, torch.float64), batch, encode_padded)
    alone = values_and_gradients(build(weights, hidden_act, torch.float64), batch, encode_alone)
    for name in golden:
        numpy.testing.assert_allclose(alone[name], golden[name], rtol=0, atol=1e-12, err_msg=name)

    ways = [
        values_and_gradients(build(weights, hidden_act, torch.float32, attention), batch, encode)
        for attention, encode in (("eager", encode_padded), ("sdpa", encode_padded), ("eager", encode_alone))
    ]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = values_and_gradients(build(weights, hidden_act, torch.float32), batch, encode_padded)
    errors = {
        name: {
            "norm": float(numpy.linalg.norm(value)),
            "largest": largest(value),
            "float32_error": max(largest(way[name] - value) for way in ways),
            "bfloat16_error": largest(half[name] - value),
        }
        for name, value in golden.items()
    }
    return golden, errors


def train(weights, batch, dtype, run):
    """Curves and final weights of one run, dropout off; every float of it in `dtype`."""
    optimizer, bias_correction, schedule, peak, steps, warmup = RUNS[run]
    model = build(weights, "gelu_new", dtype)
    arrays = {name: parameter.detach().numpy() for name, parameter in model.named_parameters()}  # shares memory
    moments = reference_optimizers.Moments(bias_correction)
    curves = {name: [] for name in ("loss", "masked_lm_loss", "next_sentence_loss", "gradient_norm", "learning_rate")}
    for step in range(steps):
        values = values_and_gradients(model, batch)
        gradients = {name: values[f"gradient.{name}"].astype(array.dtype) for name, array in arrays.items()}
        rate = reference_optimizers.learning_rate(schedule, peak, step, steps, warmup)
        for name in ("loss", "masked_lm_loss", "next_sentence_loss"):
            curves[name].append(values[f"output.{name}"].item())
        curves["gradient_norm"].append(reference_optimizers.clip(gradients, 1.0))
        curves["learning_rate"].append(rate)
        optimizer(arrays, gradients, moments, rate, WEIGHT_DECAY)
    result = {f"{run}.{name}": numpy.array(values) for name, values in curves.items()}
    return result | {f"{run}.final.{name}": arrays[name].astype(numpy.float64) for name in FINAL_WEIGHTS}


def train_with_torch(weights, batch, run):
    """The same by torch.optim.AdamW, which has epsilon and decay where the engine has them."""
    _, _, schedule, peak, steps, warmup = RUNS[run]
    model = build(weights, "gelu_new", torch.float64)
    named = list(model.named_parameters())
    groups = [
        {"params": [p for n, p in named if reference_optimizers.decays(n)], "weight_decay": WEIGHT_DECAY},
        {"params": [p for n, p in named if not reference_optimizers.decays(n)], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=peak, betas=(0.9, 0.999), eps=1e-6)
    for step in range(steps):
        values_and_gradients(model, batch)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = reference_optimizers.learning_rate(schedule, peak, step, steps, warmup)
        optimizer.step()
    return {f"{run}.final.{name}": p.detach().numpy() for name, p in named if name in FINAL_WEIGHTS}


def training_values(weights, batch):
    golden, errors = {}, {}
    for run in RUNS:
        exact = train(weights, batch, torch.float64, run)
        single = train(weights, batch, torch.float32, run)
        golden |= exact
        for name, value in exact.items():
            errors[name] = {"norm": float(numpy.linalg.norm(value)), "largest": largest(value)}
            errors[name]["float32_error"] = largest(single[name] - value)
    # torch's clipping divides by norm + 1e-6, hence not to the last digit.
    for name, value in train_with_torch(weights, batch, "adamw_corrected").items():
        numpy.testing.assert_allclose(value, golden[name], rtol=0, atol=1e-7, err_msg=name)
    return golden, errors


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def compute():
    """All tensors by file name, and the errors."""
    rng = numpy.random.default_rng(20181011)
    weights, batch = make_weights(rng), make_batch(rng)
    files = {
        "weights.safetensors": weights,
        "batch.safetensors": {name: value.astype(numpy.int32) for name, value in batch.items()},
    }
    errors = {}
    for name, hidden_act in ACTIVATIONS.items():
        files[f"{name}.safetensors"], errors[name] = golden_values(weights, batch, hidden_act)
    files["training.safetensors"], errors["training"] = training_values(weights, batch)
    return files, errors


def write(files, errors):
    for name, tensors in files.items():
        (FOLDER / name).write_bytes(save(tensors))
    config = SIZES | {"architectures": ["BertForPreTraining"], "hidden_act": "gelu_new", "model_type": "bert"}
    (FOLDER / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    (FOLDER / "errors.json").write_text(json.dumps(errors, indent=1) + "\n")
    described = sorted(path for path in FOLDER.iterdir() if path.is_file() and path.name != "about.json")
    about = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "numpy": numpy.__version__,
        "sha256": {path.name: sha256(path) for path in described},
    }
    (FOLDER / "about.json").write_text(json.dumps(about, indent=2) + "\n")


def check(files):
    """The committed files hold what the scripts compute, up to what float64 may differ between machines."""
    for path, digest in json.loads((FOLDER / "about.json").read_text())["sha256"].items():
        assert sha256(FOLDER / path) == digest, f"{path} is not the file about.json describes: run make_goldens.py"
    for file, tensors in files.items():
        stored = load_file(FOLDER / file)
        assert stored.keys() == tensors.keys(), file
        for name, value in tensors.items():
            numpy.testing.assert_allclose(stored[name], value, rtol=0, atol=1e-10, err_msg=f"{file}: {name}")
    print(f"{sum(map(len, files.values()))} tensors in {len(files)} files agree")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the files instead of writing them")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    reference_optimizers.check()
    files, errors = compute()
    if arguments.check:
        check(files)
    else:
        write(files, errors)


if __name__ == "__main__":
    main()
