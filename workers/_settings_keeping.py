"""Settings of what is kept, for how long, and who may erase it."""

from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from cases.keepers import Keepers
from runbooks.plan import Assurance
from workers._settings_group import Group
from workers._settings_sources import Span

_DEFAULT = Keepers()


class KeepingSettings(Group):
    """Erasure, legal holds and retention."""

    retention_file: Path | None = Field(
        None, description="YAML of how long each class of data is kept; default: the one shipped"
    )
    cooling_off: Span = Field(
        timedelta(days=7),
        description="how long an erasure two people agreed to can be withdrawn (≥ 1h)",
    )
    erased_dir: Path | None = Field(
        None,
        description="folder that tells a restore what was erased, kept beside the backups; "
        "default: erased in home",
    )
    readers_file: Path | None = Field(
        None, description="YAML of what each role gets in an export; default: the one shipped"
    )
    one_side: tuple[str, ...] = Field(
        _DEFAULT.sides[0], description="roles of one signer of an erasure or the end of a hold"
    )
    other_side: tuple[str, ...] = Field(_DEFAULT.sides[1], description="roles of the other signer")
    holding: tuple[str, ...] = Field(_DEFAULT.holding, description="roles that may put a hold")
    assurance: Assurance = Field(
        Assurance.L2, description="what both signers must have proved of who they are: L2 | L3"
    )

    @model_validator(mode="after")
    def _two_sides(self) -> Self:
        if not self.one_side or not self.other_side or {*self.one_side} & {*self.other_side}:
            raise ValueError("the two sides need roles, and none of them on both")
        if self.assurance not in (Assurance.L2, Assurance.L3):
            raise ValueError("an erasure takes at least L2")
        if self.cooling_off < timedelta(hours=1):
            raise ValueError("an erasure can be withdrawn for at least an hour")
        return self

    @property
    def keepers(self) -> Keepers:
        """Who may do what."""
        return Keepers(
            sides=(self.one_side, self.other_side),
            holding=self.holding,
            assurance=self.assurance,
        )
