#!/usr/bin/env python3
"""profiles/*.json -> meter/profile_files.c: the shipped profiles as they stand, in the order of their names.

usage: generate-profiles.py PROFILES_DIR OUTPUT

The files are embedded as bytes, because compilers limit the length of one string. That they are good profiles is what
the tests and `heng profile check` are for; here only the names are compared.
"""
import json
import pathlib
import sys


def files_of(folder):
    for path in sorted(folder.glob("*.json"), key=lambda p: p.stem):
        if path.name == "profile.schema.json":
            continue
        text = path.read_bytes()
        try:
            name = json.loads(text).get("name")
        except ValueError as error:
            sys.exit(f"{path}: {error}")
        if name != path.stem:
            sys.exit(f"{path}: the profile in it is called '{name}': file and profile bear one name")
        yield path.stem, text


def c_bytes(text):
    return "\n".join("    " + "".join(f"{byte}," for byte in text[i:i + 32]) for i in range(0, len(text), 32))


def main(folder, output):
    out = ["/* Made from profiles/ by script/generate-profiles.py. */", '#include "meter/profile.h"', ""]
    table = []
    for number, (name, text) in enumerate(files_of(folder)):
        out += [f"static const unsigned char file_{number}[] = {{", c_bytes(text), "    0};", ""]
        table.append(f'    {{"{name}", (const char *)file_{number}, sizeof file_{number} - 1}},')
    if not table:
        sys.exit(f"{folder}: there is no profile")
    out += ["const struct heng_profile_file heng_profile_files[] = {", *table, "};",
            "const size_t heng_profile_file_count = sizeof heng_profile_files / sizeof heng_profile_files[0];", ""]
    output.write_text("\n".join(out), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
