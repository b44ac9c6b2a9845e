"""A small file or more of every format: tests of all readers and hostile files are made from them."""

from __future__ import annotations

import base64
import json
from typing import Final

from graphkit.formats.interface import RawDocument

SEEDS: Final[dict[str, tuple[RawDocument, ...]]] = {
    "CycloneDX JSON": (
        RawDocument(
            json.dumps(
                {
                    "bomFormat": "CycloneDX",
                    "specVersion": "1.6",
                    "metadata": {
                        "timestamp": "2026-03-24T10:39:00Z",
                        "component": {"name": "app", "bom-ref": "app"},
                        "lifecycles": [{"phase": "build"}],
                        "tools": {"components": [{"name": "t"}]},
                    },
                    "components": [
                        {
                            "bom-ref": "a",
                            "name": "a",
                            "version": "1",
                            "purl": "pkg:pypi/a@1?vcs_url=x",
                            "components": [{}],
                        },
                        {"name": "b", "hashes": [{"alg": "SHA-256", "content": "00" * 32}], "scope": "optional"},
                    ],
                    "dependencies": [{"ref": "app", "dependsOn": ["a", "%40b"]}],
                    "compositions": [{"aggregate": "complete", "assemblies": ["app"]}],
                }
            ).encode(),
            "bom.json",
        ),
    ),
    "CycloneDX XML": (
        RawDocument(
            (
                b'<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><metadata><compone'
                b'nt type="application" '
                b'bom-ref="app"><name>app</name></component></metadata><components><component type="library"'
                b' bom-ref="a"><name>a</name>'
                b"<version>1</version><purl>pkg:pypi/a@1</purl><components><component/></components></compon"
                b"ent></components>"
                b'<dependencies><dependency ref="app"><dependency ref="a"/></dependency></dependencies></bom>\n'
            ),
            "bom.xml",
        ),
    ),
    "SPDX JSON": (
        RawDocument(
            (
                json.dumps(
                    {
                        "spdxVersion": "SPDX-2.3",
                        "SPDXID": "SPDXRef-DOCUMENT",
                        "creationInfo": {
                            "created": "2026-03-24T10:39:00Z",
                            "creators": ["Tool: t-1"],
                            "comment": "SBOM Type: Build",
                        },
                        "packages": [
                            {
                                "SPDXID": "SPDXRef-a",
                                "name": "a",
                                "versionInfo": "1",
                                "checksums": [{"algorithm": "SHA256", "checksumValue": "00" * 32}],
                                "externalRefs": [
                                    {
                                        "referenceCategory": "PACKAGE-MANAGER",
                                        "referenceType": "purl",
                                        "referenceLocator": "pkg:pypi/a@1",
                                    }
                                ],
                            },
                            {"SPDXID": "SPDXRef-b", "name": "b"},
                        ],
                        "files": [{"SPDXID": "SPDXRef-f", "fileName": "./c-1-py3-none-any.whl", "checksums": []}],
                        "relationships": [
                            {
                                "spdxElementId": "SPDXRef-DOCUMENT",
                                "relationshipType": "DESCRIBES",
                                "relatedSpdxElement": "SPDXRef-a",
                            },
                            {
                                "spdxElementId": "SPDXRef-a",
                                "relationshipType": "DEPENDS_ON",
                                "relatedSpdxElement": "SPDXRef-b",
                            },
                        ],
                    }
                ).encode()
            ),
            "app.spdx.json",
        ),
    ),
    "SPDX YAML": (
        RawDocument(
            (
                b"spdxVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\npackages:\n- &a {SPDXID: SPDXRef-a, name:"
                b" a, versionInfo: '1',\n"
                b"  externalRefs: [{referenceType: purl, referenceLocator: pkg:pypi/a}]}\n- *a\nrelationships:\n"
                b"- {spdxElementId: SPDXRef-DOCUMENT, relationshipType: DESCRIBES, relatedSpdxElement: SPDXRef-a}\n"
            ),
            "app.spdx.yaml",
        ),
    ),
    "SPDX tag-value": (
        RawDocument(
            (
                b"SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: app\nCreator: Tool: t-1\nCr"
                b"eated: 2026-03-24T10:39:00Z\n"
                b"PackageName: a\nSPDXID: SPDXRef-a\nPackageVersion: 1\nPackageComment: <text>b\nc</text>\n"
                b"PackageChecksum: SHA256: 00\nExternalRef: PACKAGE-MANAGER purl pkg:pypi/a@1\nFileName: ./d-1.tar.gz\n"
                b"Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-a\n"
            ),
            "app.spdx",
        ),
    ),
    "SPDX RDF/XML": (
        RawDocument(
            (
                b'<?xml version="1.0"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
                b'xmlns:spdx="http://spdx.org/rdf/terms#"><spdx:SpdxDocument rdf:about="https://x.example/ap'
                b'p#SPDXRef-DOCUMENT">'
                b"<spdx:specVersion>SPDX-2.3</spdx:specVersion><spdx:relationship><spdx:Relationship>"
                b'<spdx:relationshipType rdf:resource="http://spdx.org/rdf/terms#relationshipType_describes"'
                b"/><spdx:relatedSpdxElement>"
                b'<spdx:Package rdf:about="https://x.example/app#SPDXRef-a"><spdx:name>a</spdx:name><spdx:ve'
                b"rsionInfo>1</spdx:versionInfo>"
                b"</spdx:Package></spdx:relatedSpdxElement></spdx:Relationship></spdx:relationship></spdx:Sp"
                b"dxDocument></rdf:RDF>\n"
            ),
            "app.rdf",
        ),
    ),
    "SPDX 3 JSON": (
        RawDocument(
            (
                json.dumps(
                    {
                        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
                        "@graph": [
                            {
                                "type": "CreationInfo",
                                "@id": "_:c",
                                "specVersion": "3.0.1",
                                "created": "2026-03-24T10:39:00Z",
                            },
                            {
                                "type": "SpdxDocument",
                                "spdxId": "urn:d",
                                "creationInfo": "_:c",
                                "rootElement": ["urn:a"],
                            },
                            {
                                "type": "software_Package",
                                "spdxId": "urn:a",
                                "name": "a",
                                "software_packageVersion": "1",
                                "software_packageUrl": "pkg:pypi/a@1",
                                "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": "00" * 32}],
                            },
                            {"type": "software_File", "spdxId": "urn:f", "name": "b-1.tar.gz"},
                            {
                                "type": "Relationship",
                                "spdxId": "urn:r",
                                "relationshipType": "dependsOn",
                                "from": "urn:a",
                                "to": ["urn:f", "urn:x"],
                            },
                        ],
                    }
                ).encode()
            ),
            "app.spdx3.json",
        ),
    ),
    "Syft JSON": (
        RawDocument(
            (
                json.dumps(
                    {
                        "artifacts": [
                            {
                                "id": "a",
                                "name": "a",
                                "version": "1",
                                "type": "python",
                                "foundBy": "python-installed-package-cataloger",
                                "locations": [{"path": "/x/a.dist-info/METADATA"}],
                                "purl": "pkg:pypi/a@1",
                                "metadataType": "python-package",
                                "metadata": {"name": "a", "version": "1", "files": [{"path": "b-2.dist-info/RECORD"}]},
                            },
                            {"id": "b", "name": "b", "version": "2", "type": "deb", "metadata": None},
                        ],
                        "artifactRelationships": [{"parent": "b", "child": "a", "type": "dependency-of"}],
                        "files": [{"id": "f", "location": {"path": "/c-1.whl"}}],
                        "source": {"id": "s", "name": "app", "type": "image", "metadata": {}},
                        "distro": {},
                        "descriptor": {"name": "syft", "version": "1"},
                        "schema": {"version": "16.1.0", "url": "https://files.example/anchore/syft/schema.json"},
                    }
                ).encode()
            ),
            "syft.json",
        ),
    ),
    "Trivy JSON": (
        RawDocument(
            json.dumps(
                {
                    "SchemaVersion": 2,
                    "CreatedAt": "2026-03-24T10:39:00Z",
                    "ArtifactName": "a/b:1",
                    "ArtifactType": "container_image",
                    "Metadata": {"RepoTags": ["a/b:1"]},
                    "Results": [
                        {
                            "Target": "Python",
                            "Class": "lang-pkgs",
                            "Type": "python-pkg",
                            "Packages": [
                                {"ID": "a@1", "Name": "a", "Version": "1", "Identifier": {"PURL": "pkg:pypi/a@1"}},
                                {
                                    "Name": "b",
                                    "Version": "1",
                                    "Release": "2",
                                    "DependsOn": ["a@1"],
                                    "InstalledFiles": ["c"],
                                },
                            ],
                            "Vulnerabilities": [{"PkgName": "c", "InstalledVersion": "1", "PkgIdentifier": {}}],
                            "Licenses": [{"PkgName": "d"}],
                        }
                    ],
                }
            ).encode(),
            "trivy.json",
        ),
    ),
    "GitHub dependency snapshot": (
        RawDocument(
            json.dumps(
                {
                    "version": 0,
                    "job": {"id": "1", "html_url": "https://github.com/a/b/actions/runs/1"},
                    "detector": {"name": "x", "version": "1"},
                    "scanned": "2026-03-24T10:39:00Z",
                    "metadata": {"a": "b"},
                    "manifests": {
                        "a": {
                            "name": "a",
                            "file": {"source_location": "uv.lock"},
                            "resolved": {
                                "b": {"package_url": "pkg:pypi/b@1", "scope": "development", "dependencies": ["c"]},
                                "c": {"package_url": "pkg:npm/c@1", "relationship": "indirect", "metadata": {"d": 1}},
                            },
                        }
                    },
                }
            ).encode(),
            "snapshot.json",
        ),
    ),
    "attestation": (
        RawDocument(
            json.dumps(
                {
                    "_type": "https://in-toto.io/Statement/v1",
                    "subject": [{"name": "a-1.tar.gz", "uri": "pkg:pypi/b@1", "digest": {"sha256": "00" * 32}}],
                    "predicateType": "https://cyclonedx.org/bom",
                    "predicate": {
                        "Data": {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "a"}]}
                    },
                }
            ).encode(),
            "statement.json",
        ),
        RawDocument(
            json.dumps(
                {
                    "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
                    "dsseEnvelope": {
                        "payloadType": "application/vnd.in-toto+json",
                        "payload": base64.b64encode(
                            b'{"predicateType": "https://slsa.dev/provenance/v1", "subject": [], "predicate": '
                            b'{"buildDefinition": {"resolvedDependencies": [{"uri": "pkg:pypi/a@1", "digest": {}}]}}}'
                        ).decode(),
                    },
                }
            ).encode(),
            "bundle.json",
        ),
    ),
    "uv.lock": (
        RawDocument(
            (
                b'version = 1\nrequires-python = ">=3.11"\n[manifest]\nmembers = ["app"]\n[[package]]\nname = "app"\n'
                b'version = "0.1"\nsource = { editable = "." }\ndependencies = [{ name = "a", marker = "os_n'
                b"ame == 'nt'\" }]\n"
                b'[package.optional-dependencies]\nx = [{ name = "a", extra = ["y"] }]\n[package.dev-depende'
                b"ncies]\nd = []\n"
                b'[[package]]\nname = "a"\nversion = "1"\nsource = { registry = "r" }\nsdist = { hash = "sha256:00" }\n'
            ),
            "uv.lock",
        ),
    ),
    "poetry.lock": (
        RawDocument(
            (
                b'[[package]]\nname = "a"\nversion = "1"\noptional = false\ngroups = ["main", "dev"]\n'
                b'markers = {main = "extra == \'x\'"}\nfiles = [{file = "a-1.tar.gz", hash = "sha256:00"}]\n'
                b'[package.dependencies]\nb = [{version = "^1", markers = "os_name == \'nt\'"}, "*"]\n[[pack'
                b'age]]\nname = "b"\n'
                b'version = "1"\ncategory = "dev"\n[package.source]\ntype = "git"\nurl = "x"\nresolved_refer'
                b'ence = "y"\n'
                b'[[package]]\nname = "b"\nversion = "2"\n[metadata]\nlock-version = "2.1"\npython-versions = "^3.9"\n'
                b'content-hash = "0"\n[metadata.files]\nb = [{file = "b-2.tar.gz", hash = "sha256:00"}]\n'
            ),
            "poetry.lock",
        ),
    ),
    "pdm.lock": (
        RawDocument(
            (
                b'[metadata]\ngroups = ["default", "dev"]\nlock_version = "4.5.0"\ncontent_hash = "sha256:0"\n'
                b'[[metadata.targets]]\nrequires_python = ">=3.9"\n[[package]]\nname = "a"\nversion = "1"\ng'
                b'roups = ["dev"]\n'
                b'marker = "os_name == \'nt\'"\ndependencies = ["b[c]>=1; os_name == \'nt\'", "a==1"]\n'
                b'files = [{file = "a-1.tar.gz", hash = "sha256:00"}]\n[[package]]\nname = "a"\nversion = "1'
                b'"\nextras = ["x"]\n'
                b'[[package]]\nname = "b"\nversion = "1"\ngit = "x"\nrevision = "y"\n'
            ),
            "pdm.lock",
        ),
    ),
    "Pipfile.lock": (
        RawDocument(
            json.dumps(
                {
                    "_meta": {
                        "pipfile-spec": 6,
                        "requires": {"python_version": "3.12"},
                        "sources": [{"name": "corp", "url": "https://index.corp/simple"}],
                    },
                    "default": {
                        "a": {"hashes": ["sha256:00"], "index": "corp", "markers": "os_name == 'nt'", "version": "==1"},
                        "b": {"git": "x", "ref": "y"},
                    },
                    "develop": {"c": {"version": "*", "os_name": "== 'nt'"}},
                }
            ).encode(),
            "Pipfile.lock",
        ),
    ),
    "pylock.toml": (
        RawDocument(
            (
                b'lock-version = "1.0"\ncreated-by = "x"\nextras = ["e"]\ndependency-groups = ["g"]\ndefault'
                b'-groups = ["g"]\n'
                b'[[packages]]\nname = "a"\nversion = "1"\nindex = "https://index.corp/simple"\n'
                b"marker = \"'e' in extras and 'g' in dependency_groups\"\ndependencies = [{name = \"b\", ve"
                b'rsion = "1"}]\n'
                b'sdist = {name = "a-1.tar.gz", url = "u", hashes = {sha256 = "00"}}\n[[packages]]\nname = "b"\n'
                b'vcs = {type = "git", url = "x", commit-id = "y"}\n[packages.tool.pdm]\ndependencies = ["a>=1"]\n'
            ),
            "pylock.toml",
        ),
    ),
    "pip inspect": (
        RawDocument(
            (
                json.dumps(
                    {
                        "version": "1",
                        "pip_version": "26.0",
                        "installed": [
                            {
                                "metadata": {
                                    "name": "a",
                                    "version": "1",
                                    "requires_dist": ["b[c]>=1 ; extra == 'x'", "d"],
                                },
                                "requested": True,
                                "direct_url": {
                                    "url": "https://files.corp/a-1.tar.gz",
                                    "archive_info": {"hash": "sha256=00"},
                                },
                            },
                            {"metadata": {"name": "b"}},
                            None,
                        ],
                        "environment": {"os_name": "posix"},
                    }
                ).encode()
            ),
            "inspect.json",
        ),
    ),
    "pip install report": (
        RawDocument(
            json.dumps(
                {
                    "version": "1",
                    "pip_version": "26.3",
                    "install": [
                        {
                            "metadata": {"name": "a", "version": "1", "requires_dist": ["b[c]>=1 ; extra == 'x'"]},
                            "download_info": {
                                "url": "https://files.corp/a-1.tar.gz",
                                "archive_info": {"hash": "sha256=00"},
                            },
                            "is_direct": False,
                            "requested": True,
                            "requested_extras": ["x"],
                        },
                        {"metadata": {"name": "b"}, "download_info": {"url": "u", "vcs_info": {"vcs": "git"}}},
                    ],
                    "environment": {"os_name": "posix"},
                }
            ).encode(),
            "report.json",
        ),
    ),
    "conda list": (
        RawDocument(
            (
                b"# packages in environment at /x:\n#\n# Name  Version  Build  Channel\na  1  py_0  conda-forge\n"
                b"b  2  pypi_0  pypi\nc  3  <pip>\nd  4  dev_0  <develop>\n"
            ),
            "conda-list.txt",
        ),
        RawDocument(
            (
                b'[{"base_url": "x", "build_string": "pypi_0", "channel": "pypi", "dist_name": "a-1-pypi_0",'
                b' "name": "a", '
                b'"version": "1"}, {"name": "b", "version": "2", "channel": "main"}]'
            ),
            "conda-list.json",
        ),
        RawDocument(
            b"# $ conda create --name <env> --file <this file>\n# created-by: conda 25\na=1=py_0\nb=2=pypi_0\n",
            "conda-export.txt",
        ),
    ),
    "conda explicit list": (
        RawDocument(
            (
                b"# Generated by conda-lock.\n@EXPLICIT\nhttps://c.corp/noarch/a-1-py_0.conda#00\n"
                b"# pip b @ https://files.corp/b-1.tar.gz#sha256=00\n# pip c == 1 --hash=sha256:00\n"
            ),
            "explicit.txt",
        ),
    ),
    "conda-lock.yml": (
        RawDocument(
            (
                b"version: 1\nmetadata:\n  content_hash: {linux-64: x}\n  sources: [a.yml]\n"
                b"  time_metadata: {created_at: 2026}\n"
                b"package:\n- name: a\n  version: '1'\n  manager: conda\n  platform: linux-64\n  dependencie"
                b"s: {b: '>=1'}\n"
                b"  url: u\n  hash: {sha256: '00'}\n  category: dev\n- &b {name: b, version: '1', manager: pip,\n"
                b"  platform: osx-64, url: git+https://x, source: {type: url, url: y}}\n- *b\n"
            ),
            "conda-lock.yml",
        ),
    ),
    "conda environment": (
        RawDocument(
            (
                b"name: x\nchannels: [c]\ndependencies:\n- python=3.12\n- c::a=1=py_0\n- &b b >=1\n- *b\n- p"
                b"ip:\n  - d==1\n"
                b"  - -r e.txt\n  - git+https://f\nvariables: {PIP_INDEX_URL: g}\n"
            ),
            "environment.yml",
        ),
        RawDocument(
            b"dependencies:\n- a=1\n- c::b\n- pip:\n  - d==1\n  - -r e.txt\n  - git+https://f\n",
            "environment.yml",
            "lock",
        ),
    ),
    "pixi.lock": (
        RawDocument(
            (
                b"version: 6\nenvironments:\n  default:\n    channels: [{url: https://c.corp/}]\n    package"
                b"s:\n      linux-64:\n"
                b"      - conda: https://c.corp/noarch/a-1-py_0.conda\n      - &b {pypi: https://files.corp/"
                b"b-1-py3-none-any.whl}\n"
                b"      - *b\n      - pypi: ./\npackages:\n- conda: https://c.corp/noarch/a-1-py_0.conda\n  "
                b"sha256: '00'\n"
                b"- pypi: https://files.corp/b-1-py3-none-any.whl\n  name: b\n  version: 1\n  requires_dist: [c>=1]\n"
            ),
            "pixi.lock",
        ),
    ),
    "requirements file": (
        RawDocument(
            (
                b"--index-url https://index.corp/simple\na==1 \\\n  --hash=sha256:00 # via b\nb[c]>=1,<2 ; o"
                b"s_name == 'nt'\n"
                b"c @ https://files.corp/c-1-py3-none-any.whl\n-e git+https://git.corp/d#egg=d\n    # via\n    #   a\n"
            ),
            "requirements.txt",
        ),
    ),
    "pyproject.toml": (
        RawDocument(
            (
                b"[project]\nname = 'x'\ndependencies = ['a>=1 ; extra == \"b\"']\n[project.optional-depende"
                b"ncies]\ny = ['b']\n"
                b"[tool.poetry.dependencies]\npython = '^3.9'\na = { version = '~1', markers = 'x' }\n"
            ),
            "pyproject.toml",
        ),
        RawDocument(
            (
                b"[build-system]\nrequires = ['a']\n[tool.uv.sources]\nb = {git = 'c'}\n"
                b"[tool.pixi.pypi-dependencies]\nd = '*'\n"
            ),
            "pyproject.toml",
            "lock",
        ),
    ),
    "Pipfile": (
        RawDocument(
            b"[[source]]\nurl = 'a'\n[packages]\nb = {version = '*', markers = 'c'}\n[dev-packages]\nd = '==1'\n",
            "Pipfile",
            "lock",
        ),
    ),
    "install commands": (
        RawDocument(
            (
                b"FROM a\nARG V=1\nENV A=1 B='c d'\nWORKDIR /app\nCOPY requirements.txt /tmp/\n"
                b"RUN --mount=type=cache \\\n# why\n  pip install -r /tmp/requirements.txt a==$V && uv sync\n"
                b'RUN ["pip", "install", "b"]\nRUN <<E\npip install c\nE\n'
            ),
            "Dockerfile",
            "lock",
        ),
        RawDocument(
            b"#!/bin/sh\nD=(a 'b c')\nfor i in $D; do pip install $i \"${D[@]}\" $(x) `y`; done\ncd z &&"
            b" pip install .\n",
            "setup.sh",
            "lock",
        ),
        RawDocument(b"PIP = $(V)/bin/pip\nX := a\nall:\n\t@$(PIP) install $(X) $$Y -U -r r.txt\n", "Makefile", "lock"),
        RawDocument(
            (
                b"env: {V: '1'}\njobs:\n  a:\n    steps:\n    - run: |\n        pip install a==$V ${{ x }}\n"
                b"      working-directory: b\n    - &c {command: [pip, install, d]}\n    - *c\n"
            ),
            ".github/workflows/a.yml",
            "lock",
        ),
        RawDocument(
            b"[tox]\nrequires = a\n[testenv]\ndeps =\n  -rb.txt\n  py3: c>=1\n  {[x]deps}\ncommands = pip install d\n",
            "tox.ini",
            "lock",
        ),
        RawDocument(
            b"A = ['a']\ndef t(session):\n    session.install('-r', 'b', *A, x())\n    session.run('uv', 'sync')\n",
            "noxfile.py",
            "lock",
        ),
        RawDocument(
            b"A = ['a']\nsetup(install_requires=A + ['b'], extras_require={'c': ['d']}, **e)\n", "setup.py", "lock"
        ),
        RawDocument(
            b"[options]\ninstall_requires =\n  a>=1\n  b @ c:/d\n[options.extras_require]\ne = f; os_name == 'nt'\n",
            "setup.cfg",
            "lock",
        ),
        RawDocument(
            b"repos:\n- hooks:\n  - additional_dependencies: [a==1, 'b@1', ./c]\n    entry: pip install d\n",
            ".pre-commit-config.yaml",
            "lock",
        ),
        RawDocument(
            b'{"cells": [{"cell_type": "code", "source": ["!pip install a {b}\\n", "%pip install c"]}]}',
            "a.ipynb",
            "lock",
        ),
        RawDocument(
            b"# /// script\n# dependencies = ['a', 'b @ c:/d']\n# [tool.uv]\n# index-url = 'e'\n# ///\n", "a.py", "lock"
        ),
        RawDocument(
            (
                b"[dependencies]\na = '*'\n[pypi-dependencies]\nb = {version = '>=1', extras = ['c']}\n[tasks]\n"
                b"d = 'pip install e'\n"
            ),
            "pixi.toml",
            "lock",
        ),
    ),
    ".dockerignore": (
        RawDocument(b"# what stays out\n*\n!src/**\n! *.lock\n**/*.py[co]\n\\#a\n[\n", ".dockerignore", "lock"),
        RawDocument(b"uv.lock\r\n", "api.Dockerfile.dockerignore", "lock"),
    ),
    "Git LFS pointer": (
        RawDocument(
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d" * 32 + b"\nsize 12345\n"), "uv.lock"
        ),
    ),
}
"""By the format as its reader is called. Each is claimed by that reader alone, under the name and hint it has here."""
