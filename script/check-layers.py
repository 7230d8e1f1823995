#!/usr/bin/env python3
"""Compare the code with src/LAYERS: what each folder includes, and calls that are banned.

Prints one line per offence (file, line, what, what to do) and exits 1 when there is one. With --self-test it
proves on made-up offences that it finds them.
"""
import pathlib
import re
import sys
import tempfile

# Libraries and where they may appear (ARCHITECTURE.md, section 6). Longest prefix wins.
LIBRARIES = {
    "uv.h": {"link", "run", "gateway", "app"},
    "sqlite3.h": {"spool", "store"},
    "libpq-fe.h": {"store"},
    "expat.h": {"sheet"},
    "unzip.h": {"sheet"},
    "xlsxwriter.h": {"sheet"},
    "uplink/uplink.pb-c.h": {"uplink"},
    "protobuf-c/": {"uplink"},
    "curl/": {"app"},
    "microhttpd.h": {"api"},
    "jansson.h": {"api", "app"},
    "openssl/": {"trust", "link", "store", "seal", "billing", "account", "pay"},
    "cairo": {"paper"},
    "pango/": {"paper"},
    "fontconfig/": {"paper"},
}
BANNED_EVERYWHERE = ["strcpy", "strcat", "sprintf", "vsprintf", "atoi", "atol", "sscanf", "gets", "localtime", "system"]
NO_FLOAT = {"codec", "meter", "spool", "uplink", "gateway", "store", "sheet", "vee", "bill", "rate", "heat", "ledger", "account", "billing", "prepaid", "pay", "archive", "usage", "flow", "model", "line"}
NO_ALLOC = {"codec", "meter", "model", "vee", "bill", "rate", "heat", "ledger"}
NO_CLOCK = {"codec", "meter", "line", "model", "spool", "uplink", "vee", "bill", "rate", "heat", "ledger", "account", "pay"}


def read_layers(path):
    layers = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        line = line.split("#")[0].strip()
        if line:
            folder, allowed = line.split(":")
            layers[folder.strip()] = allowed.split()
    return layers


def without_comments_and_strings(text):
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    text = re.sub(r"/\*.*?\*/|//[^\n]*", blank, text, flags=re.S)
    return re.sub(r'"(\\.|[^"\\\n])*"', blank, text)


def offences(src):
    layers = read_layers(src / "LAYERS")
    order = list(layers)
    for folder, allowed in layers.items():
        for other in allowed:
            if other not in order or order.index(other) >= order.index(folder):
                yield f"src/LAYERS: '{folder}' may not include '{other}': it does not stand before it"
    for path in sorted(src.rglob("*.[ch]")):
        folder = path.relative_to(src).parts[0]
        where = f"src/{path.relative_to(src)}"
        if folder not in layers:
            yield f"{where}: folder '{folder}' is not in src/LAYERS: give it its place in the order first"
            continue
        text = path.read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if not match:
                continue
            name = match.group(2)
            if match.group(1) == '"':
                target = name.split("/")[0]
                if "/" not in name:
                    yield f"{where}:{number}: include \"{name}\" without its folder: write \"{folder}/{name}\""
                elif target != folder and target not in layers[folder]:
                    yield (f"{where}:{number}: '{folder}' may not include '{target}': move the code to where its data "
                           "passes by, or redraw src/LAYERS and ARCHITECTURE.md")
            else:
                for prefix, folders in LIBRARIES.items():
                    if name.startswith(prefix) and folder not in folders:
                        yield f"{where}:{number}: <{name}> belongs to {sorted(folders)}, not to '{folder}'"
        code = without_comments_and_strings(text)
        words = list(BANNED_EVERYWHERE)
        if folder in NO_ALLOC:
            words += ["malloc", "calloc", "realloc", "free"]
        if folder in NO_CLOCK:
            words += ["clock_gettime", "time", "gettimeofday", "heng_clock_wall", "heng_clock_mono",
                      "heng_clock_cpu"]
        for number, line in enumerate(code.splitlines(), 1):
            for match in re.finditer(r"(?<![\w.>])(" + "|".join(words) + r")\s*\(", line):
                yield f"{where}:{number}: call of {match.group(1)}() is banned in '{folder}'"
            if folder in NO_FLOAT and re.search(r"\b(double|float)\b", line):
                yield f"{where}:{number}: binary floating point is banned in '{folder}': use struct heng_dec"


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        src = pathlib.Path(folder)
        (src / "LAYERS").write_text("base:\ncodec: base\n", encoding="utf-8")
        for name in ("base", "codec", "attic"):
            (src / name).mkdir()
        (src / "base" / "a.c").write_text('#include "codec/x.h"\n', encoding="utf-8")
        (src / "codec" / "b.c").write_text(
            '#include <sqlite3.h>\n#include "b.h"\nvoid f(void) { double d; malloc(1); sprintf(0); }\n'
            '/* malloc() and double are fine in a comment */ char *s = "malloc(";\n', encoding="utf-8")
        (src / "attic" / "c.c").write_text("\n", encoding="utf-8")
        found = list(offences(src))
        assert len(found) == 7, found
    print("self-test passed")


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        sys.exit(0)
    all_found = list(offences(pathlib.Path(__file__).resolve().parent.parent / "src"))
    print("\n".join(all_found))
    sys.exit(1 if all_found else 0)
