#!/usr/bin/env python3
"""How much of the communication of two processes on one machine is exposed, with and without overlap.

Trains a model of the shape of configs/pretrain/mini.yaml on a corpus made from a text, turn about with
`cluster.overlap` on and off. Exposed is the time in which a process waits for the others (`waiting_share` of
metrics.jsonl times the time of a step): all of the communication where nothing overlaps, the rest of it where it
does; waiting for a process that is slower is in both. Writes the medians over all rounds and their spread.

  overlap.py --text prose.txt --result profiling/results/DATE-overlap.json
"""
import argparse
import datetime
import json
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile

import machine

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=pathlib.Path, required=True, help="plain text to train on")
    parser.add_argument("--result", type=pathlib.Path, required=True)
    parser.add_argument("--cloze", default=str(REPOSITORY / "build/release/engine/cli/cloze"), help="the program")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--steps", type=int, default=24, help="of a run; its first third is warm-up")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for every run")
    return parser.parse_args()


def call(*command):
    finished = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if finished.returncode != 0:
        raise SystemExit(f"{shlex.join(map(str, command))}\nended with {finished.returncode}:\n{finished.stderr}")


def prepare(arguments, folder):
    call(arguments.cloze, "vocab", "--input", arguments.text, "--size", "8000", "--output", folder / "vocab.txt")
    call(arguments.cloze, "prepare", "--input", arguments.text, "--vocab", folder / "vocab.txt",
         "--output", folder / "corpus")


def measure(arguments, folder, overlap, number):
    run = folder / f"run-{number}-{overlap}"
    every = arguments.steps // 3
    settings = [f"output={run}", f"data.train={folder / 'corpus'}", "data.validation=null", "threads=1",
                f"training.steps={arguments.steps}", f"log.every={every}", "log.examples=0", "log.tensorboard=false",
                "checkpoint.every=0", f"cluster.overlap={'true' if overlap else 'false'}", *arguments.set]
    command = [arguments.cloze, "launch", REPOSITORY / "configs/pretrain/mini.yaml", "--processes", "2"]
    for setting in settings:
        command += ["--set", setting]
    call(*command)
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    measured = [record for record in records if record["split"] == "train"][1:]
    seconds = [record["tokens"] / record["tokens_per_second"] / every for record in measured]
    exposed = [record["waiting_share"] * second for record, second in zip(measured, seconds)]
    return {"seconds_per_step": statistics.mean(seconds), "exposed_seconds_per_step": statistics.mean(exposed)}


def summary(values):
    ordered = sorted(values)
    return {"median": round(statistics.median(ordered), 4), "least": round(ordered[0], 4), "most": round(ordered[-1], 4)}


def main():
    arguments = parse_arguments()
    before = machine.describe()
    rounds = {True: [], False: []}
    with tempfile.TemporaryDirectory(prefix="overlap-") as folder:
        prepare(arguments, pathlib.Path(folder))
        for number in range(arguments.rounds):
            for overlap in (True, False) if number % 2 == 0 else (False, True):
                rounds[overlap].append(measure(arguments, pathlib.Path(folder), overlap, number))
                print(f"round {number}, overlap {overlap}: {rounds[overlap][-1]}", file=sys.stderr)
    result = {
        "date": datetime.date.today().isoformat(),
        "revision": machine.revision(),
        "machine": before,
        "command": shlex.join(["overlap.py", "--text", arguments.text.name, "--rounds", str(arguments.rounds),
                               "--steps", str(arguments.steps)] + [part for s in arguments.set for part in ("--set", s)]),
        "what": "mini (4 layers, hidden 256), 2 processes of 1 thread on one machine, batch of 32 sequences",
    }
    for overlap, name in ((True, "overlap"), (False, "no_overlap")):
        result[name] = {key: summary([each[key] for each in rounds[overlap]]) for key in rounds[overlap][0]}
    result["exposed_ratio"] = summary([on["exposed_seconds_per_step"] / off["exposed_seconds_per_step"]
                                       for on, off in zip(rounds[True], rounds[False])])
    arguments.result.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
