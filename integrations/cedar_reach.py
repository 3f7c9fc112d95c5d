"""Which policies can ever decide anything: each is tried against everything it speaks of.

A permit that some forbid always outweighs, and a policy whose conditions nothing fulfils, look like
rules and are none.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from integrations.cedar import OTHER, CedarAccess, actions_of, policies_of
from integrations.cedar_folder import Statement, statements
from integrations.ports.access import Circumstances, Kind, Principal, Resource
from runbooks.library import access_schema

_Asked = tuple[Principal, str, Resource, Circumstances]
_DRAWN, _MOST = 600, 1_000
"""How many questions are drawn, and how many more asked in order, before a policy is called idle.

A policy that ships is found within forty; what nothing finds is named for a person to look at.
"""
_SAID = re.compile(r'@\w+\("(?:[^"\\]|\\.)*"\)')
_WORDS = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ACTIONS = re.compile(r'Action::"([^"]+)"')
_KINDS = re.compile(r"resource\s+(?:is\s+(\w+)|==\s*(\w+)::)")
_GROUPS = {
    "look": ("list", "read", "decode", "export"),
    "act": ("decide", "answer", "assign", "settle"),
    "work": ("answer",),
    "decide-at-gate": ("decide",),
    "steer": ("assign",),
    "settle-what-is-owed": ("settle",),
}
_OF_KIND = {
    Kind.CASE: (*_GROUPS["look"], *_GROUPS["act"], "open-in-emergency", "grant-access"),
    Kind.FIELD: ("read-field",),
    Kind.EFFECT: ("perform",),
    Kind.GLASS: ("review-emergency",),
    Kind.RELEASE: ("release",),
}


def unreachable(access: CedarAccess, texts: Mapping[str, bytes]) -> Iterator[tuple[Statement, str]]:
    """Every policy that decides nothing, with its id."""
    for file in sorted(texts):
        for statement in statements(texts[file].decode(), file=file):
            (written,) = policies_of(statement.text).values()
            if not any(_decides(access, written.id, each) for each in _tries(statement.text)):
                yield statement, written.id


def _decides(access: CedarAccess, policy: str, asked: _Asked) -> bool:
    return policy in access.may(*asked).policies


def _tries(text: str) -> Iterator[_Asked]:
    """Questions made of the words the policy itself speaks of: drawn, then one after the other."""
    words = frozenset(_WORDS.findall(_SAID.sub("", text)))
    few = [words, frozenset[str](), *(frozenset({word}) for word in sorted(words))]
    space: tuple[Sequence[Any], ...] = (
        list(_scope(text)),
        [words | {"incident-manager"}, words, frozenset({"legal"}), *few[2:]],
        [words | {"concerned"}, *few],
        [frozenset[str](), words],
        ["", "restricted", *sorted(words)],
        (2, 1, 3, 0),
        (False, True),
        (False, True),
        (False, True),
        (True, False),
        (1, 0),
    )
    draw = Random(0)  # noqa: S311 - the order of trying, no secret
    for _ in range(_DRAWN):
        yield _asked(*(draw.choice(options) for options in space), words=words)
    for chosen in itertools.islice(itertools.product(*space), _MOST):
        yield _asked(*chosen, words=words)


def _asked(*drawn: Any, words: frozenset[str]) -> _Asked:
    scope, held, relations, bars, case_class, level, need, glass, delegate, cleared, people = drawn
    kind, action = scope
    one = next(iter(sorted(words)), "")
    return (
        Principal(
            id="somebody",
            roles=held,
            clearances=frozenset({case_class}) if cleared else frozenset(),
        ),
        action,
        Resource(
            kind=kind,
            id="one",
            case_class=case_class,
            need_to_know=need,
            stage=one,
            name=one,
            irreversible=True,
            discloses=True,
        ),
        Circumstances(
            relations=relations,
            bars=bars,
            assurance=level,
            glass=glass,
            delegate=delegate,
            principal_cleared=cleared,
            people=people,
        ),
    )


def _scope(text: str) -> Iterator[tuple[Kind, str]]:
    known = actions_of(access_schema().decode()) | {OTHER}
    named = [action for action in _ACTIONS.findall(text) if action in known]
    wanted = {each for action in named for each in _GROUPS.get(action, (action,))}
    kinds = {a or b for a, b in _KINDS.findall(text)}
    for kind, actions in _OF_KIND.items():
        if kinds and kind.value not in kinds:
            continue
        chosen = [action for action in actions if not wanted or action in wanted]
        extra = sorted(wanted - {each for some in _OF_KIND.values() for each in some})
        yield from ((kind, action) for action in chosen)
        if kind is Kind.CASE:
            yield from ((kind, action) for action in extra)
