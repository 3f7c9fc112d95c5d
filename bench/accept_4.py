"""`make accept-4`: proof: the log, bundles anyone can verify, keys, erasure, access."""

import sys

from bench.acceptance.proof import CRITERIA
from bench.acceptance.telling import accept

if __name__ == "__main__":
    sys.exit(accept("accept-4", CRITERIA))
