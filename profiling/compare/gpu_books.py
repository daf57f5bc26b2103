#!/usr/bin/env python3
"""Pretrains BERT-base on a GPU for some minutes on a text of one's own and keeps the loss curve: one JSON object a line.

  gpu_books.py CLOZE TEXT [--seconds 480] [--device cuda] [--size base]

The vocabulary and the corpus are made first, of all the time too. The run is stopped as a user stops it, and must end with a checkpoint.
"""
import argparse
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

SIZES = {"base": {"layers": 12, "hidden_size": 768, "heads": 12, "intermediate_size": 3072},
         "tiny": {"layers": 2, "hidden_size": 128, "heads": 2, "intermediate_size": 512}}
POINTS = 200  # of the curve


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cloze")
    parser.add_argument("text", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=480)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--size", choices=SIZES, default="base")
    parser.add_argument("--tokens", type=int, default=32768, help="of a step, about")
    return parser.parse_args()


def prepare(cloze, text, folder):
    for command in (["vocab", "--input", text, "--size", 30000, "--output", folder / "vocab.txt"],
                    ["prepare", "--input", text, "--vocab", folder / "vocab.txt", "--output", folder / "corpus"]):
        subprocess.run([cloze, *map(str, command)], check=True, stdout=subprocess.DEVNULL)


def write_config(arguments, folder):
    config = {"output": str(folder / "run"), "device": arguments.device, "precision": "bf16" if arguments.device == "cuda" else "f32",
              "data": {"train": str(folder / "corpus"), "max_sequence_length": 128},
              "model": SIZES[arguments.size], "batch": {"sequences": arguments.tokens // 128, "micro_batch_tokens": arguments.tokens},
              "training": {"steps": 1_000_000}, "optimizer": {"learning_rate": 1e-4}, "schedule": {"warmup_steps": 500},
              "checkpoint": {"every": 0}, "log": {"every": 5, "examples": 0}}
    path = folder / "config.yaml"
    path.write_text(json.dumps(config))  # JSON is YAML
    return path


def train(cloze, config, seconds):
    run = subprocess.Popen([cloze, "pretrain", str(config)], stdout=subprocess.DEVNULL)
    try:
        return run.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        run.send_signal(signal.SIGINT)
    return run.wait(timeout=60)


def curve(folder):
    records = map(json.loads, (folder / "run/metrics.jsonl").read_text().splitlines())
    return [record for record in records if record.get("split") == "train"]


def main():
    arguments, began = parse_arguments(), time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        prepare(arguments.cloze, arguments.text, folder)
        prepared = time.monotonic() - began
        code = train(arguments.cloze, write_config(arguments, folder), max(10, arguments.seconds - prepared))
        records = curve(folder)
        kept = (folder / "run/latest/model.safetensors").exists()
    every = -(-len(records) // POINTS)
    points = [{key: record.get(key) for key in ("step", "loss", "tokens_per_second")} for record in records[::every or 1]]
    print(json.dumps({"part": "books", "key": f"pretraining on {arguments.text.name}", "steps": records[-1]["step"],
                      "first_loss": records[0]["loss"], "last_loss": records[-1]["loss"], "seconds_to_prepare": prepared,
                      "tokens_per_second": records[-1]["tokens_per_second"], "checkpoint_at_the_end": kept, "exit_code": code,
                      "curve": points}))
    stopped = code in (0, 128 + signal.SIGINT)
    return 0 if stopped and kept and records[-1]["loss"] < records[0]["loss"] else 1


if __name__ == "__main__":
    sys.exit(main())
