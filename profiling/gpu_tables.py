"""results.md of profiling/gpu_run.sh."""
from gpu_figures import PEERS_OF_STEPS, Figures, requirements


def table(titles, rows):
    rows = [[str(cell).replace("|", "/") for cell in row] for row in rows]
    if not rows:
        return ""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def section(title, text):
    return f"\n## {title}\n\n{text}" if text else ""


def tera(value):
    return f"{value / 1e12:.0f}"


def share(value, whole):
    return f"{value / whole:.0%}" if value and whole else ""


def beside(line, peer):
    """Its time, the peer's, and how many times as long the peer takes."""
    return [f'{line["milliseconds"]:.3f}', f'{peer["milliseconds"]:.3f}' if peer else "",
            f'{peer["milliseconds"] / line["milliseconds"]:.2f}' if peer else ""]


def ceilings(figures):
    return table(["ceiling", "by", "ms", "TB/s or TFLOP/s"],
                 [[line["key"], line["by"], f'{line["milliseconds"]:.3f}',
                   f'{line["bytes_per_second"] / 1e12:.2f}' if "bytes_per_second" in line else tera(line["flops_per_second"])]
                  for line in figures.lines if (line.get("part") == "ceilings" and "bytes_per_second" in line) or line["key"].endswith(" 8192x8192x8192")])


def row_kernels(figures):
    return table(["operation", "ms", "PyTorch, ms", "PyTorch / Cloze", "share of copy"],
                 [[line["key"], *beside(line, figures.quickest_peer("rows", line["key"])), share(line.get("bytes_per_second"), figures.copy)]
                  for line in figures.ours("rows")])


def attention(figures):
    rows = []
    for name in dict.fromkeys(line["key"].split(" ", 1)[1] for line in figures.of("attention")):
        for by, (forward, backward) in figures.attention(name).items():
            ratio = figures.ratio_of_attention(name, by) if by.startswith("cloze") else None
            rows.append([name, by, f"{forward:.3f}", f"{backward:.3f}", f"{forward + backward:.3f}", f"{ratio:.2f}" if ratio else ""])
    return table(["attention", "by", "forward, ms", "backward, ms", "both, ms", "quickest peer / this"], rows)


def products(figures):
    return table(["product, rows x out x in", "ms", "PyTorch, ms", "PyTorch / Cloze", "TFLOP/s", "of the best", "the library fused it"],
                 [[line["key"], *beside(line, figures.quickest_peer("products", line["key"])), tera(line["flops_per_second"]),
                   share(line["flops_per_second"], figures.product), {True: "yes", False: "no"}.get(line.get("fused"), "")]
                  for line in figures.ours("products")])


def fp8(figures):
    return table(["FP8 product", "by, form", "ms", "TFLOP/s", "of the best in bf16"],
                 [[line["key"], line["by"], f'{line["milliseconds"]:.3f}', tera(line["flops_per_second"]),
                   share(line["flops_per_second"], figures.product)] for line in figures.of("fp8")])


def steps(figures):
    rows = []
    for (workload, by), line in figures.steps().items():
        ratio = figures.ratio_of_steps(workload) if by == "cloze" else figures.ratio_of_steps(workload, (by,))
        rows.append([workload, by, f'{line["milliseconds"]:.1f}', f'{line["tokens_of_a_step"]:.0f}', f'{line["tokens_per_second"]:.0f}',
                     f'{line["least"]:.0f} to {line["most"]:.0f}', tera(line["flops_per_second"]), f"{ratio:.2f}" if ratio else ""])
    note = f"Cloze's own line: against the better of {' and '.join(PEERS_OF_STEPS)}.\n\n" if rows else ""
    return note + table(["training steps", "by", "ms", "tokens a step", "tokens/s", "rounds", "useful TFLOP/s", "Cloze / this"], rows)


def other_line(line):
    if "timing" in line:
        return (f'{line["key"]} ({line["timing"]}): launches {1e3 * line["launch_seconds"]:.3f} ms of a step of '
                f'{1e3 * line["step_seconds"]:.3f}, without timing {1e3 * line["step_seconds_without_timing"]:.3f}')
    if "resumed_bit_for_bit" in line:
        return (f'{line["key"]}: {line["steps"]} steps, losses within {line["largest_relative_difference"]:.1e} of the CPU\'s '
                f'({line["allowed"]:.0e} allowed), resumed {"" if line["resumed_bit_for_bit"] else "NOT "}bit for bit')
    if "curve" in line:
        return (f'{line["key"]}: {line["steps"]} steps, loss {line["first_loss"]:.3f} to {line["last_loss"]:.3f}, '
                f'{line["tokens_per_second"]:.0f} tokens/s; the curve is in results.json')
    return ""


def failures(figures):
    return table(["part", "what", "by", "why it has no figure"],
                 [[line.get("part", ""), line["key"], line.get("by", ""), line.get("failed", line.get("left_out"))] for line in figures.failed])


def runs(figures):
    rows = []
    for part in figures.parts:
        clocks, tests = part.get("clocks", {}), part.get("tests")
        said = f'{tests["passed"]} tests pass' + "".join(f", {name} fails" for name in tests["failed"]) if tests else ""
        said += f', {len(tests["skipped"])} skipped' if tests and tests["skipped"] else ""
        rows.append([part["name"], part["verdict"], part["seconds"], said,
                     f'{clocks["sm_mhz"]:.0f} MHz, {clocks["watts"]:.0f} W' if clocks else ""])
    return table(["run", "verdict", "seconds", "tests", "median clock and power"], rows)


def machine(described):
    gpu, torch = described.get("gpu", {}), described.get("pytorch", {})
    libraries = ", ".join(f'{path.rsplit("/", 1)[1]} {version}' for path, version in described.get("libraries_of_cloze", {}).items())
    return (f'{gpu.get("name", "no GPU")}, driver {gpu.get("driver_version", "?")}; Cloze loads {libraries or "what the loader finds"}; '
            f'PyTorch {torch.get("torch", "?")}, CUDA {torch.get("cuda", "?")}, cuDNN {torch.get("cudnn", "?")}, '
            f'transformers {torch.get("transformers", "?")}\n')


def guarded(make, figures):
    """A line of another form must not cost the other tables."""
    try:
        return make(figures)
    except Exception as error:
        return f"this table could not be made: {error!r}\n"


def markdown(results):
    figures = Figures(results)
    text = f'# GPU, {results["date"]}, revision {results["revision"]}\n\n' + guarded(machine, results["machine"])
    text += section("What is asked for", guarded(lambda all: table(["what", "target", "measured", "verdict"], requirements(all)), figures))
    for title, make in (("Ceilings", ceilings), ("Kernels as quick as memory", row_kernels), ("Attention", attention),
                        ("Training steps", steps), ("Products", products), ("FP8", fp8), ("No figure", failures), ("Runs", runs)):
        text += section(title, guarded(make, figures))
        if title == "Training steps":
            text += "".join(f"\n{line}\n" for line in (guarded(other_line, one) for one in figures.others) if line)
    return text if figures.lines or figures.others else text + "\nNothing was measured.\n"
