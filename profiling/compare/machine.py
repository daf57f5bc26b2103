"""What a recorded figure must say of the machine it was measured on."""
import os
import pathlib
import platform
import re
import subprocess


def cpu_model():
    info = pathlib.Path("/proc/cpuinfo")
    match = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE) if info.exists() else None
    return match.group(1).strip() if match else platform.processor() or platform.machine()


def cores():
    return len(os.sched_getaffinity(0))


def hardware_name():
    """For file names: amd-epyc-2-cores."""
    return re.sub(r"[^a-z0-9]+", "-", f"{cpu_model()} {cores()} cores".lower()).strip("-")


def vector_instructions():
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    return [name for name in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "asimd") if name in flags]


def revision():
    """The commit, with a plus where the tree differs from it."""
    answer = subprocess.run(["git", "describe", "--always", "--dirty=+"], capture_output=True, text=True)
    return answer.stdout.strip() or "unknown"


def describe():
    return {
        "cpu": cpu_model(),
        "cores": cores(),
        "instructions": vector_instructions(),
        "kernel": platform.release(),
        "load_average": os.getloadavg()[0],  # of others too: near 0 on a quiet machine before the measurement
    }
