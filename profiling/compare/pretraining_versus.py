#!/usr/bin/env python3
"""Our pretraining speed as a ratio to PyTorch's: both measured in the same run, turn about.

Every round runs our program and pretraining.py one after the other (the order alternates) and gives one ratio; the
result is the median of the rounds with their spread. Appends to profiling/results/DATE-HARDWARE.json and prints a
Markdown table.

  pretraining_versus.py --name "mini, 32 x 128" \\
      --ours "build/release/cloze pretrain configs/pretrain/mini.yaml --set output={run} --set steps=12" \\
      -- --layers 4 --hidden 256 --heads 4 --intermediate 1024 --rectangle 128 --sequences 32

{run} is a new, empty folder; our program leaves there a metrics file with one JSON object per line, whose
`tokens_per_second` (real tokens) is read. All after `--` goes to pretraining.py. It is the caller who makes both do
the same: sizes, batch, dropout, threads.
"""
import argparse
import datetime
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile

import machine

HERE = pathlib.Path(__file__).resolve().parent


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", required=True, help="what is compared, for the table")
    parser.add_argument("--ours", required=True, metavar="COMMAND", help="our program; {run} is its run folder")
    parser.add_argument("--metrics", default="{run}/metrics.jsonl", help="where it leaves its metrics")
    parser.add_argument("--skip-records", type=int, default=1, help="first records left out, as warm-up")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--python", default=sys.executable, help="the Python that has torch and transformers")
    parser.add_argument("--results", type=pathlib.Path, default=HERE.parent / "results")
    parser.add_argument("peer", nargs="*", help="arguments of pretraining.py, after --")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds is at least 1")
    return arguments


def run(command):
    """Its standard output; what it says on standard error is shown when it fails."""
    finished = subprocess.run(command, capture_output=True, text=True)
    if finished.returncode != 0:
        raise SystemExit(f"{shlex.join(command)}\nended with {finished.returncode}:\n{finished.stderr}")
    return finished.stdout


def measure_ours(arguments):
    with tempfile.TemporaryDirectory(prefix="pretraining-") as folder:
        place = pathlib.Path(folder) / "run"
        run([part.replace("{run}", str(place)) for part in shlex.split(arguments.ours)])
        path = pathlib.Path(arguments.metrics.replace("{run}", str(place)))
        records = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
        peak = json.loads((place / "run.json").read_text())["peak_bytes"]
    rates = [record["tokens_per_second"] for record in records if "tokens_per_second" in record]
    if len(rates) <= arguments.skip_records:
        raise SystemExit(
            f"{path} has {len(rates)} records with `tokens_per_second`; the first {arguments.skip_records} are left "
            "out, so nothing remains: run more steps, or record more often"
        )
    return {"tokens_per_second": statistics.median(rates[arguments.skip_records :]), "peak_bytes": peak}


def measure_peer(arguments):
    return json.loads(run([arguments.python, str(HERE / "pretraining.py"), *arguments.peer]))


def measure_rounds(arguments):
    measures = {"ours": measure_ours, "peer": measure_peer}
    rounds = []
    for number in range(arguments.rounds):
        order = ("ours", "peer") if number % 2 == 0 else ("peer", "ours")
        rounds.append({side: measures[side](arguments) for side in order})
        ours, peer = (rounds[-1][side]["tokens_per_second"] for side in ("ours", "peer"))
        print(f"round {number + 1}: ours {ours:.0f}, PyTorch {peer:.0f} tokens/s, {ours / peer:.2f} x", file=sys.stderr)
    return rounds


def summarise(arguments, rounds, before):
    ours = [entry["ours"]["tokens_per_second"] for entry in rounds]
    peer = [entry["peer"]["tokens_per_second"] for entry in rounds]
    ratios = [a / b for a, b in zip(ours, peer)]
    return {
        "name": arguments.name,
        "time": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "machine": before,
        "revision": machine.revision(),
        "our_command": arguments.ours,
        "peer": rounds[0]["peer"]["settings"] | {key: rounds[0]["peer"][key] for key in ("torch", "transformers")},
        "our_tokens_per_second": statistics.median(ours),
        "peer_tokens_per_second": statistics.median(peer),
        "ratio": {"median": statistics.median(ratios), "least": min(ratios), "most": max(ratios)},
        "our_peak_bytes": max(entry["ours"]["peak_bytes"] for entry in rounds),
        "peer_peak_bytes": max(entry["peer"]["peak_bytes"] for entry in rounds),
        "rounds": [{"ours": a, "peer": b} for a, b in zip(ours, peer)],
    }


def append(path, comparison):
    """One JSON list per day and machine, never left half-written."""
    earlier = json.loads(path.read_text()) if path.exists() else []
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".json.new")
    aside.write_text(json.dumps([*earlier, comparison], indent=1) + "\n")
    os.replace(aside, path)


def table(comparison):
    ratio = comparison["ratio"]
    return "\n".join(
        (
            "| pretraining | Cloze, tokens/s | PyTorch, tokens/s | ratio | least to most |",
            "|---|---:|---:|---:|---:|",
            f"| {comparison['name']} | {comparison['our_tokens_per_second']:.0f} "
            f"| {comparison['peer_tokens_per_second']:.0f} | {ratio['median']:.2f} "
            f"| {ratio['least']:.2f} to {ratio['most']:.2f} |",
        )
    )


def main():
    arguments = parse_arguments()
    before = machine.describe()
    comparison = summarise(arguments, measure_rounds(arguments), before)
    path = arguments.results / f"{datetime.date.today().isoformat()}-{machine.hardware_name()}.json"
    append(path, comparison)
    print(table(comparison))
    print(f"recorded in {path}", file=sys.stderr)


if __name__ == "__main__":
    main()
