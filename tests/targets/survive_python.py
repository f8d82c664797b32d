# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Uses a C++ extension module that throws: survive_python.py FOLDER-OF-THE-MODULE."""
import sys

sys.path.insert(0, sys.argv[1])
import survive_python  # noqa: E402


def divide_all(numbers):
    results = []
    for number in numbers:
        try:
            results.append(survive_python.translates(number, number % 4))
        except ZeroDivisionError as error:
            results.append(str(error))
    return results


def apply_all(numbers):
    results = []
    for number in numbers:
        try:
            results.append(survive_python.applies(lambda x: 60 / (x % 5), number))
        except RuntimeError as error:
            results.append(str(error))
    return results


for current in range(3):
    survive_python.begin_round(current)
    print(current, survive_python.averages([float(x % 6) for x in range(20)]))
    print(current, divide_all(range(12)))
    print(current, apply_all(range(12)))
    print(current, "checksum", survive_python.end_round())
try:
    survive_python.translates("no", "numbers")
except TypeError as reason:
    print(reason, file=sys.stderr)
survive_python.finish()
