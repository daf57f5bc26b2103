#!/usr/bin/env python3
"""Compares Cloze's tokenizer with Hugging Face's `tokenizers`: speed on one thread, and ids line by line.

  tokenizer_comparison.py --bench BUILD/profiling/bench/text/cloze_tokenizer_bench --vocabulary vocab.txt \
      [--cased] [--repeats 5] [--threads 1] [--parity] FILE...

Speed: both read the same lines, in turns, the peer by the quicker of `encode` for each line and `encode_batch_fast` for a
thousand. On one thread processor seconds, so that what else runs on the machine counts little; over several threads seconds
by the clock, so nothing else should run. The ratio is of the medians.
Ids are compared on every line before any figure is printed. --parity leaves the timing out and also compares Google's
rules, sorting the lines that differ by what is in them. Prints one JSON object. Needs: pip install tokenizers.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import Counter
from pathlib import Path

threads = int(sys.argv[sys.argv.index("--threads") + 1]) if "--threads" in sys.argv[:-1] else 1  # read when it is imported
os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
os.environ["RAYON_NUM_THREADS"] = str(threads)

import tokenizers  # noqa: E402
from tokenizers import models, normalizers, pre_tokenizers  # noqa: E402


def read_vocabulary(path):
    text = Path(path).read_bytes().decode("utf-8")
    return {line.strip(): number for number, line in enumerate(text.removesuffix("\n").split("\n"))}


def hugging_face(vocabulary, lowercase):
    tokenizer = tokenizers.Tokenizer(
        models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def read_lines(paths):
    lines = []
    for path in paths:
        text = Path(path).read_bytes().decode("utf-8", "ignore")
        lines += text.removesuffix("\n").split("\n")
    return lines


class Cloze:
    def __init__(self, arguments):
        self.command = [arguments.bench, arguments.vocabulary, "cased" if arguments.cased else "uncased"]
        self.files = arguments.files

    def run(self, rules, repeats, ids=None):
        command = [*self.command, rules, str(repeats), *self.files, "--threads", str(threads)]
        command += ["--ids", str(ids)] if ids else []
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def class_of_difference(line):
    """What in a line can make Google's rules and Hugging Face's differ."""
    if any(len(unicodedata.normalize("NFD", word)) > 100 for word in line.split()):
        return "a word of more than 100 characters (Google's limit is 200)"
    if "Σ" in line:
        return "capital sigma (Google lowercases by context)"
    if any(unicodedata.category(c) == "Co" for c in line):
        return "a private-use character (Hugging Face drops it)"
    if any("\U0002B820" <= c <= "\U0002B91F" for c in line):
        return "an ideograph of 2B820-2B91F (not Chinese to Hugging Face)"
    if any(ord(c) > 0x7F and unicodedata.category(c)[0] in "PMC" for c in line):
        return "a mark, control or punctuation character newer than Unicode 8"
    return "unexplained"


def compare_ids(expected, path, lines):
    differing, classes = 0, Counter()
    with open(path, encoding="ascii") as ours:
        for number, line in enumerate(lines):
            if [int(word) for word in ours.readline().split()] == expected[number]:
                continue
            differing += 1
            classes[class_of_difference(line)] += 1
    return differing, dict(classes)


def peer_seconds(peer, lines, clock):
    """Of the quicker of the peer's two ways."""
    begin = clock()
    for first in range(0, len(lines), 1000):
        peer.encode_batch_fast(lines[first:first + 1000], add_special_tokens=False)
    batches = clock() - begin
    if threads > 1:
        return batches
    begin = clock()
    for line in lines:
        peer.encode(line, add_special_tokens=False)
    return min(batches, clock() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True)
    parser.add_argument("--vocabulary", required=True)
    parser.add_argument("--cased", action="store_true")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--parity", action="store_true")
    parser.add_argument("files", nargs="+", metavar="FILE")
    arguments = parser.parse_args()

    cloze = Cloze(arguments)
    peer = hugging_face(read_vocabulary(arguments.vocabulary), not arguments.cased)
    lines = read_lines(arguments.files)
    expected = [peer.encode(line, add_special_tokens=False).ids for line in lines]
    report = {"peer": f"tokenizers {tokenizers.__version__}", "lines": len(lines), "ids": sum(map(len, expected)),
              "cased": arguments.cased, "threads": threads}
    with tempfile.TemporaryDirectory() as folder:
        ids = Path(folder) / "ids.txt"
        first = cloze.run("huggingface", 1, ids)
        report["bytes"] = first["bytes"]
        report["differing_lines"], report["differences"] = compare_ids(expected, ids, lines)
        if arguments.parity:
            cloze.run("google", 1, ids)
            report["google_differing_lines"], report["google_differences"] = compare_ids(expected, ids, lines)
    del expected

    if not arguments.parity:
        ours, theirs = [], []
        clock = time.perf_counter if threads > 1 else time.process_time
        for _ in range(arguments.repeats):
            ours.append(min(cloze.run("huggingface", 3)["clock_seconds" if threads > 1 else "seconds"]))
            theirs.append(peer_seconds(peer, lines, clock))
        megabytes = report["bytes"] / 1e6
        report["cloze_megabytes_per_second"] = round(megabytes / statistics.median(ours), 1)
        report["peer_megabytes_per_second"] = round(megabytes / statistics.median(theirs), 1)
        report["ratio"] = round(statistics.median(theirs) / statistics.median(ours), 1)
        report["start_up_seconds"] = round(first["start_up_seconds"], 3)
    print(json.dumps(report, indent=1))
    return 1 if report["differing_lines"] else 0


if __name__ == "__main__":
    sys.exit(main())
