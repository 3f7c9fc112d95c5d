"""A runbook with its fragments put in: one document, of which everything knows where it stands."""

import re
from collections.abc import Mapping
from dataclasses import replace

from runbooks.errors import RunbookError, RunbookProblems
from runbooks.fragments import FOLDER, USE, USES, Use, parted, uses
from runbooks.rules.catalogue import RULES
from runbooks.source import read_yaml
from runbooks.tree import Block, Listing, Node, Place, Scalar, describe, place_of_use

BLOCKS = ("roles", "intake", "clocks", "effects", "macros", "gags")
"""Parts a fragment adds to by name; what the runbook says itself comes first."""
LISTS = ("stages", "after-closing")

_HOLE = re.compile(r"<([a-z][a-z0-9-]*)>")


def expanded(text: bytes, *, file: str) -> Node:
    """The one document of the runbook, with every fragment in its place; RunbookProblems else."""
    own, carried = parted(text)
    root = read_yaml(own, file=file)
    if not isinstance(root, Block):
        return root
    return _Expansion(root, carried, file).whole()


class _Expansion:
    """Puts fragments into one runbook; collects what is wrong and then refuses all of it."""

    def __init__(self, root: Block, carried: Mapping[str, bytes], file: str) -> None:
        self._root = root
        self._carried = carried
        self._file = file
        self._problems: list[RunbookError] = []
        self._from: dict[tuple[str, str], str] = {}

    def whole(self) -> Node:
        """The runbook without `fragments`, and with all that they bring."""
        found = list(uses(self._root))
        for name in sorted(self._carried.keys() - {use.name for use in found}):
            self._wrong(self._root.place, "RB104", f'the fragment "{name}"', "a use of it")
        if not found and not self._problems:
            return self._root
        whole = Block(self._root.place, keys=dict(self._root.keys), values=dict(self._root.values))
        if isinstance(whole.values.get(USES), Listing):
            del whole.keys[USES], whole.values[USES]
        stages: list[Node] = []
        listed = self._root.values.get("stages")
        among = {use.place: use for use in found if use.among_stages}
        for item in listed.items if isinstance(listed, Listing) else []:
            use = among.get(item.place)
            stages += [item] if use is None else self._put(whole, use)
        for use in found:
            if not use.among_stages:
                self._put(whole, use)
        if isinstance(listed, Listing):
            whole.values["stages"] = Listing(listed.place, items=stages)
        if self._problems:
            raise RunbookProblems(self._problems)
        return whole

    def _put(self, whole: Block, use: Use) -> list[Node]:
        """The fragment's stages; everything else it brings stands in the runbook."""
        for key, place in use.extra.items():
            self._wrong(place, "RB010", f'the key "{key}"', f"`{USE}` and `with`")
        fragment = self._fragment(use)
        if fragment is None:
            return []
        stages: list[Node] = []
        for part, node in fragment.values.items():
            place = fragment.keys[part]
            if part in (USE, "takes"):
                continue
            if part in BLOCKS and isinstance(node, Block):
                self._add(whole, part, node, use)
            elif part in LISTS and isinstance(node, Listing):
                if part == "stages":
                    stages = node.items
                else:
                    old = whole.values.get(part)
                    items = old.items if isinstance(old, Listing) else []
                    self._set(whole, part, Listing(node.place, items=[*items, *node.items]))
            elif part in (*BLOCKS, *LISTS):
                self._wrong(node.place, "RB012", describe(node), "a block of keys, or a list")
            else:
                allowed = ", ".join((*BLOCKS, *LISTS))
                self._wrong(place, "RB010", f'the key "{part}"', f"one of {allowed}")
        if bool(stages) is not use.among_stages:
            expected = "its use among `stages`" if stages else f"its use under `{USES}`"
            self._wrong(use.place, "RB017", f'the fragment "{use.name}"', expected)
        return stages

    def _add(self, whole: Block, part: str, node: Block, use: Use) -> None:
        own = self._root.values.get(part)
        known = whole.values.get(part)
        merged = (
            Block(known.place, keys=dict(known.keys), values=dict(known.values))
            if isinstance(known, Block)
            else Block(node.place)
        )
        for name, value in node.values.items():
            if isinstance(own, Block) and name in own.values:
                continue
            other = self._from.setdefault((part, name), use.name)
            if other != use.name:
                found = f'"{name}", which "{other}" brings too'
                self._wrong(node.keys[name], "RB106", found, "one fragment that brings it")
            merged.keys[name] = node.keys[name]
            merged.values[name] = value
        self._set(whole, part, merged)

    def _set(self, whole: Block, part: str, node: Node) -> None:
        whole.keys.setdefault(part, node.place)
        whole.values[part] = node

    def _fragment(self, use: Use) -> Block | None:
        """The fragment with what it was given in its holes; None when something is wrong."""
        body = self._carried.get(use.name)
        if body is None:
            expected = ", ".join(self._carried) or "a fragment that the text carries"
            self._wrong(use.place, "RB104", f'no fragment "{use.name}"', expected)
            return None
        file = f"{FOLDER}/{use.name}.yaml"
        try:
            root = read_yaml(body, file=file)
        except RunbookProblems as refused:
            used = place_of_use(Place(1, 1, used=use.place), file=self._file)
            self._problems += [_used(problem, used) for problem in refused.problems]
            return None
        root = _placed(root, file=file, used=use.place)
        if not isinstance(root, Block) or not self._named(root, use):
            return None
        before = len(self._problems)
        given = self._given(root, use)
        filled = self._filled(root, given)
        return filled if isinstance(filled, Block) and len(self._problems) == before else None

    def _named(self, root: Block, use: Use) -> bool:
        name = root.values.get(USE)
        if isinstance(name, Scalar) and name.value == use.name:
            return True
        place = name.place if name is not None else root.place
        found = describe(name) if name is not None else "no such key"
        self._wrong(place, "RB104", found, f"`{USE}: {use.name}`")
        return False

    def _given(self, root: Block, use: Use) -> dict[str, Node]:
        """What each parameter stands for here."""
        takes = root.values.get("takes")
        known = takes.values if isinstance(takes, Block) else {}
        if not isinstance(use.given, Block):
            self._wrong(use.given.place, "RB012", describe(use.given), "a block of keys")
            return {}
        for name, place in use.given.keys.items():
            if name not in known:
                expected = ", ".join(known) or "no parameter"
                self._wrong(place, "RB105", f'the parameter "{name}"', expected)
        given: dict[str, Node] = {}
        for name, says in known.items():
            default = says.values.get("unless-said") if isinstance(says, Block) else None
            value = use.given.values.get(name, default)
            if value is None:
                self._wrong(use.place, "RB105", f"no `{name}`", f"`with: {{{name}: …}}`")
            else:
                given[name] = value
        return given

    def _filled(self, node: Node, given: Mapping[str, Node]) -> Node:
        match node:
            case Scalar(value=str(text)):
                hole = _HOLE.fullmatch(text)
                if hole is not None and hole[1] in given:
                    return given[hole[1]]
                return replace(node, value=self._text(text, given, node.place))
            case Block():
                block = Block(node.place)
                for key, value in node.values.items():
                    filled = key if key == "takes" else self._text(key, given, node.keys[key])
                    block.keys[filled] = node.keys[key]
                    block.values[filled] = value if key == "takes" else self._filled(value, given)
                return block
            case Listing():
                items = [self._filled(item, given) for item in node.items]
                return Listing(node.place, items=items)
            case _:
                return node

    def _text(self, text: str, given: Mapping[str, Node], place: Place) -> str:
        """The text with its holes filled by words."""

        def word(hole: re.Match[str]) -> str:
            value = given.get(hole[1])
            if isinstance(value, Scalar):
                return str(value.value)
            found = f"<{hole[1]}>" if value is None else f"{describe(value)} for <{hole[1]}>"
            self._wrong(place, "RB105", found, "a parameter the fragment takes, and a word for it")
            return hole[0]

        return _HOLE.sub(word, text)

    def _wrong(self, place: Place, rule: str, found: str, expected: str) -> None:
        self._problems.append(
            RunbookError(
                file=place.file or self._file,
                line=place.line,
                column=place.column,
                rule=rule,
                found=found,
                expected=expected,
                mend=RULES[rule].mend,
                used=place_of_use(place, file=self._file),
            )
        )


def _placed(node: Node, *, file: str, used: Place) -> Node:
    """The node, of which everything knows its file and where that is used."""
    place = replace(node.place, file=file, used=used)
    match node:
        case Scalar():
            return replace(node, place=place)
        case Block():
            return Block(
                place,
                keys={k: replace(at, file=file, used=used) for k, at in node.keys.items()},
                values={k: _placed(v, file=file, used=used) for k, v in node.values.items()},
            )
        case Listing():
            return Listing(
                place, items=[_placed(item, file=file, used=used) for item in node.items]
            )


def _used(problem: RunbookError, used: str) -> RunbookError:
    return RunbookError(
        file=problem.file,
        line=problem.line,
        column=problem.column,
        rule=problem.rule,
        found=problem.found,
        expected=problem.expected,
        mend=problem.mend,
        used=used,
    )
