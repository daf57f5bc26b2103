"""Runs the engine's encoder on a Hugging Face folder and compares every layer with transformers in float64.

    python hidden_states.py FOLDER TEXT_FILE [--program build/release/tests/golden/cloze_golden_test]

Takes the first lines of TEXT_FILE, tokenised by transformers and packed. The error of a tensor may be twice that of
PyTorch's own float32 (docs/architecture.md); both are printed. Needs torch, transformers and the built test program.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy
from transformers import BertTokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/golden/checkpoint"))
import make_hidden_states

TEST = "HiddenStates.OfTheModelInTheEnvironment"


def batch_of(folder, lines):
    tokenizer = BertTokenizer.from_pretrained(folder)
    encoded = [tokenizer(line, truncation=True, max_length=256) for line in lines]
    return {"tokens": numpy.concatenate([e["input_ids"] for e in encoded]),
            "token_types": numpy.concatenate([e["token_type_ids"] for e in encoded]),
            "sequence_offsets": numpy.cumsum([0] + [len(e["input_ids"]) for e in encoded])}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("text", type=pathlib.Path)
    parser.add_argument("--lines", type=int, default=16)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/tests/golden/cloze_golden_test")
    arguments = parser.parse_args()
    lines = [line for line in arguments.text.read_text().splitlines() if line.strip()][: arguments.lines]
    batch = batch_of(arguments.folder, lines)
    print(f"{len(lines)} sequences, {len(batch['tokens'])} tokens")
    with tempfile.TemporaryDirectory() as values:
        values = pathlib.Path(values)
        make_hidden_states.write(values, {"model": (
            lambda *way: make_hidden_states.huggingface_model(arguments.folder, True, *way), batch)})
        environment = os.environ | {"CLOZE_COMPARED_MODEL": str(arguments.folder), "CLOZE_COMPARED_VALUES": str(values)}
        report = values / "report.json"
        done = subprocess.run([arguments.program, f"--gtest_filter={TEST}", f"--gtest_output=json:{report}"],
                              env=environment, capture_output=True, text=True)
        case = json.loads(report.read_text())["testsuites"][0]["testsuite"][0]
    for name, found in case.items():
        if name == "pooled" or name.startswith("hidden."):
            print(f"{name:12} largest error {found}")
    print("within the rule" if done.returncode == 0 else done.stdout)
    sys.exit(done.returncode)


main()
