#!/usr/bin/env python3
"""The first losses of fine-tuning, ours against Hugging Face's: same model, examples, order and initial head, no dropout.

transformers puts a head on the model and saves both; ours starts from that folder and takes the examples in the file's
order (training.shuffle: false), one step a metric record. The peer takes the same steps: AdamW as in BERT (no bias
correction, epsilon outside the root), BERT's schedule, clipping to norm 1. Prints one JSON object.

  finetuning_losses.py --cloze build/release/engine/cli/cloze --model MODEL_FOLDER --task pairs --data train.tsv
Tasks: single (CoLA's columns), pairs (MRPC's), regression (MRPC's pairs, their label taken as a score), questions
(SQuAD v1.1's train file: those that fit one window of 128 tokens, so that both see the same windows).
Needs: pip install torch transformers
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

import torch
import transformers

YAML = """
output: {run}
model: {{from: {model}, hidden_dropout: 0, attention_dropout: 0}}
head: {{dropout: 0}}
task: {task}
data: {{train: {data}}}
batch: {{sequences: {batch}}}
training: {{steps: {steps}, shuffle: false}}
optimizer: {{learning_rate: {rate}}}
log: {{every: 1, examples: 0, tensorboard: false}}
"""
TASKS = {
    "single": "{preset: cola}",
    "pairs": "{preset: mrpc}",
    "questions": "{kind: question_answering}",
    "regression": "{kind: regression, format: tsv, header: yes, columns: {text_a: '4', text_b: '5', label: '1'}}",
}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cloze", required=True)
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--task", required=True, choices=sorted(TASKS))
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=2e-5)
    return parser.parse_args()


def short_questions(arguments, tokenizer, folder):
    """Rows (question, context, (first, last) token of the answer) that fit one window, and the file of just those."""
    rows, articles, wanted = [], [], arguments.steps * arguments.batch
    for article in json.loads(arguments.data.read_text(encoding="utf-8"))["data"]:
        paragraphs = []
        for paragraph in article["paragraphs"]:
            kept = []
            for question in paragraph["qas"]:
                answer = question["answers"][0]
                encoded = tokenizer(question["question"], paragraph["context"])
                begin, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
                span = (encoded.char_to_token(0, begin, 1), encoded.char_to_token(0, end - 1, 1))
                whole = paragraph["context"][begin:end] == answer["text"] and None not in span
                edges = whole and [encoded.token_to_chars(token) for token in span]
                if whole and edges[0].start == begin and edges[1].end == end and len(encoded["input_ids"]) <= 128:
                    kept.append(question)
                    rows.append((question["question"], paragraph["context"], span))
                if len(rows) == wanted:
                    break
            paragraphs += [{"context": paragraph["context"], "qas": kept}] if kept else []
            if len(rows) == wanted:
                break
        articles += [{"title": article["title"], "paragraphs": paragraphs}] if paragraphs else []
        if len(rows) == wanted:
            break
    path = folder / "questions.json"
    path.write_text(json.dumps({"version": "1.1", "data": articles}), encoding="utf-8")
    return rows, path


def read_rows(arguments):
    """Text, second text or None, label; a header is left out for MRPC's columns."""
    lines = arguments.data.read_text(encoding="utf-8-sig").split("\n")
    rows = [line.rstrip("\r").split("\t") for line in lines if line]
    if arguments.task == "single":
        return [(row[3], None, int(row[1])) for row in rows]
    return [(row[3], row[4], float(row[0])) for row in rows[1:]]


def run_ours(arguments, start, data, folder):
    run = folder / "run"
    config = folder / "config.yaml"
    config.write_text(
        YAML.format(run=run, model=start, task=TASKS[arguments.task], data=data.resolve(),
                    batch=arguments.batch, steps=arguments.steps, rate=arguments.rate))
    subprocess.run([arguments.cloze, "finetune", str(config)], check=True, stderr=subprocess.DEVNULL)
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [record["loss"] for record in records if record["split"] == "train"]


class BertAdam:
    """optimization.py of google-research/bert: decoupled decay, no bias correction."""

    def __init__(self, model, rate, steps):
        self.rate, self.steps, self.step_number = rate, steps, 0
        self.parameters = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
        self.first = [torch.zeros_like(parameter) for _, parameter in self.parameters]
        self.second = [torch.zeros_like(parameter) for _, parameter in self.parameters]

    def scheduled(self):
        warmup = int(self.steps * 0.1)
        step = self.step_number
        return self.rate * step / warmup if step < warmup else self.rate * (1 - step / self.steps)

    @torch.no_grad()
    def step(self):
        gradients = [parameter.grad for _, parameter in self.parameters]
        norm = torch.sqrt(sum((gradient.double() ** 2).sum() for gradient in gradients))
        scale = float(1 / max(norm, torch.tensor(1.0)))
        rate = self.scheduled()
        for (name, parameter), gradient, first, second in zip(self.parameters, gradients, self.first, self.second):
            gradient = gradient * scale
            first.mul_(0.9).add_(gradient, alpha=0.1)
            second.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
            update = first / (second.sqrt() + 1e-6)
            if "LayerNorm" not in name and not name.endswith("bias"):
                update += 0.01 * parameter
            parameter.sub_(update, alpha=rate)
            parameter.grad = None
        self.step_number += 1


def loss_of(arguments, model, encoded, labels):
    """The peer's own loss, but that of spans over real tokens only: transformers lets padding take part in the softmax, so
    that its loss depends on what else is in the batch."""
    if arguments.task != "questions":
        kind = torch.float32 if arguments.task == "regression" else torch.int64
        return model(**encoded, labels=torch.tensor(labels, dtype=kind)).loss
    output = model(**encoded)
    padding = encoded["attention_mask"] == 0
    first, last = zip(*labels)
    entropy = torch.nn.functional.cross_entropy
    return (entropy(output.start_logits.masked_fill(padding, -torch.inf), torch.tensor(first))
            + entropy(output.end_logits.masked_fill(padding, -torch.inf), torch.tensor(last))) / 2


def run_peer(arguments, model, tokenizer, rows):
    optimizer = BertAdam(model, arguments.rate, arguments.steps)
    losses = []
    for step in range(arguments.steps):
        batch = [rows[(step * arguments.batch + i) % len(rows)] for i in range(arguments.batch)]
        first, second, labels = zip(*batch)
        encoded = tokenizer(list(first), None if second[0] is None else list(second), truncation=True, max_length=128,
                            padding=True, return_tensors="pt")
        encoded.setdefault("token_type_ids", torch.zeros_like(encoded["input_ids"]))
        loss = loss_of(arguments, model, encoded, labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def main():
    arguments = parse_arguments()
    torch.manual_seed(1)
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        start = folder / "start"
        kind = "QuestionAnswering" if arguments.task == "questions" else "SequenceClassification"
        model = getattr(transformers, f"BertFor{kind}").from_pretrained(
            arguments.model, num_labels=1 if arguments.task == "regression" else 2, hidden_dropout_prob=0,
            attention_probs_dropout_prob=0, attn_implementation="eager")
        tokenizer = transformers.BertTokenizerFast.from_pretrained(arguments.model)
        model.save_pretrained(start)
        tokenizer.save_pretrained(start)
        (start / "vocab.txt").write_bytes((arguments.model / "vocab.txt").read_bytes())
        if arguments.task == "questions":
            rows, data = short_questions(arguments, tokenizer, folder)
        else:
            rows, data = read_rows(arguments), arguments.data
        ours = run_ours(arguments, start, data, folder)
        theirs = run_peer(arguments, model.train(), tokenizer, rows)
    differences = [abs(a - b) for a, b in zip(ours, theirs)]
    print(json.dumps({"task": arguments.task, "steps": len(theirs), "largest_difference": max(differences),
                      "at_step": differences.index(max(differences)), "first": [ours[0], theirs[0]],
                      "last": [ours[-1], theirs[-1]]}))


if __name__ == "__main__":
    main()
