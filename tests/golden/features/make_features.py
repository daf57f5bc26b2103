"""Writes what extract_features.py makes of lines.txt with a Hugging Face model, computed by transformers.

    python make_features.py SHARED_CHECKPOINTS

Made with torch 2.15 and transformers 5.24 (pip install torch transformers). SHARED_CHECKPOINTS holds huggingface-tiny,
which is not part of the tree.

  lines.txt           texts and pairs, blank lines, lines that are too long
  tokens.json         of each line its pieces, cut to 16 by Google's rule: token by token from the longer text
  values.safetensors  features.tokens, .token_types, .sequence_offsets (packed: sequences back to back), and in float64
                      features.hidden.N: the embeddings, then every layer
  errors.json         of each: L2 norm, and the largest error of PyTorch's own float32 over three ways to compute it
"""
import json
import pathlib
import sys

import numpy
from transformers import BertTokenizer

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "checkpoint"))
import make_hidden_states

LONGEST = 16
SEPARATOR = " ||| "


def make_lines(rng):
    def text(words):
        return " ".join(f"t{number}" for number in rng.integers(5, 256, words))
    lines = [text(5), text(3) + SEPARATOR + text(4), "", text(30), text(20) + SEPARATOR + text(6),
             text(9) + SEPARATOR + text(30), "  " + text(2) + " \t", "t7 nothing t8." + SEPARATOR + "t9" + SEPARATOR + "t10",
             "t11|||t12", text(1) + SEPARATOR, text(14), text(15), "t20 \u00e9t\u00e9" + SEPARATOR + "?!"]
    return lines


def pieces_of(tokenizer, line):
    first, _, second = line.strip().rpartition(SEPARATOR) if SEPARATOR in line.strip() else (line.strip(), "", "")
    a, b = tokenizer.tokenize(first), tokenizer.tokenize(second)
    room = LONGEST - (3 if b else 2)
    while len(a) + len(b) > room:
        (a if len(a) > len(b) else b).pop()
    return ["[CLS]", *a, "[SEP]"], [*b, "[SEP]"] if b else []


def main():
    folder = pathlib.Path(sys.argv[1]) / "huggingface-tiny"
    tokenizer = BertTokenizer.from_pretrained(folder)
    lines = make_lines(numpy.random.default_rng(3))
    (HERE / "lines.txt").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    pieces = [pieces_of(tokenizer, line) for line in lines]
    rows = ",\n ".join(json.dumps(a + b) for a, b in pieces)
    (HERE / "tokens.json").write_text(f"[{rows}]\n")
    batch = {"tokens": numpy.array([id for a, b in pieces for id in tokenizer.convert_tokens_to_ids(a + b)]),
             "token_types": numpy.array([kind for a, b in pieces for kind in [0] * len(a) + [1] * len(b)]),
             "sequence_offsets": numpy.cumsum([0] + [len(a) + len(b) for a, b in pieces])}
    make_hidden_states.write(HERE, {"features": (
        lambda *way: make_hidden_states.huggingface_model(folder, False, *way), batch)})


main()
