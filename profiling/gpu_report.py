#!/usr/bin/env python3
"""Gathers what profiling/gpu_run.sh measured in a folder into results.json and results.md.

Rates are put beside the ceilings measured in the same run: the copy's bandwidth, and the best product of matrices.
"""
import json
import pathlib
import subprocess
import sys
import time


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def gpu():
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,clocks.sm,power.limit", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return "none (no nvidia-smi)"
    return answer.stdout.strip() or "none (nvidia-smi: " + answer.stderr.strip() + ")"


def ceilings(measured):
    own = measured.get("ceilings-cloze", [])
    return {
        "bytes_per_second": max((line.get("bytes_per_second", 0) for line in own if line["name"] == "copy"), default=0),
        "flops_per_second": max((line.get("flops_per_second", 0) for line in own), default=0),
    }


def row(line, peer, best):
    cells = [line["name"], f'{line["milliseconds"]:.3f}', f'{peer["milliseconds"]:.3f}' if peer else "",
             f'{peer["milliseconds"] / line["milliseconds"]:.2f}' if peer else ""]
    for unit, name in (("bytes_per_second", "of copy"), ("flops_per_second", "of product")):
        if unit in line and best[unit]:
            return cells + [f"{100 * line[unit] / best[unit]:.0f} % {name}"]
    return cells + [""]


def quickest_peers(measured):
    """Of what PyTorch can do by several libraries ("forward 128 by cuDNN"), the quickest."""
    peers = {}
    for line in measured.get("kernels-torch", []):
        key = line["part"], line["name"].split(" by ")[0]
        if key not in peers or line["milliseconds"] < peers[key]["milliseconds"]:
            peers[key] = line
    return peers


def table(measured, best):
    peers = quickest_peers(measured)
    text = "| operation | Cloze, ms | PyTorch, ms | PyTorch / Cloze | share of the ceiling |\n|---|---|---|---|---|\n"
    for source in ("ceilings-cloze", "kernels-cloze"):
        for line in measured.get(source, []):
            text += "| " + " | ".join(row(line, peers.get((line["part"], line["name"])), best)) + " |\n"
    return text


def steps_table(measured):
    text = "| training steps | ms | tokens/s |\n|---|---|---|\n"
    for source in ("steps-cloze", "steps-transformers"):
        for line in measured.get(source, []):
            text += f'| {line["name"]} | {line["milliseconds"]:.2f} | {line["tokens_per_second"]:.0f} |\n'
    return text


def peers_table(measured):
    """What has no counterpart of ours, or was done by several libraries."""
    text = "| PyTorch alone | ms | FLOP/s |\n|---|---|---|\n"
    for line in measured.get("kernels-torch", []):
        if " by " in line["name"] or "FP8" in line["name"]:
            text += f'| {line["name"]} | {line["milliseconds"]:.3f} | {line.get("flops_per_second", 0):.3g} |\n'
    return text


def runs_table(measured):
    text = ""
    for line in measured.get("runs", []):
        if "timing" in line:
            text += (f'{line["name"]} ({line["timing"]}): launches {1e3 * line["launch_seconds"]:.3f} ms of a step of '
                     f'{1e3 * line["step_seconds"]:.3f}, without timing {1e3 * line["step_seconds_without_timing"]:.3f}\n\n')
            continue
        text += (f'{line["name"]}: {line["steps"]} steps, losses within {line["largest_relative_difference"]:.1e} of the CPU\'s '
                 f'({line["allowed"]:.0e} allowed), resumed {"" if line["resumed_bit_for_bit"] else "not "}bit for bit\n\n')
    return text


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: gpu_report.py FOLDER REVISION")
    folder, revision = pathlib.Path(sys.argv[1]), sys.argv[2]
    measured = {path.stem: lines_of(path) for path in sorted(folder.glob("*.jsonl"))}
    status = [line.split("\t") for line in (folder / "status.tsv").read_text().splitlines()]
    results = {"date": time.strftime("%Y-%m-%d"), "revision": revision, "gpu": gpu(),
               "parts": [{"name": name, "verdict": verdict, "seconds": int(seconds)} for name, verdict, seconds in status],
               "ceilings": ceilings(measured), "measured": measured}
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    text = f'# {results["gpu"]}, {results["date"]}, revision {revision}\n\n| part | verdict | seconds |\n|---|---|---|\n'
    text += "".join(f"| {name} | {verdict} | {seconds} |\n" for name, verdict, seconds in status)
    if any(measured.values()):
        text += "\n" + table(measured, results["ceilings"]) + "\n" + peers_table(measured) + "\n" + steps_table(measured) + "\n" + runs_table(measured)
    else:
        text += "\nNothing was measured.\n"
    (folder / "results.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
