#!/usr/bin/env python3
"""Predictions of a fine-tuned model on a whole file, ours beside Hugging Face's on the same weights, and the time of both.

The peer reads, tokenises (all texts in one call), sorts by length (with --stock-order it does not, as most scripts do not) and runs
padded batches of the best of several sizes, in inference mode. Three ratios of time, the two sides taking turns: `predicting`, from the loaded model on (ours as its log says
it, without the reading of the file; the peer's with it); `program`, both from the start of a process to the end; and
`ours_program_to_peer_predicting`, the least favourable. Rows where the labels differ are counted, and apart from them those where the peer's two best are within 1e-5.

  predictions.py --cloze build/release/engine/cli/cloze --model RUN/checkpoints/step-N --kind sst-2 --data dev.tsv
Kinds: cola, sst-2, mrpc, yelp (classification); squad (answers of SQuAD v1.1, selected as run_squad.py does).
Needs: pip install torch transformers
"""
import argparse
import csv
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import torch
import transformers

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/golden/squad"))
import squad_reference  # noqa: E402

TIE = 1e-5


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cloze", required=True)
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--kind", required=True, choices=["cola", "sst-2", "mrpc", "yelp", "squad"])
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--length", type=int, default=128, help="the model's task.max_sequence_length")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--batches", type=int, nargs="+", default=[16, 32, 64], help="sizes that the peer tries")
    parser.add_argument("--stock-order", action="store_true", help="the peer's batches in the order of the file")
    parser.add_argument("--without-peer-program", action="store_true", help="leave out the time of the peer's whole process")
    parser.add_argument("--peer-batch", type=int, help="only the peer, once, in batches of this many")
    return parser.parse_args()


def read_texts(kind, path):
    """(first texts, second texts or None)."""
    if kind == "yelp":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [row[1].replace("\\n", "\n") for row in csv.reader(file)], None
    lines = path.read_text(encoding="utf-8-sig").split("\n")
    rows = [line.rstrip("\r").split("\t") for line in lines if line]
    if kind == "cola":
        return [row[3] for row in rows], None
    if kind == "sst-2":
        return [row[0] for row in rows[1:]], None
    return [row[3] for row in rows[1:]], [row[4] for row in rows[1:]]


def padded_batches(lengths, size, stock_order):
    order = range(len(lengths)) if stock_order else sorted(range(len(lengths)), key=lambda i: -lengths[i])
    return [order[begin:begin + size] for begin in range(0, len(order), size)]


class TextPeer:
    def __init__(self, arguments):
        self.arguments = arguments
        self.model = transformers.BertForSequenceClassification.from_pretrained(arguments.model).eval()
        self.tokenizer = transformers.BertTokenizerFast.from_pretrained(arguments.model)

    @torch.inference_mode()
    def predict(self, size):
        """Logits [rows, labels], in the file's order."""
        first, second = read_texts(self.arguments.kind, self.arguments.data)
        encoded = self.tokenizer(first, second, truncation=True, max_length=self.arguments.length)
        logits = torch.empty(len(first), self.model.config.num_labels)
        for batch in padded_batches([len(ids) for ids in encoded["input_ids"]], size, self.arguments.stock_order):
            padded = self.tokenizer.pad({name: [values[i] for i in batch] for name, values in encoded.items()},
                                        return_tensors="pt")
            logits[batch] = self.model(**padded).logits
        return logits

    def compare(self, logits, folder):
        ours = [json.loads(line)["label"] for line in (folder / "predictions.jsonl").read_text("utf-8").splitlines()]
        rows = [[float(value) for value in line.split("\t")]
                for line in (folder / "test_results.tsv").read_text().splitlines()]
        theirs = [str(self.model.config.id2label[int(i)]) for i in logits.argmax(-1)]
        best = logits.double().softmax(-1).topk(2).values
        different = [i for i, pair in enumerate(zip(ours, theirs, strict=True)) if str(pair[0]) != pair[1]]
        difference = (torch.tensor(rows, dtype=torch.float64) - logits.double().softmax(-1)).abs().max()
        return {"rows": len(ours), "different": len(different),
                "of_them_ties": sum(float(best[i, 0] - best[i, 1]) < TIE for i in different),
                "largest_probability_difference": float(difference)}


class SquadPeer:
    def __init__(self, arguments):
        self.arguments = arguments
        self.model = transformers.BertForQuestionAnswering.from_pretrained(arguments.model).eval()
        self.lowercase = json.loads((arguments.model / "tokenizer_config.json").read_text()).get("do_lower_case", True)
        self.tokenizer = squad_reference.Tokenizer(arguments.model / "vocab.txt", self.lowercase)
        self.options = squad_reference.Options(arguments.length, 128, 64, False, 20, 30, 0.0)
        document = json.loads(arguments.data.read_text(encoding="utf-8"))
        self.questions, _ = squad_reference.read_questions(document, False, False)
        self.windows = list(squad_reference.make_windows(self.questions, self.tokenizer, self.options))

    @torch.inference_mode()
    def predict(self, size):
        """(start, end) logits of every window; making the windows is not counted."""
        scores = [None] * len(self.windows)
        for batch in padded_batches([len(window.tokens) for window in self.windows], size, self.arguments.stock_order):
            longest = max(len(self.windows[i].tokens) for i in batch)
            ids, mask, types = (torch.zeros(len(batch), longest, dtype=torch.int64) for _ in range(3))
            for row, i in enumerate(batch):
                window = self.windows[i]
                ids[row, :len(window.tokens)] = torch.tensor(window.tokens)
                mask[row, :len(window.tokens)] = 1
                types[row, window.second_begins:len(window.tokens)] = 1
            output = self.model(input_ids=ids, attention_mask=mask, token_type_ids=types)
            for row, i in enumerate(batch):
                length = len(self.windows[i].tokens)
                scores[i] = (output.start_logits[row, :length].tolist(), output.end_logits[row, :length].tolist())
        return scores

    def compare(self, scores, folder):
        ours = json.loads((folder / "predictions.json").read_text(encoding="utf-8"))
        grouped = {}
        for window, score in zip(self.windows, scores, strict=True):
            grouped.setdefault(window.question, ([], []))
            grouped[window.question][0].append(window)
            grouped[window.question][1].append(score)
        different, ties = [], 0
        for number, (windows, window_scores) in grouped.items():
            question = self.questions[number]
            text, listed, _ = squad_reference.select_answer(question, windows, window_scores, self.tokenizer, self.options)
            if ours[question["id"]] != text:
                different.append(question["id"])
                sums = [entry["start_logit"] + entry["end_logit"] for entry in listed[:2]]
                ties += len(sums) == 2 and sums[0] - sums[1] < TIE * max(1, abs(sums[0]))
        return {"rows": len(ours), "windows": len(self.windows), "different": len(different), "of_them_ties": ties,
                "examples": different[:5]}


def seconds_of(log):
    """What `cloze predict` says it took: "872 examples in 2.2 s: ..." or "in 1 min 05 s: ..."."""
    minutes, number, unit = re.search(r"examples in (?:(\d+) min )?([\d.]+) (ms|s):", log).groups()
    return 60 * int(minutes or 0) + float(number) / (1000 if unit == "ms" else 1)


def peer_program(arguments, batch):
    """Seconds of a process that does the peer's part alone."""
    start = time.perf_counter()
    subprocess.run([sys.executable, __file__, *sys.argv[1:], "--peer-batch", str(batch)], check=True,
                   stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    peer = (SquadPeer if arguments.kind == "squad" else TextPeer)(arguments)
    if arguments.peer_batch:
        peer.predict(arguments.peer_batch)
        return
    ours, inside, theirs = [], [], {size: [] for size in arguments.batches}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name) / "predictions"
        for _ in range(arguments.repetitions):
            start = time.perf_counter()
            log = subprocess.run([arguments.cloze, "predict", "--model", str(arguments.model), "--input", str(arguments.data),
                                  "--output", str(folder), "--threads", str(arguments.threads)], check=True,
                                 stderr=subprocess.PIPE, text=True).stderr
            ours.append(time.perf_counter() - start)
            inside.append(seconds_of(log))
            for size in arguments.batches:
                start = time.perf_counter()
                result = peer.predict(size)
                theirs[size].append(time.perf_counter() - start)
        report = peer.compare(result, folder)
    best = min(theirs, key=lambda size: min(theirs[size]))
    peer_whole = [] if arguments.without_peer_program else \
        [peer_program(arguments, best) for _ in range(arguments.repetitions)]
    report |= {"kind": arguments.kind, "threads": arguments.threads, "stock_order": arguments.stock_order, "program_seconds": sorted(ours),
               "predicting_seconds": sorted(inside), "peer_predicting_seconds": sorted(theirs[best]),
               "peer_program_seconds": sorted(peer_whole), "peer_batch": best,
               "ratio": {"predicting": min(theirs[best]) / min(inside),
                         "program": min(peer_whole) / min(ours) if peer_whole else None,
                         "ours_program_to_peer_predicting": min(theirs[best]) / min(ours)},
               "torch": torch.__version__, "transformers": transformers.__version__}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
