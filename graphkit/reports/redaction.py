"""An answer without internal names: the same names by the same pseudonyms, in every form that is written of it.

What an answer says of the reader's own house is in fields that are known (services, companies, owners, repositories,
paths, packages that no index has), and in sentences. A field gets the pseudonym of its kind. Of a sentence stays what
graphkit itself may have written, what the incident says, numbers, versions and packages of the index; every other word
gets a pseudonym, known or not. What people wrote freely (claims, what is supplied) is left out.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import groupby
from typing import Any, Final, TypeGuard, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from graphkit.model import answers
from graphkit.model.names import package_or_none
from graphkit.model.organisation import Claim

NOTE: Final = "internal names are replaced by pseudonyms; the key file of --redact translates them back"
LEFT_OUT: Final = "(left out)"
_DIGITS: Final = 12
"""Hexadecimal digits of a pseudonym: of 100,000 names two share one in 1 of 50,000 reports."""
_WORD: Final = re.compile(r"[^\W_](?:[\w.+!-]*\w)?")
_PLAIN: Final = re.compile(r"[\x20-\x7e\n“”…→·]")
"""What stays between words."""
_NUMBER: Final = re.compile(
    # PEP 440, without a local part
    r"v?[0-9][0-9.]*(?:[-_.]?(?:a|b|c|rc|alpha|beta|pre|post|rev|r|dev)(?:[-_.]?[0-9]+)?)*"
    r"|[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?(?:T[0-9]{2})?|[0-9]+(?:\.[0-9]+)?Z",
    re.IGNORECASE,
)
_SAME: Final = frozenset({"", "main", "master", "work tree"})
"""Branches that everybody has."""
KEPT: Final = frozenset({"Asked", "Slot", "Window", "Environment", "Summary", "Moment"})
"""Values that hold the incident's own words, times and counts, and no name."""

Answer = TypeVar("Answer", bound=answers.Blast | answers.WhyAnswer | answers.WhoHas)


class Pseudonyms:
    """The pseudonyms of one key, and which names they stand for, as far as they were asked for.

    >>> names = Pseudonyms(b"key", {})
    >>> names.of("service", "billing") == names.of("service", "billing") != names.of("owner", "billing")
    True
    """

    def __init__(self, key: bytes, names: Mapping[str, str]) -> None:
        self._key = key
        self.names = dict(names)

    def of(self, kind: str, name: str) -> str:
        """Return the pseudonym of a name of a kind, which nobody can tell the name from without the key."""
        digest = hmac.digest(self._key, f"{kind}\0{name}".encode("utf-8", "surrogatepass"), hashlib.sha256).hex()
        found = f"{kind}-{digest[:_DIGITS]}"
        self.names[found] = name
        return found

    def back(self, text: str) -> str:
        """Return a text with the names for their pseudonyms, as far as they are known."""
        return _WORD.sub(lambda word: self.names.get(word[0], word[0]), text)


def words_in(answer: Answer) -> frozenset[str]:
    """Return every word of an answer that may name a package, in normal form. Cost: one pass over its texts."""
    found = {word for text in _texts(answer) for word in _WORD.findall(text)}
    return frozenset(name for word in found if (name := package_or_none(word)) is not None)


def redacted(
    answer: Answer,
    pseudonyms: Pseudonyms,
    *,
    own_words: frozenset[str],
    public: frozenset[str],
    hidden: Iterable[tuple[str, str]],
) -> Answer:
    """Return an answer without internal names. Cost: some microseconds a word.

    ``own_words``: what graphkit itself writes, in lower case. ``public``: names of packages that the index has.
    ``hidden``: kinds and names of what the graph has that is internal, whether a field of the answer has it or not.
    """
    blast = answer.blast if isinstance(answer, answers.WhyAnswer) else answer
    facts = [] if isinstance(blast, answers.WhoHas) else list(_texts(blast.incident))
    known = {word.lower() for text in facts for word in _WORD.findall(text)}
    made = _Redaction(pseudonyms, own_words | known, public | (known & words_in(answer)))
    made.collect(answer)
    for kind, name in hidden:
        made.learn(kind, name)
    done: Answer = made.value(answer)
    return _ordered(done)


def _ordered(answer: Answer) -> Answer:
    """Sort by pseudonym what was sorted by name, which would tell of it, and say what was done."""
    if isinstance(answer, answers.WhyAnswer):
        return replace(answer, blast=_ordered(answer.blast))
    if isinstance(answer, answers.WhoHas):
        rows = sorted(
            answer.matches, key=lambda one: (one.service, one.document.path, one.document.sha256, one.release)
        )
        return replace(answer, matches=tuple(rows), notes=(*answer.notes, NOTE))
    services = _sorted(answer.services, lambda one: one.verdict, lambda one: one.service)
    companies = _sorted(answer.companies, lambda one: (one.verdict, one.distance), lambda one: one.name)
    return replace(answer, services=services, companies=companies, notes=(*answer.notes, NOTE))


Row = TypeVar("Row")


def _sorted(rows: Iterable[Row], rank: Callable[[Row], object], name: Callable[[Row], str]) -> tuple[Row, ...]:
    return tuple(one for _, same in groupby(rows, rank) for one in sorted(same, key=name))


class _Redaction:
    """One answer on its way."""

    def __init__(self, pseudonyms: Pseudonyms, allowed: frozenset[str], public: frozenset[str]) -> None:
        self._pseudonyms = pseudonyms
        self._allowed = allowed
        self._public = public
        self._told: dict[str, Callable[[], str]] = {}
        self._by_word: dict[str, list[tuple[int, str]]] = {}
        self._wordless: list[str] = []

    def collect(self, value: object) -> None:
        """Learn the names that fields hold, so that sentences show them by the same pseudonyms."""
        if isinstance(value, answers.CompanyRow):
            self._learn(value.name, lambda: self.named("company", value.company))
        for name, inner in _inner(value):
            kind = KINDS.get((type(value).__name__, name), "")
            for one in inner if isinstance(inner, Collection) and not isinstance(inner, str) else (inner,):
                if _is_text(one):
                    self.learn(kind, one)
                else:
                    self.collect(one)

    def learn(self, kind: str, name: str) -> None:
        """Learn a name of a kind; what is no kind of names is passed over."""
        if kind == "package":
            name = _bare(name)
            if package_or_none(name) in self._public:
                return
        if kind in _OF_NAMES and not (kind == "branch" and name in _SAME):
            self._learn(name, lambda: _OF_NAMES[kind](self, name))

    def _learn(self, name: str, told: Callable[[], str]) -> None:
        if not name or name in self._told:
            return
        self._told[name] = told
        if (word := _WORD.search(name)) is None:
            self._wordless.append(name)
            return
        longest_first = self._by_word.setdefault(word[0], [])
        longest_first.append((word.start(), name))
        longest_first.sort(key=lambda one: -len(one[1]))

    def value(self, value: Any, kind: str = "") -> Any:
        """Return a value of an answer with pseudonyms; ``kind``: what the field that holds it is of."""
        if _is_text(value):
            return self._text(value, kind)
        if kind == "keep" or type(value).__name__ in KEPT:
            return value
        if isinstance(value, frozenset):
            return frozenset(self.value(one, kind) for one in value)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return () if kind == "free" else tuple(self.value(one, kind) for one in value)
        if not isinstance(value, Struct):
            return value
        name = type(value).__name__
        changed = {field: self.value(inner, KINDS.get((name, field), "")) for field, inner in _inner(value)}
        if isinstance(value, answers.CompanyRow):
            changed["name"] = changed["company"]
        if isinstance(value, Claim):
            changed |= {"text": LEFT_OUT, "sources": ()}
        return replace(value, **changed)

    def _text(self, text: str, kind: str) -> str:
        if not text or kind == "keep":
            return text
        if kind == "free":
            return LEFT_OUT
        return _OF_NAMES[kind](self, text) if kind in _OF_NAMES else self.sentence(text)

    def named(self, kind: str, name: str) -> str:
        """Return the pseudonym of a name."""
        return self._pseudonyms.of(kind, name)

    def path(self, path: str) -> str:
        """Return the pseudonym of a path, with the name of its file where that says no more than what kind it is."""
        file = path.rpartition("/")[2]
        shown = self._pseudonyms.of("path", path)
        return f"{shown}/{file}" if file.lower() in self._allowed and "." in file else shown

    def release(self, text: str) -> str:
        """Return a package, with extra and version where it has them."""
        name = _bare(text)
        if package_or_none(name) in self._public:
            return self.sentence(text)
        return self._pseudonyms.of("package", name) + self.sentence(text[len(name) :])

    def branch(self, name: str) -> str:
        """Return a branch."""
        return name if name in _SAME else self._pseudonyms.of("branch", name)

    def sentence(self, text: str) -> str:
        """Return a text in which only known words stay."""
        for name in self._wordless:
            text = text.replace(name, self._told[name]())
        out: list[str] = []
        at = 0
        for word in _WORD.finditer(text):
            if word.start() < at:
                continue
            begin, found = self._name_at(text, word, at)
            out.append("".join(_PLAIN.findall(text[at:begin])))
            out.append(self._told[found]() if found else self._word(word[0]))
            at = begin + len(found) if found else word.end()
        return "".join((*out, *_PLAIN.findall(text[at:])))

    def _name_at(self, text: str, word: re.Match[str], at: int) -> tuple[int, str]:
        for before, name in self._by_word.get(word[0], ()):
            begin = word.start() - before
            # A name may end within a word; then the word is not that name.
            if (
                begin >= at
                and text.startswith(name, begin)
                and not text[begin + len(name) : begin + len(name) + 1].isalnum()
            ):
                return begin, name
        return word.start(), ""

    def _word(self, word: str) -> str:
        if word.lower() in self._allowed or _NUMBER.fullmatch(word) or package_or_none(word) in self._public:
            return word
        return self._pseudonyms.of("name", word)


def _bare(release: str) -> str:
    """Return the package of a text like ``name[extra]@version``."""
    return re.split(r"[@\[]", release, maxsplit=1)[0]


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and not isinstance(value, Enum)


def _inner(value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Struct) and type(value).__name__ not in KEPT:
        for name in value.__struct_fields__:
            yield name, getattr(value, name)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Collection):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _texts(getattr(value, name))


def _of(kind: str) -> Callable[[_Redaction, str], str]:
    return lambda redaction, name: redaction.named(kind, name)


_OF_NAMES: Final[dict[str, Callable[[_Redaction, str], str]]] = {
    **{kind: _of(kind) for kind in ("service", "company", "owner", "repository", "claim")},
    "path": _Redaction.path,
    "package": _Redaction.release,
    "branch": _Redaction.branch,
}
KINDS: Final = {
    (shape, field): kind
    for kind, shapes in {
        "service": {
            "ServiceVerdict": "service",
            "CompanyRow": "services",
            "Holding": "service",
            "Blast": "external",
            "LeftOut": "worse",
        },
        "company": {
            "ServiceVerdict": "company",
            "CompanyRow": "company via",
            "Supplied": "supplier",
            "Claim": "company",
        },
        "owner": {"ServiceVerdict": "owner", "PackageRow": "maintainers"},
        "repository": {"DocumentName": "repository", "InputName": "repository"},
        "path": {"DocumentName": "path file", "InputName": "path", "InstallTree": "manifest"},
        "branch": {"InputName": "branch"},
        "claim": {"Claim": "id"},
        "package": {
            "PackageRow": "package",
            "Take": "release",
            "Holding": "release",
            "TakenRelease": "package asked_by",
            "InstallTree": "unresolvable",
        },
        "free": {"Supplied": "what data sources", "CompanyRow": "data", "Claim": "claimant text"},
        "keep": {
            "ServiceVerdict": "basis incidents",
            "LeftOut": "incident",
            "BuildVerdict": "basis incident",
            "Clearance": "incident",
            "CompanyRow": "origin_tier",
            "Claim": "date",
            "DocumentName": "sha256",
            "PackageRow": "newest",
            "TakenRelease": "version",
            "InstallTree": "incident resolver",
            "Blast": "resolver exposing",
            "Provenance": "graphkit packaging facts_sha256 proofs_sha256",
        },
    }.items()
    for shape, names in shapes.items()
    for field in names.split()
}
"""What fields hold. A text that is not here is taken for a sentence, of which unknown words do not stay."""
