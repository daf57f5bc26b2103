#!/usr/bin/env python3
"""Steps of 1, 2 and 4 processes on this machine beside what `cloze plan` predicts for them.

Trains a configuration on full sequences of a corpus made from a text, all processors divided among the processes; every round takes
the numbers of processes in another order. A step's seconds are the median over the second half of each run, over all rounds, each
stretched to the tokens of full sequences, which is what is planned; the prediction, once a round, the median too, is read off `cloze plan CONFIG --gpus N`, whose rates are measured while nothing else runs. Waiting is the
share of a step in which a process waits for the others, which is what the plan calls exposed, and slower neighbours.

  scaling.py --text prose.txt --result profiling/results/DATE-scaling.json [--config configs/pretrain/mini.yaml]
"""
import argparse
import datetime
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

import machine
from overlap import REPOSITORY, call, prepare

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1, "min": 60}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=pathlib.Path, required=True, help="plain text to train on")
    parser.add_argument("--result", type=pathlib.Path, required=True)
    parser.add_argument("--cloze", default=str(REPOSITORY / "build/release/engine/cli/cloze"), help="the program")
    parser.add_argument("--config", type=pathlib.Path, default=REPOSITORY / "configs/pretrain/mini.yaml")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for every run")
    return parser.parse_args()


def settings(arguments, folder):
    values = [f"data.train={folder / 'corpus'}", "data.validation=null", "data.short_sequence_probability=0",
              f"training.steps={arguments.steps}", "log.every=1", "log.examples=0", "log.tensorboard=false",
              "checkpoint.every=0", *arguments.set]
    return [part for value in values for part in ("--set", value)]


def seconds_of(text):
    number, unit = re.fullmatch(r"([\d.]+) (\w+)", text.strip()).groups()
    return float(number) * UNITS[unit]


def predict(arguments, folder, processes):
    """{"seconds_per_step", "computing", "exposed"} of the row for so many processes."""
    extra = ["--gpus", str(processes)] if processes > 1 else ["--gpus", "2"]
    plan = subprocess.run([arguments.cloze, "plan", arguments.config, *settings(arguments, folder), *extra],
                          capture_output=True, text=True, check=True).stdout
    sequences, length = map(int, re.search(r"(\d+) sequences of (\d+) tokens\n +devices", plan).groups())
    rows = [re.split(r"\s{2,}", line.strip()) for line in plan.splitlines()]
    row = next(row for row in rows if row[0] == str(max(processes, 2)) and len(row) == 8)
    computing, exposed = seconds_of(row[2]), seconds_of(row[4])
    if processes == 1:  # the whole machine for one: twice the share, without sums
        row = next(row for row in rows if row[0] == "1" and len(row) == 8)
        computing, exposed = seconds_of(row[2]) / 2, 0.0
    return {"seconds_per_step": round(computing + exposed, 4), "computing": computing, "exposed": exposed,
            "tokens": sequences * length}


def measure(arguments, folder, processes, name, tokens):
    run = folder / name
    call(arguments.cloze, "launch", arguments.config, "--processes", processes, *settings(arguments, folder),
         "--set", f"output={run}")
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    half = [record for record in records if record["split"] == "train"][arguments.steps // 2:]
    return ([tokens / record["tokens_per_second"] for record in half],
            [record.get("waiting_share", 0.0) for record in half])


def main():
    arguments = parse_arguments()
    measured = {processes: ([], []) for processes in arguments.processes}
    predictions = {processes: [] for processes in arguments.processes}
    report = {"date": datetime.date.today().isoformat(), "machine": machine.describe(), "config": arguments.config.name,
              "set": arguments.set, "rounds": arguments.rounds, "steps": arguments.steps, "processes": {}}
    with tempfile.TemporaryDirectory(prefix="scaling-") as name:
        folder = pathlib.Path(name)
        prepare(arguments, folder)
        for number in range(arguments.rounds):
            order = arguments.processes[number % len(arguments.processes):] + arguments.processes[:number % len(arguments.processes)]
            for processes in order:
                predictions[processes].append(predict(arguments, folder, processes))
                seconds, waiting = measure(arguments, folder, processes, f"run-{number}-{processes}",
                                           predictions[processes][-1]["tokens"])
                measured[processes][0].extend(seconds)
                measured[processes][1].extend(waiting)
                print(f"round {number}, {processes} processes: {statistics.median(seconds):.4f} s", file=sys.stderr)
    for processes, (seconds, waiting) in measured.items():
        median = statistics.median(seconds)
        predicted = sorted(predictions[processes], key=lambda one: one["seconds_per_step"])[len(predictions[processes]) // 2]
        report["processes"][processes] = {
            "measured_seconds_per_step": round(median, 4), "waiting_share": round(statistics.median(waiting), 4),
            "predicted": predicted, "measured_over_predicted": round(median / predicted["seconds_per_step"], 3)}
    arguments.result.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["processes"], indent=1))


if __name__ == "__main__":
    main()
