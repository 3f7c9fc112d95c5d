"""`make accept-1`: the main job, from a signed ticket to a case that is decided and replayed."""

import sys

from bench.acceptance.criteria import CRITERIA
from bench.acceptance.telling import accept

if __name__ == "__main__":
    sys.exit(accept("accept-1", CRITERIA))
