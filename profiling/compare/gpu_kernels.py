#!/usr/bin/env python3
"""PyTorch's rates of the operations of cloze_gpu_bench, on one GPU: one JSON object a line.

The same shapes, bf16, the median of the runs of a quarter of a second.
"""
import json
import statistics
import sys

try:
    import torch
    from torch.nn import functional
except ImportError:
    sys.exit("nothing to compare with: PyTorch is not installed")

TOKENS, HIDDEN, INTERMEDIATE, HEADS = 8192, 768, 3072, 12


def measure(part, name, action, flops=0.0, moved=0.0):
    for _ in range(3):
        action()
    times, total = [], 0.0
    while total < 250 or len(times) < 5:
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        action()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
        total += times[-1]
    milliseconds = statistics.median(times)
    line = {"part": part, "name": name, "milliseconds": milliseconds, "runs": len(times)}
    if flops:
        line["flops_per_second"] = flops / milliseconds * 1e3
    if moved:
        line["bytes_per_second"] = moved / milliseconds * 1e3
    print(json.dumps(line), flush=True)


def tensor(*shape, gradient=False):
    return torch.randn(shape, device="cuda", dtype=torch.bfloat16, requires_grad=gradient)


def measure_linear(rows, out, inner):
    x, weight, bias = tensor(rows, inner), tensor(out, inner), tensor(out)
    flops, shape = 2.0 * rows * out * inner, f"{rows}x{out}x{inner}"
    measure("ceilings", "linear " + shape, lambda: functional.linear(x, weight), flops)
    measure("ceilings", "linear with bias " + shape, lambda: functional.linear(x, weight, bias), flops)


def measure_attention(length, dropout):
    shape = (TOKENS // length, HEADS, length, HIDDEN // HEADS)
    query, key, value = (tensor(*shape, gradient=True) for _ in range(3))
    upper = tensor(*shape)
    product = 2.0 * TOKENS * length * HIDDEN
    attend = functional.scaled_dot_product_attention
    name = f"{length}" + (" with dropout" if dropout else "")
    measure("attention", "forward " + name, lambda: attend(query, key, value, dropout_p=dropout), 2 * product)
    output = attend(query, key, value, dropout_p=dropout)
    measure("attention", "backward " + name,
            lambda: torch.autograd.grad(output, (query, key, value), upper, retain_graph=True), 4 * product)


def measure_rows():
    x, residual = tensor(TOKENS, HIDDEN, gradient=True), tensor(TOKENS, HIDDEN)
    gamma, beta, bias = (tensor(HIDDEN, gradient=True) for _ in range(3))
    upper = tensor(TOKENS, HIDDEN)

    @torch.compile
    def layer_norm(x):
        return functional.layer_norm(functional.dropout(x + bias, 0.1) + residual, (HIDDEN,), gamma, beta)

    measure("rows", "layer norm forward", lambda: layer_norm(x), moved=8.0 * TOKENS * HIDDEN)
    output = layer_norm(x)
    measure("rows", "layer norm backward",
            lambda: torch.autograd.grad(output, (x, gamma, beta, bias), upper, retain_graph=True),
            moved=8.0 * TOKENS * HIDDEN)
    wide, wide_bias, wide_upper = (tensor(TOKENS, INTERMEDIATE, gradient=True), tensor(INTERMEDIATE, gradient=True),
                                   tensor(TOKENS, INTERMEDIATE))
    gelu = torch.compile(lambda x: functional.gelu(x + wide_bias, approximate="tanh"))
    measure("rows", "bias and gelu forward", lambda: gelu(wide), moved=4.0 * TOKENS * INTERMEDIATE)
    activated = gelu(wide)
    measure("rows", "bias and gelu backward",
            lambda: torch.autograd.grad(activated, (wide, wide_bias), wide_upper, retain_graph=True),
            moved=6.0 * TOKENS * INTERMEDIATE)


def main():
    if not torch.cuda.is_available():
        sys.exit("no GPU to measure: PyTorch sees none")
    source, target = (torch.empty(1 << 28, device="cuda") for _ in range(2))
    measure("ceilings", "copy", lambda: target.copy_(source), moved=8.0 * (1 << 28))
    for rows, out, inner in ((8192, 8192, 8192), (TOKENS, 2304, 768), (TOKENS, 768, 768), (TOKENS, 3072, 768),
                             (TOKENS, 768, 3072), (1280, 30592, 768)):
        measure_linear(rows, out, inner)
    measure_rows()
    for length in (128, 512):
        for dropout in (0.0, 0.1):
            measure_attention(length, dropout)


if __name__ == "__main__":
    main()
