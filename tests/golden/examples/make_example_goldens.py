#!/usr/bin/env python3
"""Makes the goldens of the example readers: needs nothing but Python (made with CPython 3.11).

  tables.json      rows of short CSV and TSV texts as Python's csv module reads them (CSV strictly, TSV with QUOTE_NONE, which is
                   how google-research/bert reads its files); null where it refuses the text
  sequences.json   token ids and segment ids of texts and pairs under tests/golden/text/vocabulary.txt, from the description of
                   run_classifier.py's convert_single_example, written anew below
"""

import csv
import io
import json
import random
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent / "text"))
from make_tokenizer_goldens import PROSE, google_words, word_pieces  # noqa: E402


def python_rows(text, **form):
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), **form) if row]
    except csv.Error:
        return None


def tables():
    generator = random.Random(3)
    cases = []
    for _ in range(600):
        text = "".join(generator.choice('ab"",,\n\n\r ;é') for _ in range(generator.randint(1, 14)))
        cases.append({"form": "csv", "text": text, "rows": python_rows(text, strict=True)})
    for _ in range(200):
        text = "".join(generator.choice(["a", "b", '"', "\t", "\t", "\n", "\r\n", " "]) for _ in range(generator.randint(1, 14)))
        cases.append({"form": "tsv", "text": text, "rows": python_rows(text, delimiter="\t", quoting=csv.QUOTE_NONE)})
    return cases


def truncate(a, b, most):
    while len(a) + len(b) > most:
        (a if len(a) > len(b) else b).pop()


def sequence(a, b, length, vocabulary):
    def ids_of(text):
        return [i for word in google_words(text, True) for i in word_pieces(word, vocabulary, 200)]

    classify, separator = vocabulary["[CLS]"], vocabulary["[SEP]"]
    first, second = ids_of(a), ids_of(b) if b else []
    if second:
        truncate(first, second, length - 3)
    else:
        first = first[:length - 2]
    ids = [classify] + first + [separator]
    segments = [0] * len(ids)
    if second:
        ids += second + [separator]
        segments += [1] * (len(second) + 1)
    return ids, segments


def sequences():
    vocabulary = {line.strip(): i for i, line in
                  enumerate((FOLDER.parent / "text/vocabulary.txt").read_text(encoding="utf-8").splitlines())}
    generator = random.Random(4)
    cases = []
    for length in (5, 8, 9, 16, 33, 64, 128):
        for _ in range(12):
            a = generator.choice(PROSE)
            b = generator.choice(["", "", generator.choice(PROSE), generator.choice(PROSE), "\u200b", " "])
            ids, segments = sequence(a, b, length, vocabulary)
            cases.append({"a": a, "b": b, "max_sequence_length": length, "ids": ids, "segments": segments})
    return cases


def write(name, cases):
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    (FOLDER / name).write_text(f"[\n{lines}\n]\n", encoding="utf-8")


write("tables.json", tables())
write("sequences.json", sequences())
