"""The services of plain folders: each folder with locks or manifests is one project, as in a repository's history."""

from __future__ import annotations

from collections.abc import Iterable

from graphkit.ingest.files import Found
from graphkit.model.documents import Document
from graphkit.model.names import ServiceId
from graphkit.sources.git.file_names import is_input, is_script
from graphkit.sources.git.owners import folder_of


class Projects:
    """Which service the files of folders belong to, by where they lie.

    An SBOM or an environment belongs to the project in whose folder it lies; elsewhere it is a service of its own.
    """

    def __init__(self, found: Iterable[Found], repository: str = "") -> None:
        """Take every file there is. Cost: one look at each name.

        ``repository``: what stands before the folders of one repository, as in its history; empty for plain folders.
        """
        places = {
            (one.repository, folder_of(one.label))
            for one in found
            if not one.is_environment and is_input(one.label) and not is_script(one.label)
        }
        names: dict[str, list[tuple[str, str]]] = {}
        for root, folder in sorted(places):
            name = "/".join(filter(None, (repository, folder))) or root
            names.setdefault(name, []).append((root, folder))
        self._services = {
            place: ServiceId(name if len(same) == 1 else f"{place[0]}/{name}")
            for name, same in names.items()
            for place in same
        }

    def service_of(self, document: Document, found: Found) -> ServiceId:
        """Return the service of a document."""
        alone = ServiceId(document.subject.strip() or found.label)
        return self._services.get((found.repository, folder_of(found.label)), alone)
