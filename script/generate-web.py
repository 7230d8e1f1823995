#!/usr/bin/env python3
"""web/dist -> web_files.c: every file of the built console, raw and compressed, inside of the program.

usage: generate-web.py DIST_DIR OUTPUT_DIR

The bytes are taken in by the assembler (.incbin): fast to compile at any size. The same input gives the same output.
"""
import gzip
import hashlib
import pathlib
import sys

MIME = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
        ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon",
        ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8"}


def incbin(symbol, path):
    return (f'__asm__(".section .rodata\\n.balign 16\\n{symbol}:\\n.incbin \\"{path}\\"\\n"\n'
            f'        "{symbol}_end:\\n.previous\\n");\n'
            f"extern const uint8_t {symbol}[], {symbol}_end[];")


def main(dist, output):
    packed_dir = output / "web"
    packed_dir.mkdir(parents=True, exist_ok=True)
    out = ["/* Made from the built console by script/generate-web.py. */", '#include "api/web_files.h"', ""]
    rows = []
    files = [p for p in sorted(dist.rglob("*")) if p.is_file() and p.suffix != ".map"]
    for i, path in enumerate(files):
        if path.suffix not in MIME:
            sys.exit(f"{path}: no media type is known for '{path.suffix}': add it to script/generate-web.py")
        raw = path.read_bytes()
        packed = gzip.compress(raw, 9, mtime=0)
        worth = len(packed) < len(raw) * 9 // 10
        name = "/" + path.relative_to(dist).as_posix()
        out.append(incbin(f"heng_web_raw_{i}", path.resolve()))
        if worth:
            gz = packed_dir / f"{i}.gz"
            gz.write_bytes(packed)
            out.append(incbin(f"heng_web_gzip_{i}", gz.resolve()))
        rows.append(f'    {{.path = "{name}", .mime = "{MIME[path.suffix]}", '
                    f'.etag = "{hashlib.sha256(raw).hexdigest()[:32]}", '
                    f'.immutable = {"true" if name.startswith("/assets/") else "false"}, .raw = heng_web_raw_{i}, '
                    f'.gzip = {f"heng_web_gzip_{i}" if worth else "NULL"}, .raw_n = {len(raw)}, '
                    f'.gzip_n = {len(packed) if worth else 0}}},')
    out += ["", "const struct heng_web_file heng_web_files[] = {"] + rows + ["};",
            f"const size_t heng_web_file_count = {len(files)};", ""]
    (output / "web_files.c").write_text("\n".join(out), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
