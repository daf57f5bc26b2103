"""Figures of profiling/gpu_run.sh, found by what they are of, and what they must reach (profiling/gpu-checklist.md)."""

# Of the steps, what Hugging Face's model does by itself; a changed model stands beside it in the table only.
PEERS_OF_STEPS = ("transformers", "transformers, CUDA graphs")
LENGTHS = (128, 512)
UNDONE = ("cannot", "left out", "running")  # verdicts of runs that say nothing
SHARE_OF_COPY, OF_ATTENTION, USEFUL_FLOPS, OF_RECTANGLES, OF_MIX = 0.85, 0.8, 500e12, 1.3, 2.0


# What a line of a part must hold besides the time; others than these are passed over.
NUMBERS = {"steps": ("seconds", "tokens_of_a_step", "tokens_per_second", "flops_per_second"), "products": ("flops_per_second",),
           "fp8": ("flops_per_second",)}


def is_whole(line):
    numbers = ("milliseconds", *NUMBERS.get(line.get("part"), ()))
    return isinstance(line.get("by"), str) and all(isinstance(line.get(name), (int, float)) and line[name] > 0 for name in numbers)


class Figures:
    def __init__(self, results):
        self.parts = results["parts"]
        lines = [line for several in results["measured"].values() for line in several if isinstance(line.get("key"), str)]
        self.failed = [line for line in lines if "failed" in line or "left_out" in line]
        self.lines = [line for line in lines if is_whole(line)]
        self.others = [line for line in lines if line not in self.failed and "milliseconds" not in line]
        self.copy = self.most("bytes_per_second", "ceilings")
        self.product = self.most("flops_per_second", "products")

    def most(self, unit, part):
        """The better of both sides."""
        return max((line.get(unit, 0) for line in self.lines if line.get("part") == part), default=0)

    def of(self, part):
        return [line for line in self.lines if line.get("part") == part]

    def ours(self, part):
        return [line for line in self.of(part) if line["by"].startswith("cloze")]

    def peers(self, part, key):
        return [line for line in self.of(part) if line["key"] == key and not line["by"].startswith("cloze")]

    def quickest_peer(self, part, key):
        return min(self.peers(part, key), key=lambda line: line["milliseconds"], default=None)

    def attention(self, name):
        """By whom: milliseconds of forward and of backward. Whoever does only one of them is not compared."""
        ways = [{line["by"]: line for line in self.of("attention") if line["key"] == f"{way} {name}"} for way in ("forward", "backward")]
        return {by: (ways[0][by]["milliseconds"], ways[1][by]["milliseconds"]) for by in ways[0] if by in ways[1]}

    def ratio_of_attention(self, name, by="cloze"):
        """The quickest peer's forward and backward over ours: above 1 we are quicker. cuDNN is a peer, by whomever it is called."""
        sums = {who: sum(times) for who, times in self.attention(name).items()}
        others = [value for who, value in sums.items() if who != by and (not who.startswith("cloze") or who == "cloze, cuDNN")]
        return min(others) / sums[by] if others and by in sums else None

    def steps(self):
        """(workload, by): rounds put together."""
        rounds = {}
        for line in self.of("steps"):
            rounds.setdefault((line["key"], line["by"]), []).append(line)
        return {key: self.together(lines) for key, lines in rounds.items()}

    @staticmethod
    def together(lines):
        seconds = sum(line["seconds"] for line in lines)
        mean = {unit: sum(line[unit] * line["seconds"] for line in lines) / seconds for unit in ("tokens_per_second", "flops_per_second")}
        speeds = [line["tokens_per_second"] for line in lines]
        return lines[-1] | mean | {"seconds": seconds, "least": min(speeds), "most": max(speeds),
                                   "milliseconds": sum(line["milliseconds"] for line in lines) / len(lines)}

    def ratio_of_steps(self, workload, peers=PEERS_OF_STEPS):
        steps = self.steps()
        best = max((steps[workload, by]["tokens_per_second"] for by in peers if (workload, by) in steps), default=0)
        return steps[workload, "cloze"]["tokens_per_second"] / best if best and (workload, "cloze") in steps else None


def verdict(value, least):
    return "not measured" if value is None else "met" if value >= least else "missed"


def runs_verdict(figures, what, prefix):
    """All runs of a kind: (what, target, measured, verdict)."""
    parts = [part for part in figures.parts if part["name"].startswith(prefix)]
    others = [part for part in parts if part["verdict"] != "passed"]
    if not parts or all(part["verdict"].startswith(UNDONE) for part in parts):
        return what, "passes", "; ".join(sorted({part["verdict"] for part in parts})), "not measured"
    measured = f"{len(parts) - len(others)} of {len(parts)}"
    if others:
        measured += ": " + ", ".join(f'{part["name"]} {part["verdict"]}' for part in others)
    bad = [part for part in others if not part["verdict"].startswith(UNDONE)]
    return what, "passes", measured, "missed" if bad else "not measured" if others else "met"


def shares(figures):
    for key in ("layer norm forward 768", "layer norm backward 768", "layer norm forward 1024", "layer norm backward 1024",
                "cross-entropy with its gradient", "bias and gelu forward", "bias and gelu backward", "adamw with a compute copy",
                "lamb with a compute copy"):
        line = next((line for line in figures.ours("rows") if line["key"] == key), None)
        value = line["bytes_per_second"] / figures.copy if line and figures.copy and "bytes_per_second" in line else None
        yield key, f"at least {SHARE_OF_COPY:.0%} of copy", "" if value is None else f"{value:.0%}", verdict(value, SHARE_OF_COPY)


def requirements(figures):
    """Rows of (what, target, measured, verdict)."""
    yield runs_verdict(figures, "kernels and steps against float64, suite by suite", "tests")
    replay = next((part["name"] for part in figures.parts if part["name"].startswith("tests") and "CudaReplay" in part["name"]), "tests-Tasks-CudaReplay")
    yield runs_verdict(figures, "a replayed step has the bits of an ordinary one", replay)
    for check in ("memcheck", "racecheck", "initcheck"):
        yield runs_verdict(figures, f"compute-sanitizer {check}", f"sanitizer-{check}")
    yield runs_verdict(figures, "`cloze pretrain` and `profile` on the GPU beside the CPU", "runs")
    yield from shares(figures)
    for length in LENGTHS:
        value = figures.ratio_of_attention(f"{length} with dropout")
        yield (f"attention, {length}, dropout, forward and backward", f"at least {OF_ATTENTION} of the better of cuDNN and PyTorch",
               "" if value is None else f"{value:.2f}", verdict(value, OF_ATTENTION))
    for length in LENGTHS:
        line = figures.steps().get((f"large-{length}", "cloze"))
        value = line["flops_per_second"] if line else None
        by_cudnn = figures.steps().get((f"large-{length}", "cloze, cuDNN"))
        more = f' ({by_cudnn["flops_per_second"] / 1e12:.0f} with attention by cuDNN)' if by_cudnn else ""
        yield (f"BERT-large, {length}", f"at least {USEFUL_FLOPS / 1e12:.0f} useful TFLOP/s",
               "" if value is None else f"{value / 1e12:.0f}{more}", verdict(value, USEFUL_FLOPS))
    for workload, least in (("large-128", OF_RECTANGLES), ("large-512", OF_RECTANGLES), ("large-mix", OF_MIX)):
        value = figures.ratio_of_steps(workload)
        yield (f"training steps, {workload}", f"at least {least} of Hugging Face with torch.compile",
               "" if value is None else f"{value:.2f}", verdict(value, least))
