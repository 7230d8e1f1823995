#!/usr/bin/env python3
"""sql/ -> store/sql_text.h: migrations and named statements as X-macros.

usage: generate-sql.py SQL_DIR OUTPUT

Statements stand in SQL_DIR/*.sql, each under a line `-- name: x`; migrations in SQL_DIR/sqlite/NNNN_*.sql. A migration
is split into its statements, because compilers limit the length of one string. Every statement is checked for
completeness here, so that a missing semicolon stops the build.
"""
import pathlib
import re
import sqlite3
import sys


def strip(text):
    """Without comments and blank lines; our SQL has no '--' inside of strings."""
    lines = (re.sub(r"\s*--.*$", "", line).rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def c_string(text):
    lines = text.split("\n")
    parts = [line + ("\n" if i + 1 < len(lines) else "") for i, line in enumerate(lines)]
    quoted = ('"' + p.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"' for p in parts)
    return " \\\n      ".join(quoted)


def named_statements(path):
    parts = re.split(r"^-- name: (\w+)\n", path.read_text(encoding="utf-8"), flags=re.M)
    for name, text in zip(parts[1::2], parts[2::2]):
        text = strip(text)
        if not sqlite3.complete_statement(text) or text.count(";") != 1:
            sys.exit(f"{path}: '{name}' is not exactly one statement that ends with a semicolon")
        yield name, text


def migration_statements(path):
    statement = ""
    for line in strip(path.read_text(encoding="utf-8")).split("\n"):
        statement += ("\n" if statement else "") + line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement:
        sys.exit(f"{path}: the last statement has no end: {statement[:60]}")


def main(sql_dir, output):
    statements, seen = [], set()
    for path in sorted(sql_dir.glob("*.sql")):
        for name, text in named_statements(path):
            if name in seen:
                sys.exit(f"{path}: the name '{name}' is used twice")
            seen.add(name)
            statements.append((name, text))
    migrations = []
    for number, path in enumerate(sorted((sql_dir / "sqlite").glob("*.sql")), start=1):
        if int(path.name[:4]) != number:
            sys.exit(f"{path}: migration {number:04d} is missing")
        texts = list(migration_statements(path))
        if texts[-1] != f"PRAGMA user_version = {number};":
            sys.exit(f"{path}: must end with PRAGMA user_version = {number};")
        migrations += [(number, text) for text in texts]

    out = ["/* Made from sql/ by script/generate-sql.py. */", "#ifndef HENG_STORE_SQL_TEXT_H",
           "#define HENG_STORE_SQL_TEXT_H", "", "/* X(symbol, name, text) */", "#define HENG_SQL_LIST(X) \\"]
    out.append(" \\\n".join(f'    X({n.upper()}, "{n}", \\\n      {c_string(t)})' for n, t in statements))
    out += ["", "/* X(version, text): every statement of every migration, in order. */",
            "#define HENG_MIGRATION_LIST(X) \\"]
    out.append(" \\\n".join(f"    X({v}, \\\n      {c_string(t)})" for v, t in migrations))
    out += ["", f"#define HENG_SCHEMA_VERSION {migrations[-1][0]}", "", "#endif", ""]
    output.write_text("\n".join(out), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
