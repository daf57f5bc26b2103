"""Span question answering as google-research/bert's run_squad.py does it, and SQuAD's evaluation, written anew from their
description in plain and slow Python: the reference that make_squad_goldens.py runs. Tokens are ids."""

import collections
import math
import re
import string
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "text"))
from make_tokenizer_goldens import google_words, word_pieces  # noqa: E402

NO_ANSWER_ODDS = 1000000.0  # where run_squad.py would stop: no candidate has text

Options = collections.namedtuple("Options", "max_sequence doc_stride max_query with_negative n_best max_answer threshold")
Window = collections.namedtuple("Window", "question tokens second_begins words max_context labels")


class Tokenizer:
    def __init__(self, vocabulary_file, lowercase):
        self.pieces = [line.strip() for line in Path(vocabulary_file).read_text(encoding="utf-8").split("\n")[:-1]]
        self.ids = {piece: number for number, piece in enumerate(self.pieces)}
        self.lowercase = lowercase
        self.known = {}

    def encode(self, text):
        if text not in self.known:
            self.known[text] = [i for word in google_words(text, self.lowercase) for i in word_pieces(word, self.ids, 200)]
        return self.known[text]


# --- Reading ------------------------------------------------------------------------------------------------------------

def split_context(text):
    words, word_of_character, in_word = [], [], False
    for c in text:
        if c in " \t\r\n\u202f":
            in_word = False
        elif in_word:
            words[-1] += c
        else:
            words.append(c)
            in_word = True
        word_of_character.append(len(words) - 1)
    return words, word_of_character


def read_questions(document, training, with_negative):
    """(questions, ids skipped); a question is a dict with words, and for training answer and range (None: impossible)."""
    questions, skipped = [], []
    for article in document["data"]:
        for paragraph in article["paragraphs"]:
            words, word_of_character = split_context(paragraph["context"])
            for entry in paragraph["qas"]:
                question = {"id": entry["id"], "text": entry["question"], "words": words, "range": None}
                if training and not (with_negative and entry["is_impossible"]):
                    (answer,) = entry["answers"]
                    start = answer["answer_start"]
                    first, last = word_of_character[start], word_of_character[start + len(answer["text"]) - 1]
                    if " ".join(answer["text"].split()) not in " ".join(words[first:last + 1]):
                        skipped.append(entry["id"])
                        continue
                    question.update(range=(first, last), answer=answer["text"])
                questions.append(question)
    return questions, skipped


# --- Windows ------------------------------------------------------------------------------------------------------------

def make_windows(questions, tokenizer, options):
    for number, question in enumerate(questions):
        yield from windows_of(number, question, tokenizer, options)


def windows_of(number, question, tokenizer, options):
    query = tokenizer.encode(question["text"])[:options.max_query]
    ids, word_of_token, first_token = [], [], []
    for index, word in enumerate(question["words"]):
        first_token.append(len(ids))
        pieces = tokenizer.encode(word)
        ids += pieces
        word_of_token += [index] * len(pieces)
    spans, start = [], 0
    while start < len(ids):
        length = min(len(ids) - start, options.max_sequence - len(query) - 3)
        spans.append((start, length))
        if start + length == len(ids):
            break
        start += min(length, options.doc_stride)
    answer = answer_tokens(question, ids, first_token, tokenizer)
    shift = len(query) + 2
    for index, (start, length) in enumerate(spans):
        end = start + length
        tokens = [tokenizer.ids["[CLS]"], *query, tokenizer.ids["[SEP]"], *ids[start:end], tokenizer.ids["[SEP]"]]
        labels = (0, 0)
        if answer and answer[0] >= start and answer[1] < end:
            labels = (answer[0] - start + shift, answer[1] - start + shift)
        best = [most_context(spans, token) == index for token in range(start, end)]
        yield Window(number, tokens, shift, word_of_token[start:end], best, labels)


def answer_tokens(question, ids, first_token, tokenizer):
    if question["range"] is None:
        return None
    first_word, last_word = question["range"]
    first = first_token[first_word]
    last = first_token[last_word + 1] - 1 if last_word < len(question["words"]) - 1 else len(ids) - 1
    wanted = tokenizer.encode(question["answer"])
    for new_first in range(first, last + 1):
        for new_last in range(last, new_first - 1, -1):
            if ids[new_first:new_last + 1] == wanted:
                return new_first, new_last
    return first, last


def most_context(spans, token):
    best, best_score = None, None
    for index, (start, length) in enumerate(spans):
        if start <= token < start + length:
            score = min(token - start, start + length - 1 - token) + 0.01 * length
            if best is None or score > best_score:
                best, best_score = index, score
    return best


def window_bytes(window):
    """What whole files are digested by: 32-bit integers, little-endian, and a byte for each max-context mark."""
    numbers = [window.question, window.second_begins, len(window.tokens), *window.tokens, len(window.words), *window.words,
               *window.labels]
    return struct.pack(f"<{len(numbers)}i", *numbers) + bytes(window.max_context)


# --- Answers ------------------------------------------------------------------------------------------------------------

def final_text(predicted, original, lowercase):
    tokens = " ".join(google_words(original, lowercase))
    found = tokens.find(predicted)
    if found < 0:
        return original
    tokens_places = [i for i, c in enumerate(tokens) if c != " "]
    original_places = [i for i, c in enumerate(original) if c != " "]
    if len(tokens_places) != len(original_places):
        return original
    original_place = dict(zip(tokens_places, original_places))
    first, last = original_place.get(found), original_place.get(found + len(predicted) - 1)
    if first is None or last is None:
        return original
    return original[first:last + 1]


def best_positions(scores, count):
    return sorted(range(len(scores)), key=lambda i: -scores[i])[:count]


def select_answer(question, windows, scores, tokenizer, options):
    """scores: for each window (start scores, end scores), float32 values. Returns (prediction, n-best list, odds or None)."""
    spans, null_score, null = [], 1000000.0, (0, 0, 0, 0.0, 0.0)
    for number, (window, (starts, ends)) in enumerate(zip(windows, scores)):
        if starts[0] + ends[0] < null_score:
            null_score, null = starts[0] + ends[0], (number, 0, 0, starts[0], ends[0])
        in_context = range(window.second_begins, window.second_begins + len(window.words))
        for start in best_positions(starts, options.n_best):
            for end in best_positions(ends, options.n_best):
                if start in in_context and end in in_context and window.max_context[start - window.second_begins]:
                    if start <= end < start + options.max_answer:
                        spans.append((number, start, end, starts[start], ends[end]))
    if options.with_negative:
        spans.append(null)
    spans.sort(key=lambda span: -(span[3] + span[4]))
    nbest = []
    for number, start, end, start_score, end_score in spans:
        if len(nbest) == options.n_best:
            break
        text = ""
        if start > 0:
            text = span_text(question, windows[number], start, end, tokenizer)
            if any(text == entry[0] for entry in nbest):
                continue
        nbest.append((text, start_score, end_score))
    if options.with_negative and not any(entry[0] == "" for entry in nbest):
        nbest.append(("", null[3], null[4]))
    if not nbest:
        nbest.append(("empty", 0.0, 0.0))
    totals = [start + end for _, start, end in nbest]
    powers = [math.exp(total - max(totals)) for total in totals]
    norm = 0.0
    for power in powers:
        norm += power
    listed = [{"text": text, "probability": power / norm, "start_logit": start, "end_logit": end}
              for (text, start, end), power in zip(nbest, powers)]
    if not options.with_negative:
        return nbest[0][0], listed, None
    best = next((entry for entry in nbest if entry[0]), None)
    if best is None:
        return "", listed, NO_ANSWER_ODDS
    odds = null_score - best[1] - best[2]
    return ("" if odds > options.threshold else best[0]), listed, odds


def span_text(question, window, start, end, tokenizer):
    joined = " ".join(tokenizer.pieces[i] for i in window.tokens[start:end + 1])
    joined = " ".join(joined.replace(" ##", "").replace("##", "").split())
    first, last = window.words[start - window.second_begins], window.words[end - window.second_begins]
    return final_text(joined, " ".join(question["words"][first:last + 1]), tokenizer.lowercase)


# --- Evaluation ---------------------------------------------------------------------------------------------------------

def normalized(text):
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def word_f1(predicted, gold, both_empty):
    predicted, gold = normalized(predicted).split(), normalized(gold).split()
    if not predicted and not gold:
        return both_empty
    common = sum((collections.Counter(predicted) & collections.Counter(gold)).values())
    if common == 0:
        return 0
    precision, recall = common / len(predicted), common / len(gold)
    return 2 * precision * recall / (precision + recall)


def all_entries(document):
    return [entry for article in document["data"] for paragraph in article["paragraphs"] for entry in paragraph["qas"]]


def score_v1(document, predictions):
    exact, f1, total = 0, 0, 0
    for entry in all_entries(document):
        total += 1
        if entry["id"] in predictions:
            predicted = predictions[entry["id"]]
            golds = [answer["text"] for answer in entry["answers"]]
            exact += max(normalized(predicted) == normalized(gold) for gold in golds)
            f1 += max(word_f1(predicted, gold, 0) for gold in golds)
    return {"exact_match": 100.0 * exact / total, "f1": 100.0 * f1 / total}


def score_v2(document, predictions, odds=None, threshold=1.0):
    exact, f1, has_answer = {}, {}, {}
    for entry in all_entries(document):
        name = entry["id"]
        has_answer[name] = len(entry["answers"]) > 0
        golds = [answer["text"] for answer in entry["answers"] if normalized(answer["text"])] or [""]
        if name in predictions:
            exact[name] = max(int(normalized(predictions[name]) == normalized(gold)) for gold in golds)
            f1[name] = max(word_f1(predictions[name], gold, 1) for gold in golds)
    counted_exact, counted_f1 = dict(exact), dict(f1)
    for name in exact if odds else []:
        if odds[name] > threshold:
            counted_exact[name] = counted_f1[name] = float(not has_answer[name])
    result = {}
    groups = [("", list(exact)), ("HasAns_", [name for name in exact if has_answer[name]]),
              ("NoAns_", [name for name in exact if not has_answer[name]])]
    for prefix, names in groups:
        if names:
            result[prefix + "exact"] = 100.0 * sum(counted_exact[name] for name in names) / len(names)
            result[prefix + "f1"] = 100.0 * sum(counted_f1[name] for name in names) / len(names)
            result[prefix + "total"] = len(names)
    for kind, scores in (("exact", exact), ("f1", f1)) if odds else ():
        best, best_threshold = best_score(predictions, scores, odds, has_answer)
        result["best_" + kind], result[f"best_{kind}_thresh"] = best, best_threshold
    return result


def best_score(predictions, scores, odds, has_answer):
    current = best = sum(not has for has in has_answer.values())
    best_threshold = 0.0
    for name in sorted(odds, key=odds.get):
        if name in scores:
            current += scores[name] if has_answer[name] else -1 if predictions[name] else 0
            if current > best:
                best, best_threshold = current, odds[name]
    return 100.0 * best / len(scores), best_threshold
