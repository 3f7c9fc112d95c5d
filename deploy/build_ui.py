"""Temporal's own Web UI lies in the cache: built once, with Go."""

import asyncio

from workers.engine import WEB_UI, build
from workers.settings import Settings

if __name__ == "__main__":
    print(asyncio.run(build(WEB_UI, cache=Settings.load().cache)))
