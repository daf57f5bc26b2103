#!/usr/bin/env python3
"""Makes numbers.json: how Python prints and rounds numbers, for python_number_test.cpp.

A number is given by its bits in hexadecimal, so that the test does not depend on the reading of decimals:
  "repr"   [bits of a float64, repr(value)]
  "str"    [bits of a float32, str(numpy.float32)]
  "round"  [bits of a float64, bits of round(value, 6)]

Made with CPython 3.11 and numpy 1.26 (pip install numpy==1.26.4); numpy 2.4 writes a float32 of seven digits or more
before the point with an exponent.
"""

import json
import math
import random
import struct
from pathlib import Path

import numpy

RANDOM = random.Random(20261124)
EDGES = [0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 1 / 3, 2 / 3, 100.0, 123456789.0, 1e-4, 9.999e-5, 1e-5, 1.5e-5, 9.9999999e15,
         1e15, 1e16, 1.5e16, 9007199254740993.0, 123456789012345680.0, 1e22, 1e23, 5e-324, 2.2250738585072014e-308,
         1.7976931348623157e308, 0.0001, 0.00012345, 86.21570482497635, 92.20303265757434, math.pi, math.e, -5.5e-7,
         9.5, 99999.5, 2.0**-1074, 2.0**53, 2.0**100, 8.41, 4.35, 0.3, 0.1 + 0.2, float("inf"), float("-inf"),
         float("nan")]


def bits64(value):
    return struct.pack(">d", value).hex()


def bits32(value):
    return numpy.float32(value).tobytes()[::-1].hex()


def doubles():
    values = list(EDGES)
    for power in range(-20, 24):
        values += [10.0**power, math.nextafter(10.0**power, 0), math.nextafter(10.0**power, math.inf), 7 * 10.0**power]
    values += [RANDOM.gauss(0, 3) for _ in range(150)]
    values += [float(numpy.float32(RANDOM.gauss(0, 8))) for _ in range(150)]  # logits
    values += [RANDOM.random() * 10.0 ** RANDOM.randint(-12, 0) for _ in range(150)]  # probabilities
    values += [struct.unpack(">d", RANDOM.randbytes(8))[0] for _ in range(150)]
    return values


def singles():
    values = [numpy.float32(value) for value in EDGES if abs(value) < 3e38]
    values += [numpy.float32(numpy.inf), numpy.float32(-numpy.inf), numpy.float32(numpy.nan)]
    values += [numpy.float32(3.4028235e38), numpy.float32(1e-45), numpy.float32(1.1754944e-38), numpy.float32(16777217)]
    for power in range(-20, 24):
        ten = numpy.float32(10.0**power)
        values += [ten, numpy.nextafter(ten, numpy.float32(0)), numpy.nextafter(ten, numpy.float32(numpy.inf))]
    values += [numpy.float32(RANDOM.gauss(0, 8)) for _ in range(150)]
    values += [numpy.float32(RANDOM.random() * 10.0 ** RANDOM.randint(-12, 0)) for _ in range(150)]
    values += [numpy.frombuffer(RANDOM.randbytes(4), numpy.float32)[0] for _ in range(150)]
    return values


def to_round():
    values = [value for value in EDGES if math.isfinite(value)]
    values += [odd / 128 for odd in range(-15, 16, 2)]  # seven decimals, the last a 5: exact ties
    values += [2.5e-6, 3.5e-6, 0.0000005, -0.0000005, 1e-9, -1e-9, 1234567.8901234, 3e38]
    values += [float(numpy.float32(RANDOM.gauss(0, 1))) for _ in range(200)]
    values += [float(numpy.float32(RANDOM.gauss(0, 1) * 1e-5)) for _ in range(100)]
    return values


def lines(rows):
    return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]"


def main():
    tables = {"repr": [[bits64(value), repr(value)] for value in doubles()],
              "str": [[bits32(value), str(value)] for value in singles()],
              "round": [[bits64(value), bits64(round(value, 6))] for value in to_round()]}
    text = "{\n" + ",\n".join(f'"{name}": {lines(rows)}' for name, rows in tables.items()) + "\n}\n"
    (Path(__file__).parent / "numbers.json").write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
