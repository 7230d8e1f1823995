#!/usr/bin/env python3
"""Make what libheng installs out of src/heng.h and the headers that it includes, directly or not.

    script/generate-libheng.py SRC OUT VERSION

writes OUT/include/heng/...  the headers, with their includes as <heng/...>
       OUT/man3/*.3          a reference page per header, and a short page per function that points to it
       OUT/libheng.map       the symbols that libheng.so exports: what these headers declare, nothing else
       OUT/public.txt        "function NAME HEADER", "object NAME HEADER" and "header PATH" lines, for the tests
Exits 1 with file and line when a public function has no description: a comment above it, above the block of
declarations it stands in, or behind it.
"""
import pathlib
import re
import sys


class Item:
    """One thing of a header: comment, declaration text, what it is and the names it declares."""

    def __init__(self, line, text, kind, name, comment, own):
        self.line, self.text, self.kind, self.name = line, text, kind, name
        self.comment, self.own = comment, own  # own: the comment stands right above, not above an earlier item


def closure(src):
    """heng.h and all it includes, in the order of first mention."""
    found, waiting = [], ["heng.h"]
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        found.append(name)
        text = (src / name).read_text(encoding="utf-8")
        waiting += re.findall(r'^#\s*include\s+"([^"]+)"', text, flags=re.M)
    return found


def comment_text(raw):
    """The words of a comment, without its stars, line structure kept."""
    body = re.sub(r"^/\*+ ?|\s*\*+/$", "", raw.strip())
    return "\n".join(re.sub(r"^\s*\* ?", "", line).rstrip() if i else line.rstrip()
                     for i, line in enumerate(body.split("\n"))).strip("\n")


def declared_name(text):
    """(kind, name) of a declaration at file level."""
    flat = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    flat = re.sub(r"HENG_PRINTF\([^)]*\)|HENG_NODISCARD|__attribute__\(\(.*?\)\)", " ", flat)
    flat = re.sub(r"\s+", " ", flat).strip()
    match = re.match(r"#define (\w+)", flat)
    if match:
        return ("list" if match.group(1).endswith("_LIST") else "macro"), match.group(1)
    if flat.startswith("#"):
        return "directive", ""
    if flat.startswith("typedef"):
        match = re.search(r"(\w+)\s*;$", flat)
        return "type", match.group(1) if match else ""
    match = re.match(r"extern (?:const )?[\w ]+?\**\b(\w+(?:\[\])?(?:, \w+(?:\[\])?)*)\s*;", flat)
    if match:
        return "object", match.group(1).replace("[]", "")
    match = re.match(r"(struct|union|enum)\s*(\w*)\s*(\{|;)", flat)
    if match:
        return ("type" if match.group(3) == "{" else "forward"), match.group(2)
    match = re.match(r"[\w\s*]+?\b(\w+)\s*\(", flat)
    if match:
        return ("inline" if "static inline" in flat else "function"), match.group(1)
    return "other", ""


def pieces(text):
    """Split a header into (line, kind, text): comment, blank, code; code is one declaration or directive."""
    at, line, n = 0, 1, len(text)
    while at < n:
        if text[at] in " \t\n":
            end = at
            while end < n and text[end] in " \t\n":
                end += 1
            yield line, "blank" if text.count("\n", at, end) > 1 else "newline" if "\n" in text[at:end] else "space", ""
        elif text.startswith("/*", at):
            end = text.index("*/", at) + 2
            yield line, "comment", text[at:end]
        elif text[at] == "#":
            end = at
            while True:
                end = text.find("\n", end)
                if end < 0:
                    end = n
                    break
                if text[end - 1] != "\\":
                    break
                end += 1
            yield line, "code", text[at:end]
        else:
            end, depth = at, 0
            while end < n:
                if text.startswith("/*", end):
                    end = text.index("*/", end) + 2
                    continue
                depth += text[end] in "{(["
                depth -= text[end] in "})]"
                end += 1
                if depth == 0 and text[end - 1] == ";":
                    break
                if depth == 0 and text[end - 1] == "}" and "(" in text[at:text.index("{", at)]:
                    break  # the body of an inline function
            yield line, "code", text[at:end]
        line += text.count("\n", at, end)
        at = end


def parse(text):
    """(comment of the file, its items). A comment belongs to the declarations below it up to the next blank line;
    one at the end of a line belongs to what stands on that line."""
    head, items, comment, fresh, same_line = "", [], "", False, False
    text = re.sub(r"#ifdef __cplusplus\n(.*?)(?:#else\n(.*?))?#endif\n", r"\2", text, flags=re.S)
    for line, kind, piece in pieces(text):
        if kind == "blank":
            comment, same_line = "", False
        elif kind == "newline":
            same_line = False
        elif kind == "comment":
            words = comment_text(piece)
            if not head:
                head = words
            elif same_line and items:
                items[-1].text += " " + piece
                items[-1].comment = items[-1].comment or words
            else:
                comment, fresh = words, True
        elif kind == "code":
            what, name = declared_name(piece)
            if what not in ("directive", "forward"):
                items.append(Item(line, piece, what, name, comment, fresh))
            fresh, same_line = False, True
    return head, items


def head_only(item):
    """The declaration of an item as a user needs to see it: inline functions without their body."""
    text = item.text
    if item.kind == "inline":
        text = re.sub(r"^static inline ", "", text[:text.index("{")].rstrip()) + ";"
    return re.sub(r"^HENG_NODISCARD ", "", text)


def roff(text):
    """Plain words as roff input."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def paragraphs(comment):
    """Comment text as roff: lines that are laid out with more than one blank keep their layout."""
    if re.search(r"(?m)^\s|\S {2,}\S", comment):
        return ".nf\n" + roff(comment) + "\n.fi\n"
    return "\n.PP\n".join(roff(part) for part in re.split(r"\n\s*\n", comment)) + "\n"


def code(text):
    return ".PP\n.in +4n\n.nf\n" + roff(re.sub(r" +\\$", " \\\\", text, flags=re.M)) + "\n.fi\n.in\n"


def page(path, head, items, version, pages):
    name = page_name(path)
    # The one-line summary: up to the first full stop or colon that ends a phrase.
    summary = re.split(r"[.:;](?:\s|$)", " ".join(head.split()))[0]
    out = [f'.TH {name} 3 "" "Heng {version}" "libheng"\n.nh\n.SH NAME\n{roff(name)} \\- {roff(summary)}\n',
           ".SH SYNOPSIS\n",
           f".nf\n#include <heng/{path}>\n.fi\n.PP\ncc ... $(pkg\\-config \\-\\-cflags \\-\\-libs heng)\n",
           ".SH DESCRIPTION\n", paragraphs(head)]
    for title, kinds in (("TYPES", ("type",)), ("TABLES", ("list",)), ("MACROS", ("macro",)),
                         ("OBJECTS", ("object",)), ("FUNCTIONS", ("function", "inline"))):
        chosen = [item for item in items if item.kind in kinds and item.name != guard(path)]
        if not chosen:
            continue
        out.append(f".SH {title}\n")
        groups = []
        for item in chosen:
            if groups and item.comment and not item.own and item.comment == groups[-1][0].comment:
                groups[-1].append(item)
            else:
                groups.append([item])
        for group in groups:
            out.append(code("\n".join(head_only(item) for item in group)))
            if group[0].comment and not group[0].text.endswith("*/"):
                out.append(".PP\n" + paragraphs(group[0].comment))
    others = [roff(other) for other in pages if other != name]
    out.append(".SH SEE ALSO\n" + "".join(f".BR {other} (3){',' if other != others[-1] else ''}\n" for other in others))
    return "".join(out)


def page_name(path):
    return "libheng" if path == "heng.h" else "heng-" + pathlib.Path(path).stem


def guard(path):
    return "HENG_H" if path == "heng.h" else "HENG_" + re.sub(r"\W", "_", path).upper()


def main(src, out, version):
    headers = closure(src)
    parsed = {path: parse((src / path).read_text(encoding="utf-8")) for path in headers}
    pages = [page_name(path) for path in headers]
    complaints, public, exported = [], [], []
    (out / "man3").mkdir(parents=True, exist_ok=True)
    for old in (out / "man3").glob("*.3"):
        old.unlink()
    for path, (head, items) in parsed.items():
        target = out / "include" / "heng" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (src / path).read_text(encoding="utf-8")
        target.write_text(re.sub(r'^(#\s*include\s+)"([^"]+)"', r"\1<heng/\2>", text, flags=re.M), encoding="utf-8")
        public.append(f"header {path}")
        if not head:
            complaints.append(f"src/{path}:1: no comment says what this header is for")
        for item in items:
            if item.kind == "other":
                complaints.append(f"src/{path}:{item.line}: cannot tell what this declares")
            if item.kind in ("function", "inline"):
                public.append(f"{item.kind} {item.name} {path}")
                if not item.comment:
                    complaints.append(f"src/{path}:{item.line}: public function {item.name}() has no description")
                (out / "man3" / f"{item.name}.3").write_text(f".so man3/{page_name(path)}.3\n", encoding="utf-8")
            if item.kind == "object":
                public += [f"object {name} {path}" for name in item.name.split(", ")]
            if item.kind in ("function", "object"):
                exported += item.name.split(", ")
        (out / "man3" / f"{page_name(path)}.3").write_text(page(path, head, items, version, pages), encoding="utf-8")
    (out / "public.txt").write_text("\n".join(public) + "\n", encoding="utf-8")
    (out / "libheng.map").write_text("{ global:\n" + "".join(f"    {name};\n" for name in sorted(set(exported)))
                                     + "  local: *;\n};\n", encoding="utf-8")
    return complaints


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: generate-libheng.py SRC OUT VERSION")
    found = main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3])
    print("\n".join(found), end="\n" if found else "")
    sys.exit(1 if found else 0)
