"""Two old tests of whether what was drawn is what was configured, with their critical values."""

from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from statistics import NormalDist


def chi_square(counted: Mapping[str, int], weights: Mapping[str, float]) -> float:
    """How far the counts are from the weights, as a chi-square statistic."""
    number, whole = sum(counted.values()), sum(weights.values())
    return sum(
        (counted.get(name, 0) - number * weight / whole) ** 2 / (number * weight / whole)
        for name, weight in weights.items()
        if weight
    )


def chi_square_limit(degrees: int, *, confidence: float = 0.999) -> float:
    """What chance alone exceeds once in so many (Wilson and Hilferty's approximation)."""
    part = 2 / (9 * degrees)
    return float(degrees * (1 - part + NormalDist().inv_cdf(confidence) * sqrt(part)) ** 3)


def kolmogorov_smirnov(drawn: Sequence[float], cumulative: Callable[[float], float]) -> float:
    """The greatest distance between what was drawn and what was configured."""
    ordered = sorted(drawn)
    number = len(ordered)
    return max(
        max(abs((place + 1) / number - cumulative(value)), abs(place / number - cumulative(value)))
        for place, value in enumerate(ordered)
    )


def kolmogorov_smirnov_limit(number: int) -> float:
    """What chance alone exceeds once in a thousand."""
    return 1.95 / sqrt(number)
