"""Ranges as arithmetic: the bisected stretches are what packaging says of every version (docs/semantics.md#ranges)."""

from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from graphkit.model.intervals import stretches

_SMALL = st.integers(0, 3)


@st.composite
def version_texts(draw: st.DrawFn, *, local: bool = True) -> str:
    text = draw(st.sampled_from(["", "", "", "1!"])) + ".".join(
        str(part) for part in draw(st.lists(_SMALL, min_size=1, max_size=3))
    )
    text += draw(st.sampled_from(["", "", "a0", "b1", "rc1", "a1"]))
    text += draw(st.sampled_from(["", "", ".post0", ".post1"]))
    text += draw(st.sampled_from(["", "", ".dev0", ".dev1"]))
    return text + (draw(st.sampled_from(["", "", "+cu1", "+1.b"])) if local else "")


@st.composite
def specifiers(draw: st.DrawFn) -> str:
    operator = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "~=", "===", "==.*", "!=.*"]))
    if operator.endswith(".*"):
        release = draw(st.lists(_SMALL, min_size=1, max_size=3))
        return f"{operator[:2]}{draw(st.sampled_from(['', '1!', 'v']))}{'.'.join(map(str, release))}.*"
    if operator == "~=":
        suffix = draw(st.sampled_from(["", "a1", ".post1", ".dev1"]))
        release = draw(st.lists(_SMALL, min_size=2, max_size=3))
        return f"~={'.'.join(map(str, release))}{suffix}"
    return operator + draw(version_texts(local=operator in {"==", "!=", "==="}))


@given(st.lists(version_texts(), max_size=40), st.lists(specifiers(), max_size=3))
def test_stretches_are_what_contains_says(texts: list[str], specs: list[str]) -> None:
    versions = sorted({Version(text) for text in texts})
    wanted = SpecifierSet(",".join(specs))
    found = stretches(wanted, versions)
    admitted = [at for lo, hi in found for at in range(lo, hi)]
    assert admitted == [at for at, version in enumerate(versions) if wanted.contains(version, prereleases=True)]
    assert list(found) == sorted(found)
    assert all(lo < hi for lo, hi in found)
