"""The seven areas in which a mistake that no test sees would cost most, and who judges each.

Judges are fast and need no server: whatever else tests an area is slower at noticing the same.
"""

from dataclasses import dataclass

_MERKLE = "tests/audit/log/test_merkle.py"
_PERSONAL = "tests/cases/test_personal.py"


@dataclass(frozen=True)
class Area:
    """Modules that are mutated, and the tests that must notice it."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    apart: bool = False
    """Whether no test may have run in the process that the judging ones are forked from.

    A runtime with threads does not survive a fork. For the others one process is enough: what it
    remembers of earlier tests can only keep a mutant from being noticed.
    """


AREAS: dict[str, Area] = {
    "gate": Area(
        modules=("cases/gate.py", "runbooks/quorums.py"),
        tests=("tests/cases/test_tally.py", "tests/cases/test_rounds.py"),
    ),
    "act": Area(
        modules=("cases/envelope.py", "cases/signing.py"),
        tests=(
            "tests/cases/test_envelope.py",
            f"{_PERSONAL}::test_what_the_person_signed_is_an_act_at_the_highest_level",
            f"{_PERSONAL}::test_a_signature_over_something_else_is_refused",
            f"{_PERSONAL}::test_nobody_signs_for_themselves_in_somebody_elses_place",
            f"{_PERSONAL}::test_a_wrong_signature_spoils_an_act_at_any_level",
        ),
    ),
    "clock": Area(
        modules=("cases/clock.py", "cases/clocks.py"),
        tests=(
            "tests/cases/test_clock.py",
            "tests/cases/test_clocks.py",
            "tests/cases/test_computed_deadline.py",
        ),
    ),
    "log": Area(
        modules=(
            "audit/log/checkpoint.py",
            "audit/log/merkle.py",
            "audit/log/note.py",
            "audit/log/proof.py",
            "audit/log/tiles.py",
        ),
        tests=(
            "tests/audit/log/test_formats.py",
            "tests/audit/log/test_refusals.py",
            f"{_MERKLE}::test_the_rfcs_own_vectors",
            f"{_MERKLE}::test_every_leaf_is_proven_at_every_size[13]",
            f"{_MERKLE}::test_every_size_extends_every_earlier_one[13]",
            f"{_MERKLE}::test_proofs_hold_across_tiles[513]",
        ),
    ),
    "verify": Area(
        modules=(
            "audit/commitments.py",
            "audit/comparing.py",
            "audit/steps.py",
            "audit/verify.py",
        ),
        tests=(
            "tests/audit/test_commitments.py",
            "tests/audit/test_comparing.py",
            "tests/audit/test_small_exports.py",
            "tests/audit/test_steps.py",
        ),
        apart=True,
    ),
    "codec": Area(
        modules=("workflows/converter.py", "workflows/padding.py"),
        tests=("tests/workflows/test_converter.py",),
    ),
    "access": Area(
        modules=("cases/relations.py", "integrations/cedar.py", "runbooks/restricting.py"),
        tests=("tests/cases/test_relations.py", "tests/integrations/test_cedar_facts.py"),
    ),
}
