#!/usr/bin/env python3
"""What machine figures of a GPU are from: one JSON object. What cannot be known is left out.

  gpu_machine.py [LIBRARY...]    the libraries that Cloze loads: their versions
"""
import ctypes
import json
import os
import platform
import subprocess
import sys

VERSIONS = {"libcublasLt": "cublasLtGetVersion", "libcudnn": "cudnnGetVersion"}  # () -> size_t
STORED_VERSIONS = {"libnccl": "ncclGetVersion", "libcupti": "cuptiGetVersion"}  # (int*)


def known(action):
    """None where anything is missing: a machine without some part is described all the same."""
    try:
        return action()
    except Exception:
        return None


def gpu():
    names = ("name", "driver_version", "memory.total", "clocks.max.sm", "clocks.max.memory", "power.limit", "compute_mode", "mig.mode.current")
    query = ["nvidia-smi", "--query-gpu=" + ",".join(names), "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)
    return dict(zip(names, map(str.strip, answer.stdout.splitlines()[0].split(","))))


def version(path):
    library = ctypes.CDLL(path)
    name = os.path.basename(path).split(".so")[0]
    if name in STORED_VERSIONS:
        number = ctypes.c_int()
        getattr(library, STORED_VERSIONS[name])(ctypes.byref(number))
        return number.value
    function = getattr(library, VERSIONS[name])
    function.restype = ctypes.c_size_t
    return function()


def version_elsewhere(path):
    """In a process of its own: libraries of several versions do not always bear each other."""
    answer = subprocess.run([sys.executable, __file__, "--version", path], capture_output=True, text=True, timeout=20, check=True)
    return int(answer.stdout)


def libraries(paths):
    return {path: known(lambda: version_elsewhere(path)) for path in paths}


def pytorch():
    import torch
    described = {"torch": torch.__version__, "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version(),
                 "nccl": known(lambda: ".".join(map(str, torch.cuda.nccl.version()))),
                 "transformers": known(lambda: __import__("transformers").__version__)}
    properties = known(lambda: torch.cuda.get_device_properties(0))
    if properties is not None:
        described |= {"multiprocessors": properties.multi_processor_count, "cache_bytes": getattr(properties, "L2_cache_size", None)}
    return described


def main():
    if sys.argv[1:2] == ["--version"]:
        print(version(sys.argv[2]))
        return
    described = {"part": "machine", "gpu": known(gpu), "libraries_of_cloze": libraries(sys.argv[1:]), "pytorch": known(pytorch),
                 "system": platform.platform(), "cores": len(os.sched_getaffinity(0))}
    print(json.dumps({key: value for key, value in described.items() if value}))


if __name__ == "__main__":
    main()
