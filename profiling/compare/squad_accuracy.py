#!/usr/bin/env python3
"""Span questions on a part of SQuAD: exact match and F1 of ours beside Hugging Face's from the same checkpoint.

Both train on the same articles with the same windows, batch size, number of updates, warm-up, decay, dropout and clipping;
order, dropout masks and the new head's values are each engine's own; the peer groups windows of like length. The peer's windows, answers and scores are those of
tests/golden/squad/squad_reference.py. With --with-negative questions may have no answer (SQuAD v2.0), and the best scores over
all thresholds of the no-answer odds are given too. Writes --output, one side at a time if asked to:

  squad_accuracy.py --cloze build/release/engine/cli/cloze --model MODEL --train train-v1.1.json --train-articles 0:40 \\
      --validation dev-v1.1.json --output squad.json [--with-negative] [--side ours|peer]
Needs: pip install torch transformers
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import torch
import transformers

import machine
from predictions import padded_batches

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/golden/squad"))
import squad_reference  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]


def parse_arguments():
    def articles(text):
        return slice(*(int(part) if part else None for part in text.split(":")))

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cloze")
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--train", required=True, type=pathlib.Path)
    parser.add_argument("--validation", required=True, type=pathlib.Path)
    parser.add_argument("--train-articles", type=articles, default=slice(None), help="begin:end[:step]; all")
    parser.add_argument("--validation-articles", type=articles, default=slice(None), help="begin:end[:step]; all")
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("--run", type=pathlib.Path, help="keep our run here")
    parser.add_argument("--with-negative", action="store_true")
    parser.add_argument("--side", choices=["ours", "peer", "both"], default="both")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--length", type=int, default=384)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def part_of(path, articles, folder):
    """A file of just these articles."""
    document = json.loads(path.read_text(encoding="utf-8"))
    document["data"] = document["data"][articles]
    part = folder / path.name
    part.write_text(json.dumps(document), encoding="utf-8")
    return part


def one_answer_each(path):
    """As run_squad.py wants the questions to train on."""
    document = json.loads(path.read_text(encoding="utf-8"))
    for entry in squad_reference.all_entries(document):
        entry["answers"] = entry["answers"][:1]
    path.write_text(json.dumps(document), encoding="utf-8")


class Peer:
    def __init__(self, arguments, train, validation):
        self.arguments = arguments
        lowercase = json.loads((arguments.model / "tokenizer_config.json").read_text()).get("do_lower_case", True)
        self.tokenizer = squad_reference.Tokenizer(arguments.model / "vocab.txt", lowercase)
        self.options = squad_reference.Options(arguments.length, 128, 64, arguments.with_negative, 20, 30, 0.0)
        self.train = self.windows(train, True)[1]
        self.document = json.loads(validation.read_text(encoding="utf-8"))
        self.questions, self.validation = self.windows(validation, False)

    def windows(self, path, training):
        document = json.loads(path.read_text(encoding="utf-8"))
        questions, _ = squad_reference.read_questions(document, training, self.arguments.with_negative)
        return questions, list(squad_reference.make_windows(questions, self.tokenizer, self.options))

    def grouped_by_length(self, order):
        """Batches of windows of like length, in random order: as transformers' group_by_length, to save padding."""
        size, grouped = self.arguments.batch, []
        for begin in range(0, len(order), 50 * size):
            part = sorted(order[begin:begin + 50 * size], key=lambda i: -len(self.train[i].tokens))
            batches = [part[first:first + size] for first in range(0, len(part), size)]
            grouped += [batches[i] for i in torch.randperm(len(batches)).tolist()]
        return [i for batch in sorted(grouped, key=len, reverse=True) for i in batch]

    @staticmethod
    def batch(windows):
        longest = max(len(window.tokens) for window in windows)
        ids, mask, types = (torch.zeros(len(windows), longest, dtype=torch.int64) for _ in range(3))
        for row, window in enumerate(windows):
            length = len(window.tokens)
            ids[row, :length] = torch.tensor(window.tokens)
            mask[row, :length] = 1
            types[row, window.second_begins:length] = 1
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}

    def trained(self):
        arguments = self.arguments
        torch.manual_seed(arguments.seed)
        model = transformers.BertForQuestionAnswering.from_pretrained(arguments.model).train()
        decayed = [p for n, p in model.named_parameters() if not ("bias" in n or "LayerNorm" in n)]
        others = [p for n, p in model.named_parameters() if "bias" in n or "LayerNorm" in n]
        optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}],
                                      lr=arguments.rate, eps=1e-6)
        count, size = len(self.train), arguments.batch
        steps = count * arguments.epochs // size
        order = [i for _ in range(arguments.epochs) for i in self.grouped_by_length(torch.randperm(count).tolist())]
        schedule = transformers.get_linear_schedule_with_warmup(optimizer, int(0.1 * steps), steps)
        for step in range(steps):
            windows = [self.train[i] for i in order[step * size:(step + 1) * size]]
            first, last = (torch.tensor(positions) for positions in zip(*(window.labels for window in windows)))
            model(**self.batch(windows), start_positions=first, end_positions=last).loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            if step % 100 == 0:
                print(f"peer: step {step} of {steps}", file=sys.stderr)
        return model.eval()

    @torch.inference_mode()
    def scores(self, model):
        """(predictions, odds of no answer), each by question id."""
        logits = [None] * len(self.validation)
        for indices in padded_batches([len(window.tokens) for window in self.validation], 16):
            output = model(**self.batch([self.validation[i] for i in indices]))
            for row, i in enumerate(indices):
                length = len(self.validation[i].tokens)
                logits[i] = (output.start_logits[row, :length].tolist(), output.end_logits[row, :length].tolist())
        grouped = {}
        for window, score in zip(self.validation, logits, strict=True):
            grouped.setdefault(window.question, ([], []))
            grouped[window.question][0].append(window)
            grouped[window.question][1].append(score)
        predictions, odds = {}, {}
        for number, (windows, window_scores) in grouped.items():
            question = self.questions[number]
            predictions[question["id"]], listed, odds[question["id"]] = squad_reference.select_answer(
                question, windows, window_scores, self.tokenizer, self.options)
            if self.arguments.with_negative:  # the official script wants the best text; the odds decide
                predictions[question["id"]] = next((entry["text"] for entry in listed if entry["text"]), "")
        return predictions, odds

    def report(self):
        start = time.perf_counter()
        model = self.trained()
        trained = time.perf_counter()
        predictions, odds = self.scores(model)
        if self.arguments.with_negative:
            result = squad_reference.score_v2(self.document, predictions, odds, 0.0)
        else:
            result = squad_reference.score_v1(self.document, predictions)
        return {"scores": result, "train_windows": len(self.train), "train_seconds": trained - start,
                "validation_windows": len(self.validation), "validation_seconds": time.perf_counter() - trained}


def our_report(arguments, train, validation, folder):
    run = arguments.run or folder / "run"
    settings = {"model.from": arguments.model.resolve(), "data.train": train, "data.validation": validation, "output": run,
                "seed": arguments.seed, "training.epochs": arguments.epochs, "batch.sequences": arguments.batch,
                "optimizer.learning_rate": arguments.rate, "question_answering.max_sequence_length": arguments.length,
                "threads": arguments.threads, "schedule.warmup_proportion": "10%", "log.examples": 0,
                "optimizer.bias_correction": "true", "checkpoint.keep_best": "false"}
    config = ROOT / ("configs/finetune/squad2.yaml" if arguments.with_negative else "configs/finetune/squad.yaml")
    call = [arguments.cloze, "finetune", config, "--overwrite"]
    for key, value in settings.items():
        call += ["--set", f"{key}={value}"]
    start = time.perf_counter()
    subprocess.run([str(part) for part in call], check=True)
    lines = (run / "eval_results.txt").read_text(encoding="utf-8").splitlines()
    return {"scores": {name: float(value) for name, value in (line.split(" = ") for line in lines)},
            "seconds": time.perf_counter() - start}


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for part in ("train", "validation"):
            (folder / part).mkdir()
        train = part_of(arguments.train, arguments.train_articles, folder / "train")
        one_answer_each(train)
        validation = part_of(arguments.validation, arguments.validation_articles, folder / "validation")
        report = {"task": "SQuAD v2.0" if arguments.with_negative else "SQuAD v1.1", "model": arguments.model.name,
                  "train": arguments.train.name, "train_articles": str(arguments.train_articles),
                  "validation": arguments.validation.name, "validation_articles": str(arguments.validation_articles),
                  "epochs": arguments.epochs, "batch": arguments.batch, "rate": arguments.rate, "length": arguments.length,
                  "threads": arguments.threads, "machine": machine.describe()}
        if arguments.side != "peer":
            report["ours"] = our_report(arguments, train, validation, folder)
        if arguments.side != "ours":
            report["peer"] = Peer(arguments, train, validation).report()
            report |= {"torch": torch.__version__, "transformers": transformers.__version__}
    if arguments.output.exists():  # the other side's
        report = json.loads(arguments.output.read_text()) | report
    arguments.output.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
