# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What scipy and numpy say of two samples: a program for the Python that has them.

    python3 compare_oracle.py [RESAMPLES] < [[BASE, NEW], ...] > [{...}, ...]

With RESAMPLES, also the 95 % intervals of the changes by a bootstrap without any short cuts.
"""
import json
import sys
import warnings

import numpy
import scipy.stats

PERCENTS = (50, 90, 95, 99)


def values(sample):
    found = {f"p{p}": numpy.percentile(sample, p) for p in PERCENTS}
    return {"mean": numpy.mean(sample), "max": max(sample), **found}


def resample(sample, cnt, random):
    """The same metrics of cnt resamples, a few at a time for the sake of memory."""
    found = {name: [] for name in values(sample)}
    for _ in range(cnt // 100):
        drawn = random.choice(sample, (100, len(sample)))
        found["mean"].extend(numpy.mean(drawn, axis=1))
        for p in PERCENTS:
            found[f"p{p}"].extend(numpy.percentile(drawn, p, axis=1))
    return found


def intervals(base, new, cnt, random):
    base, new = resample(base, cnt, random), resample(new, cnt, random)
    return {name: [100 * (x - 1) for x in numpy.percentile(
        numpy.divide(new[name], base[name]), (2.5, 97.5))] for name in base if base[name]}


def look(base, new, cnt, random):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of samples without any difference
        test = scipy.stats.mannwhitneyu(new, base, alternative="two-sided", method="asymptotic",
                                        use_continuity=True)
    return {"base": values(base), "new": values(new), "p_value": float(test.pvalue),
            "longer": test.statistic / len(base) / len(new),
            "intervals": intervals(base, new, cnt, random)}


def main():
    cnt = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    random = numpy.random.default_rng(1)
    json.dump([look(base, new, cnt, random) for base, new in json.load(sys.stdin)], sys.stdout,
              default=float)


main()
