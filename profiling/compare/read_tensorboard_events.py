"""Reads a run's event files with TensorBoard and compares every scalar with the run's metrics.jsonl.

    python read_tensorboard_events.py RUN_FOLDER

Prints how many values agree; exits with 1 where one is missing, superfluous or differs.
"""
import argparse
import json
import pathlib
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def as_float32(value):
    return struct.unpack("f", struct.pack("f", float("nan") if value is None else value))[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=pathlib.Path)
    run = parser.parse_args().run

    wanted = {}
    for line in (run / "metrics.jsonl").read_text().splitlines():
        record = json.loads(line)
        step, split = record.pop("step"), record.pop("split")
        record.pop("time")
        wanted |= {(f"{split}/{name}", step): as_float32(value) for name, value in record.items()}

    events = EventAccumulator(str(run), size_guidance={"scalars": 0})
    events.Reload()
    print(f"file_version: {events.file_version}")
    found = {(tag, event.step): event.value for tag in events.Tags()["scalars"] for event in events.Scalars(tag)}

    wrong = [key for key in wanted.keys() | found.keys()
             if key not in wanted or key not in found or str(wanted[key]) != str(as_float32(found[key]))]
    for key in sorted(wrong)[:10]:
        print(f"differs: {key}: metrics.jsonl {wanted.get(key)}, TensorBoard {found.get(key)}")
    print(f"{len(wanted) - len(wrong)} of {len(wanted)} values agree")
    sys.exit(1 if wrong or not wanted else 0)


if __name__ == "__main__":
    main()
