#!/usr/bin/env python3
"""Pretraining steps of Cloze and of Hugging Face's BERT under torch.compile, in turns on one GPU: one JSON object a line.

  gpu_steps.py --cloze cloze_gpu_bench --lengths gpu_mix_lengths.txt [--seconds 5] [--budget 240] [WORKLOAD...]

WORKLOAD: as cloze_gpu_bench names them (large-128, base-mix). Both train with AdamW over float32 weights and bf16 products, gradients
clipped at norm 1, dropout 0.1, 15 % of the tokens predicted. Cloze, peer, peer, Cloze: so many seconds of each in all. First every
workload with the peer as Hugging Face has it, then, as long as time is left, Cloze with cuDNN's attention, in FP8, and the peer's other forms:
logits of the masked tokens alone, and steps recorded as CUDA graphs. Lengths of a mix are padded to the longest of a batch for the peer. --device cpu with workloads of
the model `tiny` tries the script itself where there is no GPU.
"""
import argparse
import gc
import json
import pathlib
import subprocess
import sys
import time

try:
    import torch
    from gpu_peer import COMPILED, GRAPHS, MASKED, Peer
except ImportError as error:
    sys.exit(f"nothing to compare with: PyTorch or transformers is not installed ({error})")

TOKENS, MIXED_SEQUENCES = 32768, 128
OURS, OURS_BY_CUDNN, OURS_IN_FP8 = "cloze", "cloze, cuDNN", "cloze, FP8"
OPTIONS = {OURS: [], OURS_BY_CUDNN: ["--cudnn"], OURS_IN_FP8: ["--fp8"]}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cloze", help="cloze_gpu_bench; without it the peer is alone")
    parser.add_argument("--lengths", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--budget", type=float, default=240, help="seconds in all")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tokens", type=int, default=TOKENS, help="of a step of the peer, to try the script")
    parser.add_argument("workloads", nargs="*", default=["large-128", "large-512", "large-mix"])
    return parser.parse_args()


def say(workload, by, figures):
    print(json.dumps({"part": "steps", "key": workload, "by": by} | figures), flush=True)


class Cloze:
    """The program waits between its turns, its model on the GPU."""

    def __init__(self, program, workload, lengths, options):
        self.process = subprocess.Popen([program, "steps", workload, "--lengths", str(lengths), *options], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"cloze_gpu_bench ended with {self.process.wait()}")
        return json.loads(line)

    def train(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return {key: value for key, value in self.answer().items() if key not in ("part", "key", "by")}

    def close(self):
        try:
            self.process.stdin.close()
            self.process.wait(timeout=30)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()


class Turns:
    def __init__(self, arguments):
        self.arguments, self.began, self.failed, self.longest = arguments, time.monotonic(), False, 60.0

    def left(self):
        return self.arguments.budget - (time.monotonic() - self.began)

    def lengths_of_batches(self, kind, share):
        if kind != "mix":
            return [[int(kind)] * max(1, self.arguments.tokens // int(kind) // share)]
        stated = [int(word) for word in self.arguments.lengths.read_text().split()]
        count = max(4, MIXED_SEQUENCES * self.arguments.tokens // TOKENS // share)
        return [stated[first:first + count] for first in range(0, len(stated) - count + 1, count)][:8]

    def peer(self, workload, by):
        """Ready to be measured; with smaller batches where memory is short, which is said."""
        size, kind = workload.split("-")
        for share in (1, 2, 4):
            try:
                peer = Peer(size, by, self.lengths_of_batches(kind, share), self.arguments.device)
                return peer, {"seconds_to_compile": peer.warm_up()}
            except torch.OutOfMemoryError:
                print(f"{workload}, {by}: not enough memory for 1/{share} of the batch", file=sys.stderr)
            self.forget()
        raise RuntimeError("there is not enough memory")

    @staticmethod
    def forget():
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def turn(self, workload, by, trained, more=None):
        try:
            say(workload, by, trained(self.arguments.seconds / 2) | (more or {}))
        except Exception as error:
            self.fail(workload, by, error)

    def fail(self, workload, by, error):
        self.failed = True
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        say(workload, by, {"failed": text})

    def start_cloze(self, workload, by):
        if self.arguments.cloze is None:
            return None
        try:
            return Cloze(self.arguments.cloze, workload, self.arguments.lengths, OPTIONS[by])
        except (OSError, RuntimeError) as error:
            self.fail(workload, by, error)
            return None

    def take_peer(self, workload, by):
        try:
            peer, more = self.peer(workload, by)
            for _ in range(2):
                self.turn(workload, by, peer.train, more)
        except Exception as error:
            self.fail(workload, by, error)

    def take(self, workload, by):
        """Cloze, peer, peer, Cloze; other forms of either alone."""
        began = time.monotonic()
        ours = OURS if by == COMPILED else by
        cloze = self.start_cloze(workload, ours) if ours in OPTIONS else None
        if cloze is not None:
            self.turn(workload, ours, cloze.train)
        if by not in OPTIONS:
            self.take_peer(workload, by)
            self.longest = max(self.longest, time.monotonic() - began)
        if cloze is not None:
            self.turn(workload, ours, cloze.train)
            cloze.close()
        self.forget()

    def has_time_for(self, by):
        return self.left() > (40 if by in OPTIONS else self.longest)


def jobs(workloads):
    for by in (COMPILED, OURS_BY_CUDNN, OURS_IN_FP8, MASKED, GRAPHS):
        # A graph is of one shape, a mix has many.
        yield from ((workload, by) for workload in workloads if by != GRAPHS or not workload.endswith("mix"))


def main():
    arguments = parse_arguments()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        sys.exit("no GPU to measure: PyTorch sees none")
    turns = Turns(arguments)
    for workload, by in jobs(arguments.workloads):
        if turns.has_time_for(by):
            turns.take(workload, by)
        else:
            say(workload, by, {"left_out": f"{turns.left():.0f} s left"})
    return 1 if turns.failed else 0


if __name__ == "__main__":
    sys.exit(main())
