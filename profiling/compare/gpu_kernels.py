#!/usr/bin/env python3
"""PyTorch's rates of the operations of cloze_gpu_bench, on one GPU: one JSON object a line.

  gpu_kernels.py [--tokens 8192] [--seconds 0.25]

The same shapes, bf16, the median of the runs of a quarter of a second. Attention as PyTorch chooses it, and by each of its libraries
("forward 128 by cuDNN"), of which the quickest is the yardstick. FP8 products (e4m3, scales for whole tensors) say what such training
could win. What PyTorch cannot do here is named on standard error. --device cpu tries the script itself where there is no GPU.
"""
import argparse
import contextlib
import json
import statistics
import sys
import time

try:
    import torch
    from torch.nn import functional
    from torch.nn.attention import SDPBackend, sdpa_kernel
except ImportError:
    sys.exit("nothing to compare with: PyTorch 2.3 or later is not installed")

HIDDEN, INTERMEDIATE, HEADS = 768, 3072, 12
LAYERS = ((2304, 768), (768, 768), (3072, 768), (768, 3072),  # [out, in] of BERT-base, then of BERT-large
          (3072, 1024), (1024, 1024), (4096, 1024), (1024, 4096))
LIBRARIES = {"PyTorch's choice": None, "cuDNN": SDPBackend.CUDNN_ATTENTION, "flash attention": SDPBackend.FLASH_ATTENTION,
             "efficient attention": SDPBackend.EFFICIENT_ATTENTION}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tokens", type=int, default=8192)
    parser.add_argument("--seconds", type=float, default=0.25)
    return parser.parse_args()


class Rates:
    def __init__(self, arguments):
        self.device, self.tokens, self.seconds = arguments.device, arguments.tokens, arguments.seconds

    def tensor(self, *shape, gradient=False):
        return torch.randn(shape, device=self.device, dtype=torch.bfloat16, requires_grad=gradient)

    def once(self, action):
        """Milliseconds."""
        if self.device != "cuda":
            begin = time.perf_counter()
            action()
            return 1e3 * (time.perf_counter() - begin)
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        action()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end)

    def measure(self, part, name, action, flops=0.0, moved=0.0):
        for _ in range(3):
            action()
        times = []
        while sum(times) < 1e3 * self.seconds or len(times) < 5:
            times.append(self.once(action))
        milliseconds = statistics.median(times)
        line = {"part": part, "name": name, "milliseconds": milliseconds, "runs": len(times)}
        if flops:
            line["flops_per_second"] = flops / milliseconds * 1e3
        if moved:
            line["bytes_per_second"] = moved / milliseconds * 1e3
        print(json.dumps(line), flush=True)

    def copy(self):
        elements = 1 << 28 if self.device == "cuda" else 1 << 22
        source, target = (torch.empty(elements, device=self.device) for _ in range(2))
        self.measure("ceilings", "copy", lambda: target.copy_(source), moved=8.0 * elements)

    def linear(self, rows, out, inner):
        x, weight, bias = self.tensor(rows, inner), self.tensor(out, inner), self.tensor(out)
        flops, shape = 2.0 * rows * out * inner, f"{rows}x{out}x{inner}"
        self.measure("ceilings", "linear " + shape, lambda: functional.linear(x, weight), flops)
        self.measure("ceilings", "linear with bias " + shape, lambda: functional.linear(x, weight, bias), flops)

    def linear_fp8(self, rows, out, inner):
        one = torch.ones((), device=self.device)
        x, weight = (self.tensor(*shape).to(torch.float8_e4m3fn) for shape in ((rows, inner), (out, inner)))
        bias, flops, shape = self.tensor(out), 2.0 * rows * out * inner, f"{rows}x{out}x{inner}"

        def product(bias=None):
            return torch._scaled_mm(x, weight.t(), scale_a=one, scale_b=one, bias=bias, out_dtype=torch.bfloat16)

        self.measure("ceilings", "linear in FP8 " + shape, product, flops)
        self.measure("ceilings", "linear with bias in FP8 " + shape, lambda: product(bias), flops)

    def attention(self, length, dropout, library):
        shape = (self.tokens // length, HEADS, length, HIDDEN // HEADS)
        query, key, value = (self.tensor(*shape, gradient=True) for _ in range(3))
        upper = self.tensor(*shape)
        product = 2.0 * self.tokens * length * HIDDEN
        backend = LIBRARIES[library]

        def attend():
            with contextlib.nullcontext() if backend is None else sdpa_kernel(backend):
                return functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout)

        name = f"{length}" + (" with dropout" if dropout else "") + ("" if backend is None else f" by {library}")
        self.measure("attention", "forward " + name, attend, 2 * product)
        output = attend()
        self.measure("attention", "backward " + name,
                     lambda: torch.autograd.grad(output, (query, key, value), upper, retain_graph=True), 4 * product)

    def rows(self):
        x, residual = self.tensor(self.tokens, HIDDEN, gradient=True), self.tensor(self.tokens, HIDDEN)
        gamma, beta, bias = (self.tensor(HIDDEN, gradient=True) for _ in range(3))
        upper = self.tensor(self.tokens, HIDDEN)

        @torch.compile
        def layer_norm(x):
            return functional.layer_norm(functional.dropout(x + bias, 0.1) + residual, (HIDDEN,), gamma, beta)

        self.measure("rows", "layer norm forward", lambda: layer_norm(x), moved=8.0 * self.tokens * HIDDEN)
        output = layer_norm(x)
        self.measure("rows", "layer norm backward",
                     lambda: torch.autograd.grad(output, (x, gamma, beta, bias), upper, retain_graph=True),
                     moved=8.0 * self.tokens * HIDDEN)
        wide, wide_bias = self.tensor(self.tokens, INTERMEDIATE, gradient=True), self.tensor(INTERMEDIATE, gradient=True)
        wide_upper = self.tensor(self.tokens, INTERMEDIATE)
        gelu = torch.compile(lambda x: functional.gelu(x + wide_bias, approximate="tanh"))
        self.measure("rows", "bias and gelu forward", lambda: gelu(wide), moved=4.0 * self.tokens * INTERMEDIATE)
        activated = gelu(wide)
        self.measure("rows", "bias and gelu backward",
                     lambda: torch.autograd.grad(activated, (wide, wide_bias), wide_upper, retain_graph=True),
                     moved=6.0 * self.tokens * INTERMEDIATE)


def attempt(what, action):
    """What one library cannot do must not cost the figures of the others."""
    try:
        action()
    except Exception as error:  # PyTorch raises RuntimeError, NotImplementedError and others
        print(f"not measured: {what}: {str(error).splitlines()[0] if str(error) else type(error).__name__}", file=sys.stderr)


def main():
    arguments = parse_arguments()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        sys.exit("no GPU to measure: PyTorch sees none")
    rates = Rates(arguments)
    rates.copy()
    shapes = [(arguments.tokens, 8192, 8192), *((arguments.tokens, *layer) for layer in LAYERS), (1280, 30592, HIDDEN)]
    for shape in shapes:
        rates.linear(*shape)
    for shape in shapes:
        attempt(f"FP8 {shape}", lambda: rates.linear_fp8(*shape))
    for length in (128, 512):
        for dropout in (0.0, 0.1):
            for library in LIBRARIES:
                attempt(f"attention, {length}, dropout {dropout}, {library}", lambda: rates.attention(length, dropout, library))
    attempt("rows", rates.rows)


if __name__ == "__main__":
    main()
