"""Every link of a document leads somewhere: to a file that is there, to a heading that it has."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.headings import HEADING, anchor
from tests.docs.machine import ROOT

DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *(
        path
        for folder in ("clients", "deploy", "docs", "tests")
        for path in sorted(ROOT.glob(f"{folder}/**/*.md"))
        if "node_modules" not in path.parts
    ),
]

LINK = re.compile(r"\]\((?P<path>[^)#\s:]*)(?:#(?P<heading>[^)\s]+))?\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def links(document: Path) -> Iterator[tuple[Path, str]]:
    """What the document links to within the project: the file, and the heading if it names one."""
    for link in LINK.finditer(FENCED.sub("", document.read_text(encoding="utf-8"))):
        path = document.parent / link["path"] if link["path"] else document
        yield path, link["heading"] or ""


def anchors(document: Path) -> set[str]:
    """The headings of a document, as links name them."""
    text = FENCED.sub("", document.read_text(encoding="utf-8"))
    return set(map(anchor, HEADING.findall(text)))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for path, heading in links(document):
        assert path.exists(), path
        assert not heading or heading in anchors(path), (path, heading)


def test_there_are_links() -> None:
    assert any(heading for document in DOCUMENTS for _, heading in links(document))
    assert {path.name for path, _ in links(ROOT / "README.md")} >= {"demo.svg", "concepts.md"}
