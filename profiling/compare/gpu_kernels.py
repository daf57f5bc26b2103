#!/usr/bin/env python3
"""PyTorch's rates of the operations of cloze_gpu_bench, on one GPU: one JSON object a line.

  gpu_kernels.py copy|products|rows|attention... [--tokens N]

The same shapes in bf16. Attention by each of PyTorch's libraries, of which the quickest is the yardstick. FP8 products (e4m3, scales
for whole tensors) say what such training could win. --device cpu tries the script itself where there is no GPU.
"""
import argparse
import contextlib
import sys

try:
    import torch
    from torch.nn import functional
    from torch.nn.attention import SDPBackend, sdpa_kernel
except ImportError:
    sys.exit("nothing to compare with: PyTorch 2.3 or later is not installed")

from gpu_rates import Rates

HEADS, HEAD_SIZE = 16, 64
LAYERS = ((3072, 1024), (1024, 1024), (4096, 1024), (1024, 4096),  # [out, in] of BERT-large, then of BERT-base
          (2304, 768), (768, 768), (3072, 768), (768, 3072))
VOCABULARY, PADDED_VOCABULARY = 30522, 30592
LIBRARIES = {"PyTorch": None, "PyTorch, cuDNN": SDPBackend.CUDNN_ATTENTION, "PyTorch, flash": SDPBackend.FLASH_ATTENTION,
             "PyTorch, efficient": SDPBackend.EFFICIENT_ATTENTION}


def copy(rates, tokens):
    elements = 1 << 29 if rates.device == "cuda" else 1 << 22
    source, target = (torch.randn(elements, device=rates.device) for _ in range(2))
    rates.measure("ceilings", "copy", lambda: target.copy_(source), moved=8.0 * elements)
    rates.measure("ceilings", "copy by a kernel", lambda: torch.mul(source, 1.5, out=target), moved=8.0 * elements)
    del source, target
    side = 8192 if rates.device == "cuda" else 512
    linear(rates, 8192 if rates.device == "cuda" else 512, side, side)


def linear(rates, rows, out, inner):
    x, weight, bias, upper = (rates.tensor(*shape) for shape in ((rows, inner), (out, inner), (out,), (rows, out)))
    flops, shape = 2.0 * rows * out * inner, f" {rows}x{out}x{inner}"
    with torch.no_grad():
        for key, action in (("linear", lambda: functional.linear(x, weight)),
                            ("linear with bias", lambda: functional.linear(x, weight, bias)),
                            ("input gradient", lambda: upper @ weight), ("weight gradient", lambda: upper.t() @ x)):
            rates.measure("products", key + shape, action, flops=flops)


def linear_fp8(rates, rows, out, inner):
    one = torch.ones((), device=rates.device)
    x, weight = (rates.tensor(*shape).to(torch.float8_e4m3fn) for shape in ((rows, inner), (out, inner)))
    bias, flops, shape = rates.tensor(out), 2.0 * rows * out * inner, f" {rows}x{out}x{inner}"
    for output in (torch.bfloat16, torch.float32, torch.float8_e4m3fn):
        for fast in (True, False):
            for with_bias in ((False, True) if output == torch.bfloat16 else (False,)):
                by = f'{str(output).split(".")[1]} output{", fast sums" if fast else ""}{", bias" if with_bias else ""}'
                more = {"scale_result": one} if output == torch.float8_e4m3fn else {}
                rates.measure("fp8", "linear in FP8" + shape, lambda: torch._scaled_mm(
                    x, weight.t(), scale_a=one, scale_b=one, bias=bias if with_bias else None, out_dtype=output,
                    use_fast_accum=fast, **more), by=by, flops=flops)


def products(rates, tokens):
    for layer in LAYERS:
        linear(rates, tokens, *layer)
    linear(rates, tokens * 15 // 100, PADDED_VOCABULARY, 1024)
    for layer in LAYERS[:4]:
        rates.attempt("fp8", f"linear in FP8 {layer}", "PyTorch", lambda: linear_fp8(rates, tokens, *layer))


def attend(rates, tokens, length, dropout, by):
    hidden = HEADS * HEAD_SIZE
    shape = (tokens // length, HEADS, length, HEAD_SIZE)
    query, key, value = (rates.tensor(*shape, gradient=True) for _ in range(3))
    upper, product = rates.tensor(*shape), 2.0 * tokens * length * hidden

    def forward():
        return functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout)

    name = f"{length}" + (" with dropout" if dropout else "")
    with contextlib.nullcontext() if LIBRARIES[by] is None else sdpa_kernel(LIBRARIES[by]):
        if not rates.measure("attention", "forward " + name, forward, by, 2 * product):
            return
        output = forward()
        rates.measure("attention", "backward " + name,
                      lambda: torch.autograd.grad(output, (query, key, value), upper, retain_graph=True), by, 4 * product)


def attention(rates, tokens):
    for length in (128, 512):
        for dropout in (0.1, 0.0):
            for by in LIBRARIES:
                rates.attempt("attention", f"{length}", by, lambda: attend(rates, tokens, length, dropout, by))


def both_ways(rates, name, suffix, action, inputs, upper, moved):
    """`action` under torch.compile, and its gradients."""
    torch._dynamo.reset()
    compiled = torch.compile(action, dynamic=False)
    if not rates.measure("rows", f"{name} forward{suffix}", compiled, moved=moved[0]):
        return
    output = compiled()
    rates.measure("rows", f"{name} backward{suffix}",
                  lambda: torch.autograd.grad(output, inputs, upper, retain_graph=True), moved=moved[1])


def layer_norm(rates, tokens, hidden):
    x, residual = (rates.tensor(tokens, hidden, gradient=True) for _ in range(2))
    upper = rates.tensor(tokens, hidden)
    gamma, beta, bias = (rates.tensor(hidden, gradient=True) for _ in range(3))
    moved = 8.0 * tokens * hidden
    both_ways(rates, "layer norm", f" {hidden}",
              lambda: functional.layer_norm(functional.dropout(x + bias, 0.1) + residual, (hidden,), gamma, beta),
              (x, residual, gamma, beta, bias), upper, (moved, moved))


def gelu(rates, tokens):
    x, upper, bias = rates.tensor(tokens, 4096, gradient=True), rates.tensor(tokens, 4096), rates.tensor(4096, gradient=True)
    both_ways(rates, "bias and gelu", "", lambda: functional.gelu(x + bias, approximate="tanh"), (x, bias), upper,
              (4.0 * tokens * 4096, 6.0 * tokens * 4096))


def cross_entropy(rates, tokens):
    rows = tokens * 15 // 100
    logits, labels = rates.tensor(rows, VOCABULARY), torch.randint(VOCABULARY, (rows,), device=rates.device)
    torch._dynamo.reset()

    @torch.compile(dynamic=False)
    def both():
        gradient = torch.softmax(logits.float(), 1)
        loss = functional.cross_entropy(logits.float(), labels)
        gradient = gradient.scatter_add(1, labels[:, None], torch.full((rows, 1), -1.0, device=rates.device)) / rows
        return loss, gradient.to(torch.bfloat16)

    rates.measure("rows", "cross-entropy with its gradient", both, moved=4.0 * rows * PADDED_VOCABULARY)


def adamw(rates):
    elements = 110 << 20 if rates.device == "cuda" else 1 << 20
    weights = [torch.nn.Parameter(rates.tensor(1 << 20, dtype=torch.float32, deviation=0.02)) for _ in range(elements >> 20)]
    for weight in weights:
        weight.grad = rates.tensor(1 << 20, dtype=torch.float32, deviation=1e-4)
    optimizer = torch.optim.AdamW(weights, lr=1e-4, weight_decay=0.01, fused=True)
    # Without the copy in bf16 that ours writes too: 28 bytes a parameter instead of 30.
    rates.measure("rows", "adamw with a compute copy", optimizer.step, by="PyTorch, fused, no copy", moved=28.0 * elements)


def rows(rates, tokens):
    for hidden in (768, 1024):
        rates.attempt("rows", f"layer norm {hidden}", "PyTorch", lambda: layer_norm(rates, tokens, hidden))
    for name, action in (("bias and gelu", gelu), ("cross-entropy", cross_entropy)):
        rates.attempt("rows", name, "PyTorch", lambda: action(rates, tokens))
    rates.attempt("rows", "adamw", "PyTorch", lambda: adamw(rates))


# The operations and how many tokens those of cloze_gpu_bench have.
PARTS = {"copy": (copy, 0), "products": (products, 32768), "attention": (attention, 32768), "rows": (rows, 65536)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tokens", type=int, help="instead of those of cloze_gpu_bench")
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        sys.exit("no GPU to measure: PyTorch sees none")
    rates = Rates(arguments.device)
    for part in arguments.parts:
        action, tokens = PARTS[part]
        rates.attempt(part, part, "PyTorch", lambda: action(rates, arguments.tokens or tokens))


if __name__ == "__main__":
    main()
