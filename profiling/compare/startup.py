#!/usr/bin/env python3
"""From the start of `cloze fill` to its answer, beside the time to read the model's file.

Both with the file in the page cache and, as root on Linux, with the cache dropped before each (as after a restart of the machine).
The two take turns; the least of each counts. Reading is `cat FILE > /dev/null`.

  startup.py --name "a run's checkpoint" --model RUN --result profiling/results/DATE-startup.json [--rounds 7]

The result is appended to a list.
"""
import argparse
import datetime
import json
import os
import pathlib
import subprocess
import time

import machine

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DROP = pathlib.Path("/proc/sys/vm/drop_caches")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", required=True, help="what the model is, for readers of the result")
    parser.add_argument("--model", type=pathlib.Path, required=True, help="a run, or a folder with model.safetensors")
    parser.add_argument("--result", type=pathlib.Path, required=True)
    parser.add_argument("--cloze", default=str(REPOSITORY / "build/release/engine/cli/cloze"), help="the program")
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


def seconds(command):
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def drop_caches():
    os.sync()
    DROP.write_text("3\n")


def measure(commands, rounds, prepare):
    least = dict.fromkeys(commands, float("inf"))
    for number in range(rounds):
        for name in sorted(commands, reverse=number % 2 == 1):
            prepare()
            least[name] = min(least[name], seconds(commands[name]))
    return {name: round(value, 4) for name, value in least.items()} | {"ratio": round(least["fill"] / least["read"], 2)}


def main():
    arguments = parse_arguments()
    folder = arguments.model / "latest" if (arguments.model / "latest").exists() else arguments.model
    file = folder / "model.safetensors"
    commands = {"fill": [arguments.cloze, "fill", "--model", str(arguments.model), "The capital of [MASK] is old."],
                "read": ["cat", str(file)], "version": [arguments.cloze, "--version"]}
    report = {"name": arguments.name, "date": datetime.date.today().isoformat(), "machine": machine.describe(), "file_bytes": file.stat().st_size,
              "cached": measure(commands, arguments.rounds, lambda: None)}
    if os.access(DROP, os.W_OK):
        report["not_cached"] = measure(commands, arguments.rounds, drop_caches)
    earlier = json.loads(arguments.result.read_text()) if arguments.result.exists() else []
    arguments.result.write_text(json.dumps([*earlier, report], indent=1) + "\n")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
