#!/usr/bin/env python3
"""How time and memory of `prepare`, `vocab` and a training step grow as their input grows 1, 2, 4, 8 times.

Processor seconds (so that other programs matter little) and the most memory resident at a time, of whole processes. Texts are
the first bytes of the files of a folder, repeated if there are too few. Of a training step: runs with 1, 2, 4, 8
times as many sequences; its seconds are those of 26 steps less those of 2, over 24. Writes RESULT.json and a picture RESULT.svg.

  growth.py --cloze build/release/engine/cli/cloze --text books/ --result profiling/results/DATE-growth
"""
import argparse
import json
import math
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

import machine

ROOT = pathlib.Path(__file__).resolve().parents[2]
FACTORS = (1, 2, 4, 8)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cloze", required=True)
    parser.add_argument("--text", required=True, type=pathlib.Path, help="a folder of texts")
    parser.add_argument("--result", required=True, type=pathlib.Path, help="without .json")
    parser.add_argument("--megabytes", type=int, default=20, help="of the smallest text")
    parser.add_argument("--sequences", type=int, default=8, help="of the smallest step")
    return parser.parse_args()


def measured(*command):
    """(processor seconds, peak bytes) of a process."""
    with open(os.devnull, "w") as nowhere:
        process = subprocess.Popen([str(part) for part in command], stdout=nowhere, stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{said.decode()}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def make_text(folder, size, path):
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    with path.open("wb") as output:
        while output.tell() < size:
            for file in files:
                output.write(file.read_bytes() + b"\n")
                if output.tell() >= size:
                    return


def point(factor, seconds, peak, **more):
    return {"factor": factor, **more, "seconds": seconds, "peak_bytes": peak}


def data_curves(arguments, folder):
    curves = {"vocab": [], "prepare": []}
    vocabulary = None
    for factor in FACTORS:
        text = folder / "text.txt"
        make_text(arguments.text, factor * arguments.megabytes * 1_000_000, text)
        size = text.stat().st_size
        pieces = folder / f"vocab-{factor}.txt"
        curves["vocab"].append(point(factor, *measured(arguments.cloze, "vocab", "--input", text, "--size", 30000,
                                                       "--output", pieces), text_bytes=size))
        vocabulary = vocabulary or pieces
        corpus = folder / f"corpus-{factor}"
        curves["prepare"].append(point(factor, *measured(arguments.cloze, "prepare", "--input", text, "--vocab", vocabulary,
                                                         "--output", corpus), text_bytes=size))
    return curves


def step_curve(arguments, folder):
    def run(sequences, steps):
        settings = {"output": folder / f"run-{sequences}-{steps}", "data.train": folder / "corpus-1", "data.validation": "null",
                    "training.steps": steps, "training.phases": "[]", "batch.sequences": sequences, "threads": 1,
                    "log.every": 1000, "log.examples": 0, "log.tensorboard": "false", "checkpoint.every": 0,
                    "batch.micro_batch_tokens": sequences * 128}
        call = [arguments.cloze, "pretrain", ROOT / "configs/pretrain/mini.yaml"]
        for key, value in settings.items():
            call += ["--set", f"{key}={value}"]
        return measured(*call)

    curve = []
    for factor in FACTORS:
        sequences = factor * arguments.sequences
        few, peak = run(sequences, 2)
        many, _ = run(sequences, 26)
        curve.append(point(factor, (many - few) / 24, peak, sequences=sequences))
    return curve


def picture(curves):
    """Time and memory over the factor, each as a multiple of its first value, both axes doubling."""
    width, height, left, top, step = 420, 340, 60, 30, 65
    colours = {"vocab": "#1b6ca8", "prepare": "#c0392b", "training step": "#2e8b57"}

    def place(factor, multiple):
        return left + 30 + step * math.log2(factor), height - 50 - step * math.log2(max(multiple, 0.7))

    parts = []
    for number, (measure, title) in enumerate((("seconds", "processor time"), ("peak_bytes", "memory"))):
        shift = number * width
        parts.append(f'<text x="{shift + left}" y="{top - 8}" class="title">{title}, as a multiple of the first</text>')
        for value in (*FACTORS, 16):
            x, y = place(value, value)
            parts.append(f'<line x1="{shift + left}" x2="{shift + width - 60}" y1="{y}" y2="{y}" class="grid"/>'
                         f'<text x="{shift + left - 8}" y="{y + 4}" text-anchor="end">{value}</text>')
            if value in FACTORS:
                parts.append(f'<text x="{shift + x}" y="{height - 20}" text-anchor="middle">{value}</text>')
        for row, (name, curve) in enumerate(curves.items()):
            places = [place(p["factor"], p[measure] / curve[0][measure]) for p in curve]
            line = " ".join(f"{shift + x:.1f},{y:.1f}" for x, y in places)
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colours[name]}" stroke-width="2"/>'
                         + "".join(f'<circle cx="{shift + x:.1f}" cy="{y:.1f}" r="3" fill="{colours[name]}"/>'
                                   for x, y in places)
                         + f'<text x="{shift + left + 8}" y="{top + 40 + 16 * row}" fill="{colours[name]}">{name}</text>')
        parts.append(f'<text x="{shift + left + 135}" y="{height - 4}" text-anchor="middle">input, as a multiple</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * width} {height}" font-family="sans-serif" '
            'font-size="12"><style>.grid{stroke:#ddd}.title{font-weight:bold}</style>'
            f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n')


def main():
    arguments = parse_arguments()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        curves = data_curves(arguments, folder)
        curves["training step"] = step_curve(arguments, folder)
    report = {"machine": machine.describe(), "revision": machine.revision(), "curves": curves}
    arguments.result.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
    arguments.result.with_suffix(".svg").write_text(picture(curves))
    for name, curve in curves.items():
        for p in curve:
            print(f"{name:14} {p['factor']}x  {p['seconds']:8.2f} s  {p['peak_bytes'] / 2**20:8.0f} MiB")


if __name__ == "__main__":
    main()
