"""The exports that the tests of bundles use, for verifiers that are not ours."""

from tests.audit.bundle.conftest import excerpt, exports, short, whole

__all__ = ["excerpt", "exports", "short", "whole"]
