"""Every link of every document leads somewhere, and docs/README.md lists every document for users."""

import re
import subprocess

import pytest

from rig.place import ROOT

FILES = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
PAGES = [ROOT / name for name in FILES if not name.startswith(".github/")]


def prose(page) -> str:
    """The text without blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)


def anchors(page) -> set[str]:
    """Of headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", prose(page), re.M)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)\s]*))?\)", prose(page)):
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), f"{target}#{anchor}"


def test_one_page_lists_all_documents():
    index = ROOT / "docs/README.md"
    listed = {(index.parent / target).resolve() for target in re.findall(r"\]\(([^)#:\s]+)\)", index.read_text())}
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in listed | {index}] == []
