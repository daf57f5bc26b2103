#!/usr/bin/env python3
"""PyTorch's speed at BERT pretraining (masked LM + next sentence) on a CPU: the peer of `cloze pretrain`.

Hugging Face's BertForPreTraining in float32 with everything a careful user would do: attention in one call, the
masked-LM head on the predicted rows only, no attention mask where nothing is padded, fused AdamW, gradients set to
None, freed memory kept instead of returned to the system at every step, batches made before the clock starts. A step is
forward, backward, clipping to norm 1 and the update, dropout 0.1, on random tokens. Prints one JSON object; tokens are
real tokens, padding not counted. (`cpu_seconds_per_step` is over all threads, the spinning ones included.)

  pretraining.py --layers 4 --hidden 256 --heads 4 --intermediate 1024 --rectangle 128 --sequences 32
  pretraining.py --lengths lengths.txt --sequences 32      one length per line, taken in order, padded to the longest
"""
import argparse
import ctypes
import json
import pathlib
import resource
import statistics
import time

import numpy
import torch
import transformers

CLS, MASK, FIRST_WORD = 101, 103, 104  # never 0, the padding


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hidden", type=int, default=768)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--intermediate", type=int, default=3072)
    parser.add_argument("--vocab", type=int, default=30522)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--sequences", type=int, default=32, help="sequences of a batch")
    layout = parser.add_mutually_exclusive_group(required=True)
    layout.add_argument("--rectangle", type=int, metavar="LENGTH", help="every sequence has this length")
    layout.add_argument("--lengths", type=pathlib.Path, metavar="FILE", help="lengths of the sequences, one per line")
    parser.add_argument("--group-by-length", action="store_true", help="sort the lengths, so that less is padded")
    parser.add_argument("--dense-head", action="store_true", help="logits of every token, as BertForPreTraining does")
    parser.add_argument("--attention", choices=("sdpa", "eager"), default="sdpa")
    parser.add_argument("--compile", action="store_true", help="torch.compile the model")
    parser.add_argument("--stock-allocator", action="store_true", help="let malloc return freed memory to the system")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--warmup", type=int, default=2, help="steps before the clock starts")
    parser.add_argument("--steps", type=int, default=10, help="steps timed")
    arguments = parser.parse_args()
    if arguments.warmup < 1 or arguments.steps < 1:
        parser.error("--warmup and --steps are at least 1: the first step allocates, and a median needs a step")
    return arguments


def keep_freed_memory():
    """Large blocks from the heap, which never shrinks: what PyTorch's tuning guide gets from another allocator."""
    trim_threshold, mmap_max = -1, -4  # M_TRIM_THRESHOLD, M_MMAP_MAX of glibc's malloc.h
    libc = ctypes.CDLL(None)
    if not (libc.mallopt(trim_threshold, -1) and libc.mallopt(mmap_max, 0)):
        raise SystemExit("mallopt refused its settings; run with --stock-allocator")


def batch_lengths(arguments):
    """The lengths of each batch, as many batches as steps; a file is gone through again when it ends."""
    count = (arguments.warmup + arguments.steps) * arguments.sequences
    if arguments.rectangle:
        lengths = numpy.full(count, arguments.rectangle)
    else:
        stated = numpy.loadtxt(arguments.lengths, dtype=numpy.int64, ndmin=1)
        lengths = numpy.resize(stated, count)
    if lengths.min() < 3:
        raise SystemExit(f"a sequence holds at least [CLS], a word and [SEP]; the shortest here is {lengths.min()}")
    rng = numpy.random.default_rng(1)
    if arguments.group_by_length:
        lengths = numpy.sort(lengths)
    batches = lengths.reshape(-1, arguments.sequences)
    return rng.permutation(batches) if arguments.group_by_length else batches


def make_batch(lengths, arguments, rng):
    """15% of every sequence is predicted: Google's count, without a limit per sequence."""
    width = int(lengths.max())
    real = numpy.arange(width)[None, :] < lengths[:, None]
    tokens = rng.integers(FIRST_WORD, arguments.vocab, size=real.shape)
    tokens[:, 0] = CLS
    rows, labels = [], []
    for sequence, length in enumerate(lengths):
        count = max(1, round(0.15 * length))
        positions = numpy.sort(rng.choice(numpy.arange(1, length - 1), size=min(count, length - 2), replace=False))
        rows.extend(sequence * width + positions)
        labels.extend(tokens[sequence, positions])
        tokens[sequence, positions] = MASK
    tokens[~real] = 0
    types = (numpy.arange(width)[None, :] >= lengths[:, None] // 2) & real
    padded = not real.all()
    return {
        "real_tokens": int(lengths.sum()),
        "tokens": torch.from_numpy(tokens),
        "types": torch.from_numpy(types.astype(numpy.int64)),
        "mask": torch.from_numpy(real.astype(numpy.int64)) if padded else None,
        "rows": torch.from_numpy(numpy.array(rows, dtype=numpy.int64)),
        "labels": torch.from_numpy(numpy.array(labels, dtype=numpy.int64)),
        "next": torch.from_numpy(rng.integers(0, 2, size=len(lengths))),
    }


class Pretraining(torch.nn.Module):
    def __init__(self, arguments):
        super().__init__()
        config = transformers.BertConfig(
            vocab_size=arguments.vocab,
            hidden_size=arguments.hidden,
            num_hidden_layers=arguments.layers,
            num_attention_heads=arguments.heads,
            intermediate_size=arguments.intermediate,
            hidden_act="gelu_pytorch_tanh",
            hidden_dropout_prob=arguments.dropout,
            attention_probs_dropout_prob=arguments.dropout,
            attn_implementation=arguments.attention,
        )
        self.bert = transformers.BertForPreTraining(config)
        self.dense_head = arguments.dense_head

    def forward(self, tokens, types, mask, rows, labels, next_labels):
        output = self.bert.bert(input_ids=tokens, token_type_ids=types, attention_mask=mask)
        hidden = output.last_hidden_state  # [sequences, width, hidden]
        if self.dense_head:
            logits = self.bert.cls.predictions(hidden).flatten(0, 1)
            targets = torch.full((len(logits),), -100).index_copy(0, rows, labels)
        else:
            logits = self.bert.cls.predictions(hidden.flatten(0, 1)[rows])  # [predictions, vocabulary]
            targets = labels
        cross_entropy = torch.nn.functional.cross_entropy
        next_logits = self.bert.cls.seq_relationship(output.pooler_output)
        return cross_entropy(logits, targets) + cross_entropy(next_logits, next_labels)


def make_optimizer(model):
    decayed, others = [], []
    for name, parameter in model.named_parameters():
        (others if "LayerNorm" in name or "bias" in name else decayed).append(parameter)
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=1e-4, eps=1e-6, fused=True)


def run_step(model, parameters, optimizer, batch):
    loss = model(batch["tokens"], batch["types"], batch["mask"], batch["rows"], batch["labels"], batch["next"])
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item()


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def main():
    arguments = parse_arguments()
    if not arguments.stock_allocator:
        keep_freed_memory()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    rng = numpy.random.default_rng(1)
    batches = [make_batch(lengths, arguments, rng) for lengths in batch_lengths(arguments)]
    model = Pretraining(arguments).train()
    parameters = list(model.parameters())
    optimizer = make_optimizer(model)
    stepped = torch.compile(model) if arguments.compile else model

    seconds, cpu_seconds, losses = [], [], []
    for batch in batches:
        start, cpu_start = time.perf_counter(), time.process_time()
        losses.append(run_step(stepped, parameters, optimizer, batch))
        seconds.append(time.perf_counter() - start)
        cpu_seconds.append(time.process_time() - cpu_start)

    timed = slice(arguments.warmup, None)
    real = [batch["real_tokens"] for batch in batches[timed]]
    computed = [batch["tokens"].numel() for batch in batches[timed]]
    report = {
        "peer": "pytorch",
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "settings": vars(arguments),
        "parameters": sum(parameter.numel() for parameter in parameters),
        "computed_per_real_token": sum(computed) / sum(real),
        "steps_per_second": 1 / statistics.median(seconds[timed]),
        "tokens_per_second": statistics.median(tokens / spent for tokens, spent in zip(real, seconds[timed])),
        "seconds_per_step": spread(seconds[timed]),
        "cpu_seconds_per_step": spread(cpu_seconds[timed]),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "loss": {"first": losses[0], "last": losses[-1]},
    }
    print(json.dumps(report, default=str))


if __name__ == "__main__":
    main()
