"""Follows the links of the documents: relative ones to files and headings, and those to this crate's
pages on docs.rs into the documentation in target/doc."""

import re
import subprocess
import sys
import unicodedata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = re.compile(r"https://docs\.rs/([a-z-]+)/latest/([^#)]*)(?:#(.*))?")
LINK = re.compile(r"(?<!!)\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
OURS = {"highwater", "highwater-prometheus", "highwater-opentelemetry"}


def without_code(text):
    text = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "code", text)


def anchor(heading):
    """The anchor that GitHub gives a heading."""
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    kept = (c for c in heading.strip().lower() if c in "-_ " or unicodedata.category(c)[0] in "LN")
    return "".join(kept).replace(" ", "-")


def anchors(document):
    text = re.sub(r"^(```|~~~).*?^\1", "", document.read_text(), flags=re.M | re.S)
    return {anchor(heading) for heading in re.findall(r"^#+ +(.*)$", text, flags=re.M)}


def fault(document, link):
    """What is wrong with a link, or None."""
    if "crate::" in link:
        return "only rustdoc understands it"
    if page := PAGES.fullmatch(link):
        crate, path, fragment = page.groups()
        if crate not in OURS:
            return None
        page = ROOT / "target" / "doc" / path
        page = page / "index.html" if path.endswith("/") else page
        if not page.is_file():
            return f"{page.relative_to(ROOT)} is not in the documentation"
        if fragment and f'id="{fragment}"' not in page.read_text():
            return f"the page has no #{fragment}"
        return None
    if "://" in link:
        return None
    path, _, fragment = link.partition("#")
    target = (document.parent / path).resolve() if path else document
    if not target.exists():
        return "there is no such file"
    if fragment and target.suffix == ".md" and fragment not in anchors(target):
        return f"{target.name} has no heading #{fragment}"
    return None


documents = subprocess.run(
    ["git", "ls-files", "-z", "--", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True
).stdout.split("\0")
seen, faults = 0, []
for name in filter(None, documents):
    document = ROOT / name
    for found in LINK.finditer(without_code(document.read_text())):
        link = found[1] or found[2]
        seen += 1
        if wrong := fault(document, link):
            faults.append(f"{name}: {link}: {wrong}")
print(f"{seen} links, {len(faults)} broken")
print("\n".join(faults), end="\n" if faults else "")
sys.exit(bool(faults))
