"""The types of Trivy's results, as purl types, and purls of packages to which old versions give none."""

from __future__ import annotations

from typing import Final

from packageurl import PackageURL

PYTHON: Final = frozenset({"python-pkg", "pip", "pipenv", "poetry", "uv", "pylock"})
MANIFESTS: Final = frozenset({
    *("pip", "pipenv", "poetry", "uv", "pylock", "conda-environment"),
    *("npm", "yarn", "pnpm", "bun", "bundler", "cargo", "composer", "gomod", "pom", "gradle", "sbt", "nuget"),
    *("packages-props", "cocoapods", "swift", "pub", "hex", "conan", "julia"),
})  # fmt: skip
"""Types of packages that a manifest or a lock names: they say what may be installed."""
_PURL_TYPES: Final = {
    **dict.fromkeys(PYTHON, "pypi"),
    **dict.fromkeys(("jar", "pom", "gradle", "sbt"), "maven"),
    **dict.fromkeys(("bundler", "gemspec"), "gem"),
    **dict.fromkeys(("nuget", "dotnet-core", "packages-props"), "nuget"),
    **dict.fromkeys(("composer", "composer-vendor"), "composer"),
    **dict.fromkeys(("conda-pkg", "conda-environment"), "conda"),
    **dict.fromkeys(("gobinary", "gomod"), "golang"),
    **dict.fromkeys(("npm", "node-pkg", "yarn", "pnpm", "bun", "javascript"), "npm"),
    **dict.fromkeys(("cargo", "rustbinary"), "cargo"),
    **{one: one for one in ("cocoapods", "swift", "hex", "conan", "pub", "julia", "bitnami")},
    **dict.fromkeys(("alpine", "chainguard", "wolfi", "minimos"), "apk"),
    **dict.fromkeys(("debian", "ubuntu", "echo"), "deb"),
    **dict.fromkeys(
        (
            *("redhat", "centos", "centos-stream", "rocky", "alma", "amazon", "fedora", "oracle", "photon", "sles"),
            *("opensuse", "opensuse-leap", "opensuse.leap", "opensuse-tumbleweed", "opensuse.tumbleweed", "slem"),
            *("suse linux enterprise server", "suse linux enterprise micro", "azurelinux", "cbl-mariner", "coreos"),
        ),
        "rpm",
    ),
}
"""As Trivy's own `pkg/purl` has them."""
_DISTRIBUTIONS: Final = frozenset({"apk", "deb", "rpm"})
_BY_SLASH: Final = frozenset({"composer", "golang", "npm", "swift"})
"""Types whose names have their namespace before the last slash."""


def purl_type(kind: str) -> str:
    """Return the purl type of a type of Trivy's, empty for one that has none.

    >>> purl_type("poetry"), purl_type("node-pkg"), purl_type("dockerfile")
    ('pypi', 'npm', '')
    """
    return _PURL_TYPES.get(kind, "")


def made_purl(kind: str, name: str, version: str) -> str:
    """Return the purl of a package of a type of Trivy's, for reports of before 0.48, which have none.

    Empty where the type has no purls: such a row may be a package of any kind.

    >>> made_purl("node-pkg", "@scope/x", "1.0"), made_purl("jar", "org.a:b", "1")
    ('pkg:npm/%40scope/x@1.0', 'pkg:maven/org.a/b@1')
    >>> made_purl("debian", "libc6", "2.36-9")
    'pkg:deb/debian/libc6@2.36-9'
    """
    if not (found := purl_type(kind)) or not name:
        return ""
    namespace = kind if found in _DISTRIBUTIONS and " " not in kind else ""
    if found in _BY_SLASH:
        namespace, _, name = name.rpartition("/")
    elif found == "maven":
        namespace, _, name = name.rpartition(":")
    try:
        return PackageURL(found, namespace or None, name, version or None).to_string()
    except ValueError:
        return ""
