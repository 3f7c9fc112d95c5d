"""A case's record without what its reader may not see, or what was erased: still provable."""
