"""Who hands a report in: the same in every report of an installation, and no part of a draft."""

from cases.values import Value


class Party(Value):
    """The provider, as authorities know it."""

    name: str = ""
    legal_representative: str = ""
    member_state: str = ""
    """Of its main establishment, or where its legal representative is."""
    authorised_person: str = ""
    email: str = ""

    def lines(self) -> list[tuple[str, str]]:
        """The details a form ends with; what is not known says so."""
        named = (
            ("Name of the provider", self.name),
            ("Legal representative, where there is one", self.legal_representative or "none"),
            ("Member state of establishment or of the representative", self.member_state),
            ("Authorised person", self.authorised_person),
            ("Contact e-mail", self.email),
        )
        return [(title, said or "to be written in: not configured") for title, said in named]

    @property
    def whole(self) -> bool:
        """Whether a form can be handed in with it."""
        return all((self.name, self.member_state, self.authorised_person, self.email))
