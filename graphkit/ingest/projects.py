"""The services of plain folders: each folder with locks or manifests is one project, as in a repository's history."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from graphkit.ingest.files import Found
from graphkit.model.names import ServiceId
from graphkit.model.organisation import DocumentUse
from graphkit.sources.git.file_names import is_input, is_script
from graphkit.sources.git.owners import folder_of


class Projects:
    """Which service the files of folders belong to, by where they lie.

    An SBOM or an environment belongs to the project in whose folder it lies; elsewhere it is a service of its own.
    """

    def __init__(
        self,
        found: Iterable[Found],
        uses: Iterable[DocumentUse] = (),
        *,
        label: str = "",
        taken: AbstractSet[str] = frozenset(),
    ) -> None:
        """Take every file there is. Cost: one look at each name.

        ``uses``: those that the graph has. ``label``: what stands before the folders of one repository, as in its
        history; empty for plain folders. ``taken``: what repositories are called, whose services are none of these.
        """
        places = {
            (one.repository, folder_of(one.label))
            for one in found
            if not one.is_environment and is_input(one.label) and not is_script(one.label)
        }
        names: dict[str, list[tuple[str, str]]] = {}
        for root, folder in sorted(places):
            name = "/".join(filter(None, (label, folder))) or root
            names.setdefault(name, []).append((root, folder))
        self._services = {
            place: ServiceId(name if len(same) == 1 and not _is_of(name, taken) else f"{place[0]}/{name}")
            for name, same in names.items()
            for place in same
            if name
        }
        here = frozenset(self._services.values())
        self._known = {(one.service, one.document, one.repository, one.path) for one in uses if one.service in here}

    def service_of(self, found: Found) -> ServiceId | None:
        """Return the service of a file; None where it lies in no project."""
        return self._services.get((found.repository, folder_of(found.label)))

    def is_known(self, sha256: str, found: Found) -> bool:
        """Return whether the graph has the use of a document by the service of a file, at that path."""
        service = self.service_of(found)
        # The folder of a listing is not kept: it is of that service wherever it lies.
        folders = {found.repository} if is_input(found.label) else {found.repository, ""}
        return any((service, sha256, folder, found.label) in self._known for folder in folders)


def _is_of(name: str, repositories: AbstractSet[str]) -> bool:
    """Return whether a name is that of a repository or of a folder in one."""
    parts = name.split("/")
    return any("/".join(parts[:number]) in repositories for number in range(1, len(parts) + 1))
