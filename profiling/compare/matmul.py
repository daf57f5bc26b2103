#!/usr/bin/env python3
"""PyTorch's float32 matmul rates at BERT's shapes, forward and both gradients: for use beside our own benches.

Prints one JSON object: GFLOP/s from the fastest of several timings, the one least disturbed by others.
"""
import argparse
import json

import torch

import machine
from timing import fastest


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=4096)
    parser.add_argument("--predictions", type=int, default=608, help="rows of the masked-LM head")
    parser.add_argument("--hidden", type=int, default=768)
    parser.add_argument("--intermediate", type=int, default=3072)
    parser.add_argument("--vocab", type=int, default=30522)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0, help="time for each matmul")
    return parser.parse_args()


def rates(rows, inputs, outputs, seconds):
    """y = x wᵀ + b; dx = dy w; dw = dyᵀ x: each 2 * rows * inputs * outputs FLOPs."""
    x, weight, bias = torch.randn(rows, inputs), torch.randn(outputs, inputs), torch.randn(outputs)
    gradient = torch.randn(rows, outputs)
    y, x_gradient, weight_gradient = torch.empty(rows, outputs), torch.empty_like(x), torch.empty_like(weight)
    work = {
        "forward": lambda: torch.addmm(bias, x, weight.t(), out=y),
        "input_gradient": lambda: torch.mm(gradient, weight, out=x_gradient),
        "weight_gradient": lambda: torch.mm(gradient.t(), x, out=weight_gradient),
    }
    flops = 2 * rows * inputs * outputs
    return {name: round(flops / fastest(action, seconds) / 1e9, 1) for name, action in work.items()}


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    hidden, intermediate = arguments.hidden, arguments.intermediate
    shapes = {
        "query_key_value": (arguments.tokens, hidden, 3 * hidden),
        "attention_output": (arguments.tokens, hidden, hidden),
        "intermediate": (arguments.tokens, hidden, intermediate),
        "output": (arguments.tokens, intermediate, hidden),
        "masked_lm_decoder": (arguments.predictions, hidden, arguments.vocab),
    }
    report = {"peer": "pytorch", "torch": torch.__version__, "machine": machine.describe(), "settings": vars(arguments)}
    report["gflops_per_second"] = {
        name: {"shape": shape} | rates(*shape, arguments.seconds) for name, shape in shapes.items()
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
