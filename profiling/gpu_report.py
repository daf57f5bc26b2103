#!/usr/bin/env python3
"""What profiling/gpu_run.sh measured, as results.json and results.md.

  gpu_report.py --out FOLDER --raw RAW [--every SECONDS | --last]    of one run, by gpu_run.sh: again and again while it goes on
  gpu_report.py --out FOLDER RESULTS...                              of several: folders or results.json files, later ones win
"""
import argparse
import bisect
import json
import os
import pathlib
import re
import statistics
import sys
import time

from gpu_tables import markdown


def lines_of(path):
    """A run that was cut off leaves half a line; programs print other things too."""
    found = []
    for line in path.read_text(errors="replace").splitlines():
        try:
            value = json.loads(line) if line.startswith("{") else None
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def tests_of(path):
    """What GoogleTest said, where it said anything."""
    text = path.read_text(errors="replace")
    passed = re.search(r"^\[  PASSED  \] (\d+) test", text, re.MULTILINE)
    failed = sorted(set(re.findall(r"^\[  FAILED  \] (\S+\.\S+?)(?:,| \(|$)", text, re.MULTILINE)))
    skipped = sorted(set(re.findall(r"^\[  SKIPPED \] (\S+\.\S+?)(?:,| \(|$)", text, re.MULTILINE)))
    if passed is None and not failed and not skipped:
        return {}
    return {"tests": {"passed": int(passed.group(1)) if passed else 0, "failed": failed, "skipped": skipped}}


def samples_of(path):
    """Seconds since 1970, and clocks, power and temperature then."""
    samples = []
    for line in path.read_text(errors="replace").splitlines() if path.exists() else []:
        try:
            stamp, *numbers = [cell.strip() for cell in line.split(",")]
            samples.append((time.mktime(time.strptime(stamp.split(".")[0], "%Y/%m/%d %H:%M:%S")), [float(cell) for cell in numbers]))
        except ValueError:
            continue
    return samples


def conditions(samples, began, ended):
    first, last = (bisect.bisect([stamp for stamp, _ in samples], moment) for moment in (began, ended))
    during = [numbers for _, numbers in samples[first:last] if len(numbers) == 4]
    if not during:
        return {}
    medians = [statistics.median(column) for column in zip(*during)]
    return {"clocks": dict(zip(("sm_mhz", "memory_mhz", "watts", "celsius"), medians))}


def parts_of(raw, last):
    """Of every run the latest row; one that only began is still going on, or was stopped."""
    rows, samples = {}, samples_of(raw / "samples.csv")
    for line in (raw / "status.tsv").read_text().splitlines():
        cells = line.split("\t")
        if len(cells) == 4 and cells[2].isdigit() and cells[3].isdigit():
            rows[cells[0]] = cells
    parts = []
    for name, verdict, began, ended in rows.values():
        if verdict == "began":
            verdict, ended = ("stopped" if last else "running"), time.time()
        part = {"name": name, "verdict": verdict, "seconds": round(float(ended) - float(began))}
        output = raw / f"{name}.out"
        parts.append(part | conditions(samples, float(began), float(ended)) | (tests_of(output) if output.exists() else {}))
    return parts


def gathered(raw, last):
    measured = {path.stem: lines_of(path) for path in sorted(raw.glob("*.out"))}
    return {"date": time.strftime("%Y-%m-%d"), "revision": (raw / "revision").read_text().strip(),
            "machine": next(iter(measured.pop("machine", [])), {}), "parts": parts_of(raw, last),
            "measured": {name: lines for name, lines in measured.items() if lines}}


def merged(results):
    """Runs by name: what a later one did replaces what an earlier one did, unless it got to nothing."""
    whole = {"date": results[-1]["date"], "revision": " ".join(dict.fromkeys(one["revision"] for one in results)), "machine": {}}
    parts, measured = {}, {}
    for one in results:
        whole["machine"] |= one["machine"]
        for part in one["parts"]:
            if part["name"] not in parts or not part["verdict"].startswith("left out"):
                parts[part["name"]] = part
        measured |= one["measured"]
    return whole | {"parts": list(parts.values()), "measured": measured}


def write(out, results):
    """Aside and renamed: whoever is stopped meanwhile leaves the reports before these."""
    text = markdown(results)
    for name, contents in (("results.json", json.dumps(results, indent=1) + "\n"), ("results.md", text)):
        aside = out / f"{name}.part"
        aside.write_text(contents)
        aside.replace(out / name)
    return text


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--raw", type=pathlib.Path)
    parser.add_argument("--every", type=float)
    parser.add_argument("--last", action="store_true")
    parser.add_argument("results", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    if (arguments.raw is None) == (not arguments.results):
        parser.error("name either --raw, or results to merge")
    return arguments


def main():
    arguments = parse_arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.results:
        files = [path / "results.json" if path.is_dir() else path for path in arguments.results]
        print(write(arguments.out, merged([json.loads(path.read_text()) for path in files])))
        return
    parent = os.getppid()
    while arguments.every and os.getppid() == parent:
        time.sleep(arguments.every)
        try:
            write(arguments.out, gathered(arguments.raw, False))
        except Exception as error:  # the next one may do better, and the last one says so
            print(f"gpu_report.py: {error!r}", file=sys.stderr)
    print(write(arguments.out, gathered(arguments.raw, arguments.last)))


if __name__ == "__main__":
    main()
