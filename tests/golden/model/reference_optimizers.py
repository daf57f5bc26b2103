"""Optimizers and schedules as the engine defines them, in plain numpy, any float dtype.

A model is a dict {Hugging Face name: array}; each function changes the arrays in place.
"""
import math

import numpy


def learning_rate(kind, peak, step, total, warmup):
    """`step` counts updates already made. bert: google-research/bert, optimization.py. linear: Hugging Face."""
    if step < warmup:
        return peak * step / warmup
    if kind == "bert":  # decays from step 0, so it jumps down at the end of warm-up
        return peak * (1 - min(step, total) / total)
    if kind == "linear":  # decays from the end of warm-up
        return peak * max(0.0, (total - step) / max(1, total - warmup))
    assert kind == "constant"
    return peak


def decays(name):
    return not any(part in name for part in ("LayerNorm", "layer_norm", "bias"))


def global_norm(gradients):
    squares = (numpy.square(gradient, dtype=numpy.float64).sum() for gradient in gradients.values())
    return math.sqrt(sum(squares))


def clip(gradients, max_norm):
    """Scales all by max_norm / max(norm, max_norm); returns the norm before."""
    norm = global_norm(gradients)
    scale = max_norm / max(norm, max_norm)
    for gradient in gradients.values():
        gradient *= gradient.dtype.type(scale)
    return norm


class Moments:
    """u = m / (sqrt(v) + epsilon), with m and v divided by 1 - beta^t when `bias_correction`."""

    def __init__(self, bias_correction, beta1=0.9, beta2=0.999, epsilon=1e-6):
        self.bias_correction, self.beta1, self.beta2, self.epsilon = bias_correction, beta1, beta2, epsilon
        self.first, self.second, self.updates = {}, {}, 0

    def directions(self, gradients):
        self.updates += 1
        first_scale = second_scale = 1.0
        if self.bias_correction:
            first_scale = 1 / (1 - self.beta1**self.updates)
            second_scale = 1 / (1 - self.beta2**self.updates)
        result = {}
        for name, gradient in gradients.items():
            first = self.first.get(name, numpy.zeros_like(gradient))
            second = self.second.get(name, numpy.zeros_like(gradient))
            self.first[name] = self.beta1 * first + (1 - self.beta1) * gradient
            self.second[name] = self.beta2 * second + (1 - self.beta2) * gradient**2
            result[name] = (self.first[name] * first_scale) / (
                numpy.sqrt(self.second[name] * second_scale) + self.epsilon
            )
        return result


def adamw(weights, gradients, moments, rate, weight_decay):
    """w -= rate * (u + weight_decay * w)."""
    for name, direction in moments.directions(gradients).items():
        decay = weight_decay if decays(name) else 0.0
        weights[name] -= rate * (direction + decay * weights[name])


def lamb(weights, gradients, moments, rate, weight_decay):
    """You et al. 2020, algorithm 2; no trust ratio for parameters without weight decay."""
    for name, direction in moments.directions(gradients).items():
        ratio = 1.0
        if decays(name):
            direction = direction + weight_decay * weights[name]
            weight_norm, update_norm = numpy.linalg.norm(weights[name]), numpy.linalg.norm(direction)
            if weight_norm > 0 and update_norm > 0:
                ratio = weight_norm / update_norm
        weights[name] -= rate * ratio * direction


def fit_line(rate, weight_decay, steps):
    """google-research/bert's optimization_test: w fitted to a target by mean squared error."""
    target = numpy.array([0.4, 0.2, -0.5])
    weights = {"w": numpy.array([0.1, -0.2, -0.1])}
    moments = Moments(bias_correction=False)
    for _ in range(steps):
        adamw(weights, {"w": (weights["w"] - target) * 2 / 3}, moments, rate, weight_decay)
    return weights["w"]


def check():
    """The worked examples of google-research/bert to all digits; LAMB moves a parameter by rate times its norm."""
    for (rate, decay, steps), expected in {
        (0.2, 0.0, 1): [0.7323555478425642, 0.43238054092652684, -0.7323805409265268],
        (0.2, 0.0, 100): [0.40164603505761026, 0.1978244492374347, -0.4978244492374347],
        (0.01, 0.01, 3): [0.2225787937563793, -0.0769864713464127, -0.22292430569315924],
    }.items():
        numpy.testing.assert_allclose(fit_line(rate, decay, steps), expected, rtol=1e-12)
    for step, expected in {0: 0, 1: 1e-5, 9: 9e-5, 10: 9e-5, 11: 8.9e-5, 50: 5e-5, 100: 0}.items():
        assert abs(learning_rate("bert", 1e-4, step, 100, 10) - expected) < 1e-19
    before = numpy.array([3.0, -4.0])
    weights = {"w": before.copy()}
    lamb(weights, {"w": numpy.array([0.5, 0.1])}, Moments(bias_correction=True), 0.01, 0.01)
    numpy.testing.assert_allclose(numpy.linalg.norm(weights["w"] - before), 0.05, rtol=1e-12)
