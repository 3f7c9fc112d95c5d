"""`make accept-2`: the runbook library, the law's clocks, and the simulator that plays them."""

import sys

from bench.acceptance.library import CRITERIA
from bench.acceptance.telling import accept

if __name__ == "__main__":
    sys.exit(accept("accept-2", CRITERIA))
