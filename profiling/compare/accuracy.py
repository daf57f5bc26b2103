#!/usr/bin/env python3
"""Scores after fine-tuning over several seeds, ours beside Hugging Face's from the same checkpoint.

Same rows, batch size, number of updates, warm-up, decay, dropout and clipping; order, dropout masks and the new head's values
are each engine's own. The peer updates as its users' scripts do (AdamW with bias correction), ours as BERT does, unless
--bias-correction. Per seed the score on --validation after the last update. Writes --output, one side at a time if asked to:

  accuracy.py --cloze build/release/engine/cli/cloze --model MODEL --task cola --train train.tsv --validation dev.tsv \\
      --epochs 2 --rate 1e-4 --output cola.json [--side ours|peer] [--rows 2000] [--length 128] [--threads 1]
Needs: pip install torch transformers
"""
import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import torch
import transformers

import machine
from predictions import read_texts

METRICS = {"cola": "matthews", "mrpc": "accuracy", "yelp": "accuracy"}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cloze")
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--task", required=True, choices=sorted(METRICS))
    parser.add_argument("--train", required=True, type=pathlib.Path)
    parser.add_argument("--validation", required=True, type=pathlib.Path)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("--side", choices=["ours", "peer", "both"], default="both")
    parser.add_argument("--rows", type=int, help="train on this many of the first rows")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bias-correction", action="store_true", help="ours, too")
    return parser.parse_args()


def read_labels(task, path):
    if task == "yelp":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [int(row[0]) - 1 for row in csv.reader(file)]
    lines = [line for line in path.read_text(encoding="utf-8-sig").split("\n") if line]
    return [int(line.split("\t")[1]) for line in lines] if task == "cola" else \
        [int(line.split("\t")[0]) for line in lines[1:]]


def matthews(labels, guesses):
    count = {(a, b): sum((x, y) == (a, b) for x, y in zip(labels, guesses)) for a in (0, 1) for b in (0, 1)}
    tp, tn, fp, fn = count[1, 1], count[0, 0], count[0, 1], count[1, 0]
    bottom = ((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)) ** 0.5
    return (tp * tn - fp * fn) / bottom if bottom else 0.0


class Peer:
    def __init__(self, arguments):
        self.arguments = arguments
        self.tokenizer = transformers.BertTokenizerFast.from_pretrained(arguments.model)
        self.train = self.encode(arguments.train, arguments.rows)
        self.validation = self.encode(arguments.validation, None)

    def encode(self, path, rows):
        first, second = read_texts(self.arguments.task, path)
        labels = read_labels(self.arguments.task, path)
        texts = (first[:rows], second[:rows] if second else None)
        return self.tokenizer(*texts, truncation=True, max_length=self.arguments.length), labels[:rows]

    def batch(self, data, indices):
        encoded, labels = data
        padded = self.tokenizer.pad({name: [values[i] for i in indices] for name, values in encoded.items()},
                                    return_tensors="pt")
        return padded | {"labels": torch.tensor([labels[i] for i in indices])}

    def optimizer(self, model):
        decayed = [p for n, p in model.named_parameters() if not ("bias" in n or "LayerNorm" in n)]
        others = [p for n, p in model.named_parameters() if "bias" in n or "LayerNorm" in n]
        return torch.optim.AdamW([{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}],
                                 lr=self.arguments.rate, eps=1e-6)

    def score(self, seed):
        torch.manual_seed(seed)
        model = transformers.BertForSequenceClassification.from_pretrained(self.arguments.model, num_labels=2)
        count, size = len(self.train[1]), self.arguments.batch
        steps = count * self.arguments.epochs // size
        order = torch.cat([torch.randperm(count) for _ in range(self.arguments.epochs)]).tolist()
        optimizer = self.optimizer(model)
        schedule = transformers.get_linear_schedule_with_warmup(optimizer, int(0.1 * steps), steps)
        model.train()
        for step in range(steps):
            model(**self.batch(self.train, order[step * size:(step + 1) * size])).loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        return self.evaluate(model.eval())

    @torch.inference_mode()
    def evaluate(self, model):
        encoded, labels = self.validation
        order = sorted(range(len(labels)), key=lambda i: len(encoded["input_ids"][i]))
        guesses = [0] * len(labels)
        for begin in range(0, len(order), 32):
            indices = order[begin:begin + 32]
            for i, guess in zip(indices, model(**self.batch(self.validation, indices)).logits.argmax(-1).tolist()):
                guesses[i] = guess
        if self.arguments.task == "cola":
            return matthews(labels, guesses)
        return sum(a == b for a, b in zip(labels, guesses)) / len(labels)


def first_rows(arguments, folder):
    """A file with the first rows, of one line each, as the peer takes them."""
    if arguments.rows is None:
        return arguments.train
    lines = arguments.train.read_bytes().split(b"\n")
    header = arguments.task == "mrpc"
    part = folder / arguments.train.name
    part.write_bytes(b"\n".join(lines[:arguments.rows + header]) + b"\n")
    return part


def our_scores(arguments, folder):
    settings = {"model.from": arguments.model.resolve(), "data.train": first_rows(arguments, folder),
                "data.validation": arguments.validation.resolve(), "data.test": "null", "output": folder / "run",
                "training.seeds": list(range(1, arguments.seeds + 1)), "training.epochs": arguments.epochs,
                "batch.sequences": arguments.batch, "optimizer.learning_rate": arguments.rate, "log.examples": 0,
                "task.max_sequence_length": arguments.length, "task.truncation": "head", "threads": arguments.threads,
                "schedule.warmup_proportion": "10%", "optimizer.bias_correction": str(arguments.bias_correction).lower(),
                "checkpoint.keep_best": "false"}
    config = pathlib.Path(__file__).resolve().parents[2] / f"configs/finetune/{arguments.task}.yaml"
    call = [arguments.cloze, "finetune", config, "--overwrite"]
    for key, value in settings.items():
        call += ["--set", f"{key}={value}"]
    subprocess.run([str(part) for part in call], check=True)
    written = json.loads((folder / "run" / "seeds.json").read_text())["seeds"]
    return [scores["eval_" + METRICS[arguments.task]] for scores in written.values()]


def summary(scores):
    return {"scores": scores, "mean": statistics.mean(scores),
            "standard_error": statistics.stdev(scores) / len(scores) ** 0.5}


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    report = json.loads(arguments.output.read_text()) if arguments.output.exists() else {
        "task": arguments.task, "metric": METRICS[arguments.task], "model": arguments.model.name,
        "train_rows": arguments.rows or "all", "epochs": arguments.epochs, "batch": arguments.batch, "rate": arguments.rate,
        "length": arguments.length, "machine": machine.describe()}
    if arguments.side != "peer":
        with tempfile.TemporaryDirectory() as name:
            report["ours"] = summary(our_scores(arguments, pathlib.Path(name)))
    if arguments.side != "ours":
        peer = Peer(arguments)
        report["peer"] = summary([peer.score(seed) for seed in range(1, arguments.seeds + 1)])
        report |= {"torch": torch.__version__, "transformers": transformers.__version__}
    if arguments.output.exists():  # the other side may have written it meanwhile
        report = json.loads(arguments.output.read_text()) | report
    arguments.output.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report))


if __name__ == "__main__":
    sys.exit(main())
