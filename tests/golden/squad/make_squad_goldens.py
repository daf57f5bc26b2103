#!/usr/bin/env python3
"""Makes the goldens of span question answering with squad_reference.py.

  make_squad_goldens.py small              writes questions.json (made-up questions, SQuAD v2.0) and, for it, windows.json,
                                           the prediction files of two runs, scores.json; and final_text.json, answers.json
  make_squad_goldens.py whole DATA VOCAB   writes whole_files.json: digests of the windows, and scores, of SQuAD's own files
                                           in the folder DATA, with bert-base-uncased's vocabulary

`small` uses the vocabulary of the tokenizer goldens. Made with CPython 3.11 and xxhash 4.1 (pip install xxhash).
"""

import json
import random
import string
import struct
import sys
from pathlib import Path

from squad_reference import (Options, Tokenizer, all_entries, final_text, google_words, make_windows, normalized,
                             read_questions, score_v1, score_v2, select_answer, window_bytes, word_f1)

FOLDER = Path(__file__).parent

# Of the made-up questions: windows that overlap much, and a stride greater than a window.
RUNS = {
    "overlapping": Options(40, 11, 9, False, 5, 8, 0.0),
    "apart": Options(64, 64, 20, True, 8, 30, -12.0),
}
ASCII_UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
GOOGLE = Options(384, 128, 64, False, 20, 30, 0.0)


# --- Made-up questions --------------------------------------------------------------------------------------------------

PLAIN = """the lighthouse keeper wrote down weather every evening and nobody ever read it ferry left by noon fog was everywhere
running walking unexpectedly swimming were all part of programme committee archives took well over fourteen months""".split()
AWKWARD = ["(1895-1943).", "U.S.", "Smith's", "naïve", "Café,", "$1,250.00", "“Don't,”", "—", "İstanbul!", "ΟΔΥΣΣΕΥΣ",
           "東京は日本", "한국", "a\u00a0b", "x\u2009y", "re-examination", "#482,", "\u200b", "\u00ad", "\u0301", "e\u0301t\u00e9",
           "no\u200bwhere", "q" * 30, "w" * 201, "[MASK]", "##ing", "…", "Q.", "\U0001F600", "ﬁsh", "½", "ß"]
SPACES = [" "] * 12 + ["  ", "\t", "\n", "\r\n", "\u202f", " \u202f "]


def made_up_word(generator):
    return generator.choice(AWKWARD) if generator.random() < 0.25 else generator.choice(PLAIN)


def made_up_context(generator, words):
    text = generator.choice(["", "", " ", "\n"])
    for _ in range(words):
        text += made_up_word(generator) + generator.choice(SPACES)
    return text if generator.random() < 0.5 else text.rstrip()


def made_up_answer(generator, context):
    """Whole words, a part of a word, or anything from one character to another."""
    kind = generator.random()
    while True:
        start = generator.randrange(len(context))
        end = min(len(context), start + generator.randint(1, 30))
        if kind < 0.6:
            while start > 0 and not context[start - 1].isspace():
                start -= 1
            while end < len(context) and not context[end].isspace():
                end += 1
        if context[start:end].strip():
            break
    text = context[start:end]
    if generator.random() < 0.1:
        start = max(0, start - generator.randint(1, 9))  # not where it is said to be
    return {"text": text, "answer_start": start}


def made_up_document():
    generator = random.Random(20261124)
    lengths = [0, 1, 2, 3, 5, 8, 13, 21, 21, 34, 34, 34, 55, 55, 55, 89, 144] + [generator.randint(5, 60) for _ in range(15)]
    paragraphs, number = [], 0
    for length in lengths:
        context = made_up_context(generator, length)
        entries = []
        for _ in range(4):
            impossible = not context.strip() or generator.random() < 0.25
            entries.append({"id": f"made-up-{number:03}", "is_impossible": impossible,
                            "question": " ".join(made_up_word(generator) for _ in range(generator.choice([1, 4, 7, 25]))),
                            "answers": [] if impossible else [made_up_answer(generator, context)]})
            number += 1
        paragraphs.append({"context": context, "qas": entries})
    halves = [paragraphs[:9], paragraphs[9:]]
    return {"version": "v2.0", "data": [{"title": f"part {i}", "paragraphs": half} for i, half in enumerate(halves)]}


# --- Scores of a model that there is not --------------------------------------------------------------------------------

def made_up_score(window, position, which):
    """A float32 that the test computes too; many are equal."""
    mixed = (window * 7919 + position * 104729 + which * 1299709) % 2**32 * 2654435761 % 2**32
    return struct.unpack("f", struct.pack("f", ((mixed >> 20) % 97 - 48) / 7))[0]


def made_up_scores(windows, options, padded):
    for number, window in enumerate(windows):
        length = options.max_sequence if padded else len(window.tokens)
        yield [[made_up_score(number, position, which) for position in range(length)] for which in (0, 1)]


def answer_all(document, tokenizer, options, padded):
    questions, _ = read_questions(document, False, options.with_negative)
    windows = list(make_windows(questions, tokenizer, options))
    scores = list(made_up_scores(windows, options, padded))
    predictions, nbest, odds = {}, {}, {}
    for number, question in enumerate(questions):
        mine = [i for i, window in enumerate(windows) if window.question == number]
        answer = select_answer(question, [windows[i] for i in mine], [scores[i] for i in mine], tokenizer, options)
        predictions[question["id"]], nbest[question["id"]], odds[question["id"]] = answer
    return predictions, nbest, odds


# --- Outputs ------------------------------------------------------------------------------------------------------------

def make_windows_golden(document, tokenizer):
    golden = {}
    for name, options in RUNS.items():
        questions, _ = read_questions(document, False, True)
        trainable, skipped = read_questions(document, True, True)
        golden[name] = {
            "windows": [[window.question, window.second_begins, window.tokens, window.words,
                         "".join("01"[mark] for mark in window.max_context)]
                        for window in make_windows(questions, tokenizer, options)],
            "skipped": skipped,
            "labels": [[trainable[window.question]["id"], *window.labels]
                       for window in make_windows(trainable, tokenizer, options)]}
    write("windows.json", golden)


def make_runs(document, tokenizer):
    for name, options in RUNS.items():
        predictions, nbest, odds = answer_all(document, tokenizer, options, padded=name == "overlapping")
        write_google(f"{name}_predictions.json", predictions)
        write_google(f"{name}_nbest_predictions.json", nbest)
        if options.with_negative:
            write_google(f"{name}_null_odds.json", odds)


def make_final_text():
    generator = random.Random(7)
    cases = []
    for _ in range(150):
        original = " ".join(made_up_word(generator) for _ in range(generator.randint(1, 6)))
        lowercase = generator.random() < 0.7
        tokens = google_words(original, lowercase) or ["none"]
        first = generator.randrange(len(tokens))
        predicted = " ".join(tokens[first:first + generator.randint(1, 4)])
        if generator.random() < 0.3:  # as pieces put together: a part of a word
            predicted = predicted[generator.randrange(len(predicted)):].strip()
        cases.append([lowercase, predicted, original, final_text(predicted, original, lowercase)])
    write("final_text.json", cases)


def make_answers():
    texts = ["The  Beatles!", "an apple a day", "theatre", "U.S.A.", "the", "a_an_the", "a-an the", "É", "ÉCOLE the", "THE\u00a0END",
             "Ὀδυσσεύς ΣΑΣ", "İ", "a²", "the½", "x\u2028y\u0085z", "naïve  Café", "", " ", "½ a", "a\u0301", "the·cat", "…the…", "日本the", "the日本",
             "the 日本", "‘a’", "—an—", "a\u200bb", "ᾼ", "ǅ", "ΑΣ. ΑΣ\u0345b", "$9.99", "an\u1680the", "5 the 6", "\u0903a", "क\u093fa", "a\ufe0f", "㊀an", "the\u20dd"]
    generator = random.Random(11)
    texts += ["".join(generator.choice("aAnNtThHeE .,-_'\u00a0\u2003éΣσ½日0") for _ in range(generator.randint(1, 14)))
              for _ in range(120)]
    pairs = [[generator.choice(texts), generator.choice(texts)] for _ in range(80)] + [[text, text] for text in texts[:20]]
    write("answers.json", {"normalized": [[text, normalized(text)] for text in texts],
                           "f1": [[a, b, word_f1(a, b, 0), word_f1(a, b, 1)] for a, b in pairs]})


def guesses(document):
    """Predictions of all kinds for a file's questions, and odds, by position; the test makes the same."""
    predictions, odds = {}, {}
    for number, entry in enumerate(all_entries(document)):
        answers = [answer["text"] for answer in entry["answers"]]
        guess = answers[0] if answers else "the weather"
        shout = "The " + guess.translate(ASCII_UPPER) + "."
        predictions[entry["id"]] = [guess, "", shout, guess.split(" ")[0], "no such thing"][number % 5]
        odds[entry["id"]] = (number * 37 % 101 - 50) / 16
        if number % 97 == 96:
            del predictions[entry["id"]]
    return predictions, odds


def answerable(document):
    """The file without its unanswerable questions, for v1.1's rules."""
    copy = json.loads(json.dumps(document))
    for article in copy["data"]:
        for paragraph in article["paragraphs"]:
            paragraph["qas"] = [entry for entry in paragraph["qas"] if entry["answers"]]
    return copy


def scores_of(document):
    predictions, odds = guesses(document)
    return {"v1.1": json.dumps(score_v1(answerable(document), predictions)),
            "v2.0": json.dumps(score_v2(document, predictions), indent=2),
            "v2.0 with odds": json.dumps(score_v2(document, predictions, odds), indent=2)}


def make_small():
    document = made_up_document()
    (FOLDER / "questions.json").write_text(json.dumps(document, indent=1) + "\n", encoding="ascii")
    tokenizer = Tokenizer(FOLDER.parent / "text" / "vocabulary.txt", True)
    make_windows_golden(document, tokenizer)
    make_runs(document, tokenizer)
    make_final_text()
    make_answers()
    write("scores.json", scores_of(document))


def digest_of(questions, tokenizer):
    import xxhash
    digest, count = xxhash.xxh3_128(), 0
    for window in make_windows(questions, tokenizer, GOOGLE):
        digest.update(window_bytes(window))
        count += 1
    return {"questions": len(questions), "windows": count, "digest": digest.hexdigest()}


def make_whole(data, vocabulary):
    tokenizer = Tokenizer(vocabulary, True)
    golden = {"windows": {}, "scores": {}}
    for name in ("train-v1.1.json", "dev-v1.1.json", "dev-v2.0-half.json"):
        document = json.loads((Path(data) / name).read_text(encoding="utf-8"))
        if "dev" in name:
            golden["windows"][name + " prediction"] = digest_of(read_questions(document, False, False)[0], tokenizer)
            golden["scores"][name] = scores_of(document)
            for entry in all_entries(document):  # a question to train on has one answer
                entry["answers"] = entry["answers"][:1]
        questions, skipped = read_questions(document, True, "v2.0" in name)
        golden["windows"][name + " training"] = {**digest_of(questions, tokenizer), "skipped": len(skipped)}
    (FOLDER / "whole_files.json").write_text(json.dumps(golden, indent=1) + "\n", encoding="ascii")


def write(name, value):
    text = json.dumps(value, separators=(",", ":")).replace("],[", "],\n[")
    (FOLDER / name).write_text(text + "\n", encoding="ascii")


def write_google(name, value):
    (FOLDER / name).write_text(json.dumps(value, indent=4) + "\n", encoding="ascii")


if __name__ == "__main__":
    if sys.argv[1:] == ["small"]:
        make_small()
    elif len(sys.argv) == 4 and sys.argv[1] == "whole":
        make_whole(*sys.argv[2:])
    else:
        sys.exit(__doc__)
