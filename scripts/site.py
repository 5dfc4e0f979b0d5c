"""Stages the pages of the documentation for mdBook, and checks what it made. scripts/site.sh calls both.

    site.py stage FOLDER    README.md, docs/ and whatever they link to, with a SUMMARY.md after docs/README.md
    site.py check FOLDER    every link within the site must lead somewhere: to a file, and to a heading in it

Pages keep their places, so their links stay as they are. Files of code that a page links to become pages themselves, folders become
lists of their files. Left out: links to other sites.
"""

import re
import subprocess
import sys
from html.parser import HTMLParser
from os.path import normpath, relpath
from pathlib import Path
from urllib.parse import unquote, urlsplit

FRONT, CONTENTS = Path("README.md"), Path("docs/README.md")
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LANGUAGES = {".rs": "rust,ignore", ".py": "python", ".toml": "toml", ".sh": "bash", ".sbatch": "bash"}
API = """# The library

`divisi` as a Rust crate: [its reference](../api/divisi/index.html), as `cargo doc` writes it.
"""


def target_of(page: Path, link: str) -> Path | None:
    """The file or folder of the repository behind a link; none of another site's, or within the page."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc or not parts.path:
        return None
    path = Path(normpath(page.parent / unquote(parts.path)))
    if not path.exists():
        raise SystemExit(f"{page}: no {path}, which it links to")
    return path


def staged_name(path: Path) -> Path:
    """Where what is linked to stands as a page. A folder's README.md is its index."""
    if path.is_dir():
        return path / "index.md"
    if path.name == "README.md":
        return path.with_name("index.md")
    return path if path.suffix == ".md" else path.with_name(path.name + ".md")


def text_of(path: Path) -> str:
    """A page as it is; a file of code, or a folder, as a page."""
    if path.is_dir():
        readme = path / "README.md"
        if readme.exists():
            return readme.read_text()
        names = subprocess.run(["git", "ls-files", "--", str(path)], capture_output=True, text=True, check=True).stdout.split()
        files = sorted({Path(name).relative_to(path).parts[0] for name in names})
        return f"# {path}\n\n" + "".join(f"- [{name}]({name})\n" for name in files)
    text = path.read_text()
    return text if path.suffix == ".md" else f"# {path}\n\n````{LANGUAGES.get(path.suffix, '')}\n{text}\n````\n"


def staged(path: Path) -> tuple[str, list[Path], list[Path]]:
    """A page whose links lead to pages, then the files and folders that it links to, and its pictures."""
    linked: list[Path] = []
    fences: list[str] = []
    # Links of a folder's list start in the folder.
    page = path / "README.md" if path.is_dir() else path

    def led(match: re.Match[str]) -> str:
        target = target_of(page, match[2])
        if target is None:
            return match[0]
        linked.append(target)
        anchor = "#" + match[2].partition("#")[2] if "#" in match[2] else ""
        return f"[{match[1]}]({relpath(staged_name(target), page.parent)}{anchor})"

    def taken_out(match: re.Match[str]) -> str:
        fences.append(match[0])
        return f"\0{len(fences) - 1}\0"

    text = text_of(path)
    if page.suffix != ".md":
        return text, [], []
    bare = FENCE.sub(taken_out, text)
    pictures = [picture for picture in (target_of(page, link) for link in PICTURE.findall(bare)) if picture]
    bare = LINK.sub(led, bare)
    return re.sub(r"\0(\d+)\0", lambda match: fences[int(match[1])], bare), linked, pictures


def stage(folder: Path) -> None:
    waiting, known = [FRONT, CONTENTS], {staged_name(FRONT), staged_name(CONTENTS)}
    while waiting:
        path = waiting.pop()
        text, linked, pictures = staged(path)
        place = folder / staged_name(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        for picture in pictures:
            (folder / picture).parent.mkdir(parents=True, exist_ok=True)
            (folder / picture).write_bytes(picture.read_bytes())
        for target in linked:
            if staged_name(target) not in known:
                known.add(staged_name(target))
                waiting.append(target)
    (folder / "docs/api.md").write_text(API)
    (folder / "SUMMARY.md").write_text(summary(known))


def summary(pages: set[Path]) -> str:
    """The contents of the book: after docs/README.md, then what else is linked to."""
    front, contents = staged_name(FRONT), staged_name(CONTENTS)
    lines, placed = ["# Summary", "", f"[Divisi]({front})", f"[Documentation]({contents})"], {front, contents}
    for line in CONTENTS.read_text().splitlines():
        if line.startswith("## "):
            lines += ["", f"# {line[3:]}", ""]
        for name, link in LINK.findall(line):
            target = target_of(CONTENTS, link)
            if target is not None and staged_name(target) not in placed:
                placed.add(staged_name(target))
                name = name[0].upper() + name[1:] if name.split()[0].islower() else name
                lines.append(f"- [{name}]({staged_name(target)})")
    lines += ["- [The library](docs/api.md)", "", "# Beside the pages", "", "- [Files that they name]()"]
    lines += [f"  - [{str(page).removesuffix('.md').removesuffix('/index')}]({page})" for page in sorted(pages - placed)]
    return "\n".join(lines) + "\n"


class Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name in ("id", "name"):
                self.anchors.add(value)
            if value and (name == "src" or name == "href" and tag in ("a", "link")):
                self.links.append(value)


def check(folder: Path) -> None:
    pages = {path: Page(path.read_text()) for path in folder.rglob("*.html") if path.relative_to(folder).parts[0] != "api"}
    # All pages in one, and the page of a missing one, which is served at any place.
    pages = {path: page for path, page in pages.items() if path.name not in ("print.html", "404.html", "toc.html")}
    dead = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = Path(normpath(path.parent / unquote(parts.path))) if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            if not target.exists() or anchor and target in pages and anchor not in pages[target].anchors:
                dead.append(f"{path.relative_to(folder)}: {link}")
    print("\n".join(dead), end="\n" if dead else "")
    print(f"{len(pages)} pages, {sum(len(page.links) for page in pages.values())} links, {len(dead)} of them dead")
    if dead:
        raise SystemExit(1)


if __name__ == "__main__":
    {"stage": stage, "check": check}[sys.argv[1]](Path(sys.argv[2]))
