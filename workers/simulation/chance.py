"""Chance that can be asked again: every draw has a key, and the same key draws the same.

So a draw does not depend on what was drawn before it, nor on which of two hundred cases was first.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from random import Random
from statistics import NormalDist
from typing import TypeVar

from workers.simulation.model import Spread

Thing = TypeVar("Thing")

P95 = NormalDist().inv_cdf(0.95)


class Chance:
    """A source of draws for one key."""

    def __init__(self, *key: object) -> None:
        self._key = "|".join(str(part) for part in key)

    @cached_property
    def _random(self) -> Random:
        # Seeded by text, which Python hashes the same everywhere; nothing here is a secret. Most
        # sources only lead to others and are never drawn from.
        return Random(self._key)  # noqa: S311

    def of(self, *key: object) -> "Chance":
        """Another source, for something within this one."""
        return Chance(self._key, *key)

    def share(self) -> float:
        """Between nothing and one."""
        return self._random.random()

    def happens(self, probability: float) -> bool:
        """Whether it does, once in so many."""
        return self._random.random() < probability

    def pick(self, weights: Mapping[Thing, float]) -> Thing:
        """One of them, as often as it weighs; all alike when none weighs anything."""
        things = list(weights)
        given = list(weights.values())
        if not any(given):
            return things[self._random.randrange(len(things))]
        return self._random.choices(things, weights=given)[0]

    def one_of(self, things: Sequence[Thing]) -> Thing:
        """One of them, each as often as another."""
        return things[self._random.randrange(len(things))]

    def minutes(self, spread: Spread) -> float:
        """A lognormal time with that median and 95th percentile."""
        sigma = math.log(spread.p95 / spread.median) / P95
        return self._random.lognormvariate(math.log(spread.median), sigma)

    def wait(self, mean: float) -> float:
        """An exponential time with that mean."""
        return self._random.expovariate(1 / mean)

    def number(self, mean: float) -> int:
        """A Poisson number with that mean; means here are small, so it is counted out."""
        limit, product, drawn = math.exp(-mean), self._random.random(), 0
        while product > limit:
            product *= self._random.random()
            drawn += 1
        return drawn
