"""`make accept-3`: people and tickets: paging, approvals, log-in, case operations, every system."""

import sys

from bench.acceptance.people import CRITERIA
from bench.acceptance.telling import accept

if __name__ == "__main__":
    sys.exit(accept("accept-3", CRITERIA))
