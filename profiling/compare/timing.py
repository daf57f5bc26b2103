"""Timing of one operation."""
import time


def fastest(action, seconds):
    """Seconds of the fastest call among those that fit into `seconds`, three at least, after one to warm up."""
    action()
    best, calls, end = float("inf"), 0, time.perf_counter() + seconds
    while calls < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - start)
        calls += 1
    return best
