#!/usr/bin/env python3
"""Makes the goldens of metrics and result files.

  metrics.json    scores of random predictions by scikit-learn, scipy and seqeval
  results.json    lines of test_results.tsv and eval_results.txt as run_classifier.py writes them

pip install numpy==1.26.4 scipy==1.17.1 scikit-learn==1.9.1 seqeval==1.2.2, with which they were made.
"""

import json
import warnings
from pathlib import Path

import numpy as np
from scipy import stats
from seqeval import metrics as spans
from sklearn import metrics

FOLDER = Path(__file__).parent
warnings.filterwarnings("ignore")


def classes(generator):
    cases = []
    for number in (2, 2, 2, 3, 3, 5, 5, 9):
        examples = int(generator.integers(1, 60))
        right = generator.integers(0, number, examples)
        guess = np.where(generator.random(examples) < 0.6, right, generator.integers(0, number, examples))
        if len(cases) % 3 == 2:
            guess[:] = guess[0]  # all of one class
        macro = metrics.precision_recall_fscore_support(right, guess, average="macro", zero_division=0)
        one = metrics.precision_recall_fscore_support(right, guess, labels=[1], average=None, zero_division=0)
        cases.append({
            "classes": number, "right": right.tolist(), "predicted": guess.tolist(),
            "accuracy": metrics.accuracy_score(right, guess), "matthews": metrics.matthews_corrcoef(right, guess),
            "macro": [float(x) for x in macro[:3]], "class_1": [float(x[0]) for x in one[:3]],
            "confusion": metrics.confusion_matrix(right, guess, labels=range(number)).tolist()})
    return cases


def scores(generator):
    cases = []
    for count in (2, 3, 10, 50, 200):
        x = np.round(generator.random(count) * 5, 1)  # with ties
        y = np.round(x + generator.normal(0, 1, count), 2)
        cases.append({"x": x.tolist(), "y": y.tolist(), "pearson": float(stats.pearsonr(x, y).statistic),
                      "spearman": float(stats.spearmanr(x, y).statistic), "ranks": stats.rankdata(x).tolist(),
                      "mean_squared_error": float(metrics.mean_squared_error(x, y))})
    return cases


def taggings(generator):
    cases = []
    alphabets = [["O", "B-A", "I-A", "B-B", "I-B"], ["O", "I-A", "B-A", "I-B"], ["O", "B-A", "I-A", "E-A", "S-A", "S-B", "E-B"]]
    for alphabet in alphabets * 3:
        right, guess = [], []
        for _ in range(int(generator.integers(1, 8))):
            words = int(generator.integers(1, 15))
            tags = generator.choice(alphabet, words)
            right.append(tags.tolist())
            guess.append(np.where(generator.random(words) < 0.7, tags, generator.choice(alphabet, words)).tolist())
        found = [[[kind, int(begin), int(end) + 1] for kind, begin, end in spans.sequence_labeling.get_entities(tags)]
                 for tags in right]
        cases.append({"right": right, "predicted": guess, "spans": found, "f1": float(spans.f1_score(right, guess)),
                      "precision": float(spans.precision_score(right, guess)),
                      "recall": float(spans.recall_score(right, guess)),
                      "accuracy": float(spans.accuracy_score(right, guess))})
    return cases


def results(generator):
    rows = [generator.dirichlet(np.full(n, 0.05)).astype(np.float32) for n in (2, 2, 3, 5, 2, 3)]
    evaluation = {"eval_loss": np.float32(0.505248), "global_step": np.int64(343), "eval_accuracy": np.float32(0.84558824),
                  "loss": np.float32(1e-5)}
    return {"probabilities": [[int(x.view(np.uint32)) for x in row] for row in rows],
            "test_results": ["\t".join(str(x) for x in row) + "\n" for row in rows],
            "eval_results": "".join("%s = %s\n" % (key, str(evaluation[key])) for key in sorted(evaluation))}


generator = np.random.default_rng(5)
text = json.dumps({"classes": classes(generator), "scores": scores(generator), "taggings": taggings(generator)})
(FOLDER / "metrics.json").write_text(text + "\n")
(FOLDER / "results.json").write_text(json.dumps(results(generator)) + "\n")
