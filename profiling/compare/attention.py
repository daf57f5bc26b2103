#!/usr/bin/env python3
"""PyTorch's float32 attention rates at BERT's shapes: for use beside our own benches.

Times scaled_dot_product_attention forward, and forward with backward, with and without dropout: on equal lengths, or on
the lengths of a file, padded to the longest with a key mask, as Hugging Face calls it. Only useful FLOPs count, so
padding and recomputation lower the rate: 4 * Σ length² * heads * head size forward (two matmuls), twice that backward
(four). Prints one JSON object; rates come from the fastest of several timings, the one least disturbed by others.
"""
import argparse
import json
import pathlib

import numpy
import torch

import machine
from timing import fastest


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--head-size", type=int, default=64)
    parser.add_argument("--sequences", type=int, default=32)
    layout = parser.add_mutually_exclusive_group(required=True)
    layout.add_argument("--rectangle", type=int, metavar="LENGTH")
    layout.add_argument("--lengths", type=pathlib.Path, metavar="FILE", help="one per line; the first are used")
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0, help="time for each measurement")
    return parser.parse_args()


def stated_lengths(arguments):
    if arguments.rectangle:
        return numpy.full(arguments.sequences, arguments.rectangle)
    return numpy.resize(numpy.loadtxt(arguments.lengths, dtype=numpy.int64, ndmin=1), arguments.sequences)


def key_mask(lengths):
    """[sequences, 1, 1, width], or none where nothing is padded."""
    real = numpy.arange(lengths.max())[None, :] < lengths[:, None]
    return None if real.all() else torch.from_numpy(real)[:, None, None, :]


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    lengths = stated_lengths(arguments)
    mask = key_mask(lengths)
    shape = (len(lengths), arguments.heads, int(lengths.max()), arguments.head_size)
    query, key, value = (torch.randn(shape, requires_grad=True) for _ in range(3))
    output_gradient = torch.randn(shape)
    attend = torch.nn.functional.scaled_dot_product_attention

    def forward(dropout):
        with torch.no_grad():
            attend(query, key, value, attn_mask=mask, dropout_p=dropout)

    def forward_and_backward(dropout):
        output = attend(query, key, value, attn_mask=mask, dropout_p=dropout)
        torch.autograd.grad(output, (query, key, value), output_gradient)

    flops = 4 * int((lengths**2).sum()) * arguments.heads * arguments.head_size
    cases = {"without_dropout": 0.0, "with_dropout": arguments.dropout}
    results = {}
    for name, dropout in cases.items():
        one_way = fastest(lambda: forward(dropout), arguments.seconds)
        both_ways = fastest(lambda: forward_and_backward(dropout), arguments.seconds)
        results[name] = {
            "forward": round(flops / one_way / 1e9, 1),
            "forward_and_backward": round(3 * flops / both_ways / 1e9, 1),
        }
    report = {"peer": "pytorch", "torch": torch.__version__, "machine": machine.describe(), "settings": vars(arguments)}
    print(json.dumps(report | {"shape": shape, "gflops_per_second": results}, default=str))


if __name__ == "__main__":
    main()
