#!/usr/bin/env python3
"""Runs of `cloze` with `device: cuda` beside the same with `device: cpu`: one JSON object a line.

  gpu_runs.py CLOZE [--steps 60] [--device cuda]

Pretrains a small BERT on the sample world: losses in float32 must be those of the CPU within 1e-3 of themselves (they drift apart by
rounding, step by step), in bfloat16 within 2e-2; a run that goes on from its middle must end with the bits of one that was not cut.
Then profiles a step twice: launch by launch, and the replayed CUDA graph by CUPTI, whose launches must fit into the step.
Ends with 1 where anything is otherwise. --device cpu tries the script itself where there is no GPU.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cloze")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--device", default="cuda")
    return parser.parse_args()


class Runs:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder
        self.call("sample", "--output", folder / "sample")
        self.call("vocab", "--input", folder / "sample/corpus.txt", "--size", 400, "--output", folder / "vocab.txt")
        self.call("prepare", "--input", folder / "sample/corpus.txt", "--vocab", folder / "vocab.txt",
                  "--output", folder / "corpus")
        config = {"data": {"train": str(folder / "corpus"), "max_sequence_length": 64},
                  "model": {"layers": 2, "hidden_size": 128, "heads": 2, "intermediate_size": 512},
                  "batch": {"sequences": 32, "micro_batch_tokens": 1024}, "training": {"steps": arguments.steps},
                  "optimizer": {"learning_rate": 1e-3}, "checkpoint": {"every": arguments.steps // 2},
                  "log": {"every": 1, "examples": 0}}
        self.config = folder / "config.yaml"
        self.config.write_text(json.dumps(config | {"output": str(folder / "run")}))  # JSON is YAML

    def call(self, *parts):
        subprocess.run([self.arguments.cloze, *map(str, parts)], check=True, stdout=subprocess.DEVNULL)

    def train(self, name, device, precision, *more):
        output = self.folder / name
        self.call("pretrain", self.config, "--set", f"output={output}", "--set", f"device={device}",
                  "--set", f"precision={precision}", *more)
        records = map(json.loads, (output / "metrics.jsonl").read_text().splitlines())
        records = [record for record in records if record["split"] == "train"]
        return output, [record["loss"] for record in records], records[-1]["tokens_per_second"]

    def profile(self, name, *more):
        output = self.folder / name
        self.call("profile", self.config, "--set", f"device={self.arguments.device}", "--output", output, *more)
        return json.loads((output / "profile.json").read_text())


def worst(losses, expected):
    return max(abs(a / b - 1) for a, b in zip(losses, expected))


def compare(runs, arguments, expected, precision, allowed):
    """Against the CPU's losses, and against itself when it goes on from its middle. True where both are as they must be."""
    output, losses, speed = runs.train(precision, arguments.device, precision)
    apart = worst(losses, expected)
    whole = (output / "latest/model.safetensors").read_bytes()
    shutil.rmtree(output / f"checkpoints/step-{arguments.steps}")
    runs.train(precision, arguments.device, precision, "--resume")
    alike = whole == (output / "latest/model.safetensors").read_bytes()
    print(json.dumps({"part": "runs", "key": f"pretraining, {precision}", "steps": arguments.steps,
                      "first_loss": losses[0], "last_loss": losses[-1], "last_loss_of_cpu": expected[-1],
                      "largest_relative_difference": apart, "allowed": allowed, "resumed_bit_for_bit": alike,
                      "tokens_per_second": speed}), flush=True)
    return apart <= allowed and alike


def profile(runs, key, more):
    figures = runs.profile(key, *more)
    means = figures["means_of_a_step"]
    plain = sorted(step["seconds_without_timing"] for step in figures["steps"])
    print(json.dumps({"part": "runs", "key": key, "timing": figures["timing"],
                      "launch_seconds": means["launch_seconds"], "step_seconds": means["seconds"],
                      "step_seconds_without_timing": plain[len(plain) // 2]}), flush=True)
    return 0 < means["launch_seconds"] <= means["seconds"]


def attempt(key, action):
    """One run that fails must not cost the others."""
    try:
        return action()
    except (OSError, subprocess.CalledProcessError, LookupError, ValueError) as error:
        print(json.dumps({"part": "runs", "key": key, "failed": str(error)}), flush=True)
        return False


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as name:
        runs = Runs(arguments, pathlib.Path(name))
        _, expected, _ = runs.train("cpu", "cpu", "f32")
        good = [attempt(f"pretraining, {precision}", lambda: compare(runs, arguments, expected, precision, allowed))
                for precision, allowed in (("f32", 1e-3), ("bf16", 2e-2))]
        replayed = ("--replayed",) if arguments.device == "cuda" else ()
        good += [attempt(key, lambda: profile(runs, key, more))
                 for key, more in (("profile, launch by launch", ()), ("profile, replayed", replayed))]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
