"""A CyberTipline report (18 USC 2258A): one about one user, by codes and references only.

Only the outline of the receiver's interface could be read; element order, codes and steps come
from third parties' code (mark L). Nobody files on its strength without the receiver's schema,
its test environment and counsel.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from runbooks.forms.field import Field, Filled, Kind
from runbooks.forms.form import Form

INCIDENTS = MappingProxyType(
    {
        "child-pornography": "Child Pornography (possession, manufacture, and distribution)",
        "child-sex-trafficking": "Child Sex Trafficking",
        "child-sex-tourism": "Child Sex Tourism",
        "child-sexual-molestation": "Child Sexual Molestation",
        "misleading-domain-name": "Misleading Domain Name",
        "misleading-words-or-images": "Misleading Words or Digital Images on the Internet",
        "online-enticement": "Online Enticement of Children for Sexual Acts",
        "unsolicited-obscene-material": "Unsolicited Obscene Material Sent to a Child",
    }
)
WHERE = MappingProxyType(
    {
        "web-page": "webPageIncident",
        "email": "emailIncident",
        "newsgroup": "newsgroupIncident",
        "chat": "chatImIncident",
        "online-gaming": "onlineGamingIncident",
        "cell-phone": "cellPhoneIncident",
        "non-internet": "nonInternetIncident",
        "peer-to-peer": "peer2peerIncident",
    }
)
EVENTS = ("Login", "Registration", "Purchase", "Upload", "Other", "Unknown")
_REASON = 3000


def _across(filled: Mapping[str, Filled]) -> Iterator[tuple[str, str]]:
    alike = filled.get("incident-type") == "child-pornography"
    if alike and "files" not in filled and "text-only" not in filled:
        yield (
            "files",
            "is missing: name the files by hash, or say under text-only why there are none",
        )


CYBERTIP = Form(
    name="cybertip",
    version=1,
    title="CyberTipline report",
    receiver="NCMEC CyberTipline",
    law="18 USC 2258A(a), (b)",
    mark="L",
    submitted=True,
    across=_across,
    fields=(
        Field("incident-type", "Kind of incident", Kind.WORD, words=INCIDENTS),
        Field(
            "escalate-to-high-priority",
            "Why it cannot wait: a child is in danger now",
            required=False,
            longest=_REASON,
        ),
        Field("incident-at", "When it happened", Kind.INSTANT),
        Field("incident-at-means", "What that instant is", required=False, longest=_REASON),
        Field("where", "Where it happened", Kind.WORD, required=False, words=WHERE),
        Field("account", "Account reported", Kind.CODE, longest=300),
        Field("screen-name", "Its screen name", Kind.CODE, required=False, longest=300),
        Field(
            "ip-events",
            "Connections: event/address/instant, one after the other",
            Kind.CODES,
            required=False,
            pattern=rf"({'|'.join(EVENTS)})/[0-9a-fA-F.:]{{3,45}}/\d{{4}}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)",
            longest=120,
        ),
        Field(
            "prior-reports",
            "Numbers of earlier reports about the account",
            Kind.CODES,
            required=False,
            pattern=r"\d{1,12}",
        ),
        Field("files", "Files, by reference, hash and classification", Kind.FILES, required=False),
        Field("text-only", "Why no file is reported", required=False, longest=_REASON),
        Field("additional-info", "What else is needed to read it", required=False, longest=_REASON),
    ),
)
