"""Runs NAB's optimizer and scorer on the results of a detector, and prints the normalized scores as one line of JSON.

Thresholds are chosen by NAB's own rule, over all files. The scores of parts of the files are those at these thresholds.
"""

import json
import os
import sys

import pandas
from nab.runner import Runner

TRAINING = ("realAWSCloudwatch", "artificialWithAnomaly")


def main(nab, results):
    thresholds = os.path.join(results, "thresholds.json")
    with open(thresholds, "w") as file:
        file.write("{}")
    labels = os.path.join(nab, "labels", "combined_windows.json")
    profiles = os.path.join(nab, "config", "profiles.json")
    runner = Runner(os.path.join(nab, "data"), results, labels, profiles, thresholds, 2)
    runner.initialize()
    found = runner.optimize(["sluice"])
    runner.score(["sluice"], found)
    with open(labels) as file:
        windows = json.load(file)
    figures = {}
    for name, profile in runner.profiles.items():
        costs = profile["CostMatrix"]
        own = scores_of(results, "sluice", name)
        null = scores_of(results, "null", name)
        parts = {
            "all": lambda path: True,
            "training": lambda path: path.split("/")[0] in TRAINING,
            "others": lambda path: path.split("/")[0] not in TRAINING,
        }
        figures[name] = {
            part: round(normalized(own, null, windows, costs["tpWeight"], chosen), 2)
            for part, chosen in parts.items()
        }
        figures[name]["threshold"] = round(found["sluice"][name]["threshold"], 4)
    print("\n" + json.dumps(figures))


def scores_of(results, detector, profile):
    table = pandas.read_csv(os.path.join(results, detector, "%s_%s_scores.csv" % (detector, profile)))
    return table[table["File"].notna()].set_index("File")["Score"]


def normalized(own, null, windows, weight, chosen):
    """NAB's normalization (Runner.normalize), over the chosen files."""
    files = [path for path in own.index if chosen(path)]
    base = null[files].sum()
    perfect = sum(len(windows[path]) for path in files) * weight
    return 100 * (own[files].sum() - base) / (perfect - base)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
