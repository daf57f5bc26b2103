"""Timing of PyTorch's operations on a GPU as cloze_gpu_bench times ours: many calls between two events, behind enough other work
that the GPU never waits for Python. One JSON object a line; what fails is a line too."""
import json
import math
import statistics
import sys
import time

import torch

BUSY, ENOUGH, LEAST = 2.0, 150.0, 5  # milliseconds of a batch, of all batches; batches


class Rates:
    def __init__(self, device):
        self.device = device
        self.cycles_of_a_millisecond = self.calibrate() if device == "cuda" else 0

    def tensor(self, *shape, gradient=False, dtype=torch.bfloat16, deviation=1.0):
        values = torch.randn(shape, device=self.device, dtype=dtype) * deviation
        return values.requires_grad_(gradient)

    def calibrate(self):
        cycles = 20_000_000
        torch.cuda._sleep(1000)
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        torch.cuda._sleep(cycles)
        end.record()
        end.synchronize()
        return cycles / begin.elapsed_time(end)

    def batch(self, action, calls, asleep):
        """Milliseconds that the GPU takes for the calls, and Python to ask for them; the GPU sleeps meanwhile."""
        if self.device != "cuda":
            began = time.perf_counter()
            for _ in range(calls):
                action()
            passed = 1e3 * (time.perf_counter() - began)
            return passed, passed
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda._sleep(int(asleep * self.cycles_of_a_millisecond) + 1)
        begin.record()
        began = time.perf_counter()
        for _ in range(calls):
            action()
        asked = 1e3 * (time.perf_counter() - began)
        end.record()
        end.synchronize()
        return begin.elapsed_time(end), asked

    def measure(self, part, key, action, by="PyTorch", flops=0.0, moved=0.0):
        line = {"part": part, "key": key, "by": by}
        try:
            milliseconds, more = self.time(action)
        except Exception as error:  # PyTorch raises RuntimeError, NotImplementedError and others
            self.fail(line, error)
            return False
        line |= {"milliseconds": milliseconds} | more
        if flops:
            line["flops_per_second"] = flops / milliseconds * 1e3
        if moved:
            line["bytes_per_second"] = moved / milliseconds * 1e3
        print(json.dumps(line), flush=True)
        return True

    def time(self, action):
        few = 5
        for _ in range(3):
            action()
        # Twice: the first may still take memory. Python is slower than it was just now at times, so it gets twice its time.
        self.batch(action, few, 20.0)
        took, asked = self.batch(action, few, 20.0)
        calls = max(1, min(400, math.ceil(BUSY / max(took / few, 1e-6))))
        asleep = 2 * calls * asked / few + 0.2
        times, total, late = [], 0.0, 0
        while total < ENOUGH or len(times) < LEAST:
            took, asked = self.batch(action, calls, asleep)
            times.append(took)
            total, late = total + took, late + (asked > asleep)
        return statistics.median(times) / calls, {"batches": len(times), "calls": calls, "python_late": late}

    def fail(self, line, error):
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        print(json.dumps(line | {"failed": text}), flush=True)
        if "CUDA error" in text:
            sys.exit(f"the GPU is lost: {text}")

    def attempt(self, part, key, by, action):
        """What one library cannot do must not cost the figures of the others."""
        try:
            action()
        except Exception as error:
            self.fail({"part": part, "key": key, "by": by}, error)
