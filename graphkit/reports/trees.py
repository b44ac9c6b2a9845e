"""What installs take, whole, as people and programs read it: every release, and who asked for it first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphkit.model.answers import InstallTree, TakenRelease
from graphkit.model.times import rfc3339
from graphkit.reports.text import counted
from graphkit.reports.text_canvas import TextCanvas
from graphkit.reports.wording import clock

_SHORT = 12


def tree_shape(one: InstallTree) -> dict[str, Any]:
    """Return what an install takes as ``graphkit.why/1`` has it, with the environment and installer that it is of."""
    return {
        "incident": one.incident,
        "manifest": {"name": one.manifest, "path": one.document.path, "sha256": one.document.sha256},
        "at": rfc3339(one.at),
        "environment": {
            "python": one.environment.python,
            "platform": one.environment.platform,
            "machine": one.environment.machine,
            "implementation": one.environment.implementation,
            "resolver": one.resolver,
        },
        "releases": [
            {
                "package": release.package,
                "version": release.version,
                "asked_by": release.asked_by,
                "requirement": release.requirement,
                "accused": release.is_accused,
                "firm": release.is_firm,
            }
            for release in one.releases
        ],
        "unresolvable": list(one.unresolvable),
        "left_out": list(one.left_out),
        "unread": list(one.unread),
        "governed": one.is_governed,
        "uncertain": one.is_uncertain,
    }


def write_trees(sheet: TextCanvas, trees: Sequence[InstallTree]) -> None:
    """Write all that installs from each manifest take."""
    sheet.title(f"What an install of that minute takes ({counted(len(trees), 'manifest')})")
    for number, one in enumerate(trees):
        if number:
            sheet.blank()
        _write(sheet, one)
    if not trees:
        sheet.line("no manifest of it is known to have been in place then", indent=2)


def _write(sheet: TextCanvas, one: InstallTree) -> None:
    about = f", for {one.incident}" if one.incident else ""
    sheet.line(f"{one.manifest} ({one.document.sha256[:_SHORT]}) at {clock(one.at)}{about}", style="bold")
    bad = [_name(release) for release in one.releases if release.is_accused]
    accused = f"{len(bad):,} accused" + (f" ({', '.join(bad)})" if bad else "")
    where = f"{one.environment.platform} {one.environment.machine}, Python {one.environment.python}"
    sheet.line(f"{counted(len(one.releases), 'release')}, {accused}; by {one.resolver} on {where}", indent=2)
    if one.is_governed:
        sheet.line("a lock governs it: installs that keep to the lock take what that lists instead", indent=2)
    if one.is_uncertain:
        sheet.line("some times on the way are not known: by another account of them it takes others", indent=2)
    if one.releases:
        sheet.blank()
        rows = [(_name(release), _asked(release), _mark(release)) for release in one.releases]
        sheet.table(("release", "asked for first", "mark"), rows)
    if one.unresolvable:
        sheet.blank()
        sheet.line(
            "where nothing fits, a resolver goes back to older releases of those who ask for it, or gives up: what may "
            "change is marked, and what older releases ask for may change more",
            indent=2,
        )
    for what, texts in (
        ("nothing listed then fits", one.unresolvable),
        ("left out, since only some installs take it", one.left_out),
        ("not read", one.unread),
    ):
        if texts:
            sheet.blank()
        for text in texts:
            sheet.line(f"{what}: {text}", indent=2)


def _name(release: TakenRelease) -> str:
    return f"{release.package} {release.version}"


def _mark(release: TakenRelease) -> str:
    return ", ".join(["accused"] * release.is_accused + ["may change"] * (not release.is_firm))


def _asked(release: TakenRelease) -> str:
    asker = "the manifest" if release.asked_by is None else release.asked_by.replace("@", " ")
    return f"{release.requirement} by {asker}"
