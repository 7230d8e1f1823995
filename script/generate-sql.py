#!/usr/bin/env python3
"""sql/ -> store/sql_text.h: migrations, named statements and the shapes of tables as X-macros.

usage: generate-sql.py SQL_DIR OUTPUT

Statements stand in SQL_DIR/*.sql, each under a line `-- name: x`; where the engines differ, each variant under a line
`-- engine: sqlite` or `-- engine: postgres`. Migrations stand in SQL_DIR/sqlite/NNNN_*.sql and
SQL_DIR/postgres/NNNN_*.sql under the same numbers; one without a file for PostgreSQL is derived from SQLite's, if it does
nothing but what derive() knows. A migration is split into its statements, because compilers limit the length of one
string. What can be checked is checked here, so that a mistake stops the build: completeness of every
statement, numbers that follow each other, pairs of both engines.

For backups, SQLite's migrations are run in memory, after which each table tells its columns: every table gets the
statements backup_TABLE and, for each version of the schema from the first with backups on, restore_TABLE_VERSION.
"""
import pathlib
import re
import sqlite3
import sys

ENGINES = ("sqlite", "postgres")
FIRST_BACKUP = 8  # older versions of the schema had no backups
ONLY_SQLITE = re.compile(r"INSERT OR|INDEXED BY|\bGLOB\b|\browid\b|(?<!\) )\bLIKE\b|\bPRAGMA\b|\bIS \?|"
                         r"\b(char|ifnull|iif|total|group_concat|strftime|unixepoch|json_\w+)\s*\(|"
                         r"\b(min|max)\s*\([^()]*,", re.I)
LETTERS = {"INTEGER": "i", "TEXT": "t", "BLOB": "b"}


def strip(text):
    """Without comments and blank lines; our SQL has no '--' inside of strings."""
    lines = (re.sub(r"\s*--.*$", "", line).rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def c_string(text):
    if text is None:
        return "NULL"
    lines = text.split("\n")
    parts = [line + ("\n" if i + 1 < len(lines) else "") for i, line in enumerate(lines)]
    quoted = ('"' + p.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"' for p in parts)
    return " \\\n      ".join(quoted)


def dollars(text):
    """?1 -> $1, outside of strings."""
    return re.sub(r"('[^']*')|\?(\d+)", lambda m: m.group(1) or "$" + m.group(2), text)


def one_statement(path, name, text):
    text = strip(text)
    if not sqlite3.complete_statement(text) or text.count(";") != 1:
        sys.exit(f"{path}: '{name}' is not exactly one statement that ends with a semicolon")
    return text


def named_statements(path):
    """(name, text for SQLite or None, text for PostgreSQL or None)"""
    parts = re.split(r"^-- name: (\w+)\n", path.read_text(encoding="utf-8"), flags=re.M)
    for name, text in zip(parts[1::2], parts[2::2]):
        variants = re.split(r"^-- engine: (\w+)\n", text, flags=re.M)
        if len(variants) == 1:
            text = one_statement(path, name, text)
            if match := ONLY_SQLITE.search(text):
                sys.exit(f"{path}: '{name}': '{match[0]}' is not for PostgreSQL: sql/README.md tells what is for both")
            yield name, text, dollars(text)
            continue
        texts = dict.fromkeys(ENGINES)
        if strip(variants[0]):
            sys.exit(f"{path}: '{name}': text before the first '-- engine:'")
        for engine, variant in zip(variants[1::2], variants[2::2]):
            if engine not in texts or texts[engine]:
                sys.exit(f"{path}: '{name}': '-- engine: {engine}' is unknown or there twice")
            texts[engine] = one_statement(path, name, variant)
        yield name, texts["sqlite"], texts["postgres"] and dollars(texts["postgres"])


def migration_statements(path, engine):
    """SQLite knows where a trigger ends; in PostgreSQL a body stands between two $$."""
    statement = ""
    for line in strip(path.read_text(encoding="utf-8")).split("\n"):
        statement += ("\n" if statement else "") + line
        ended = statement.endswith(";")
        if sqlite3.complete_statement(statement) if engine == "sqlite" else ended and statement.count("$$") % 2 == 0:
            yield statement
            statement = ""
    if statement:
        sys.exit(f"{path}: the last statement has no end: {statement[:60]}")


def bigints(table, text):
    """Columns in the words of PostgreSQL: every number a bigint, every text sorted by its bytes, as SQLite does. A
    reference of a table to itself can wait for the end of a restore."""
    text = re.sub(r"\bINTEGER\b", "bigint", text)
    text = re.sub(r"\bTEXT\b", 'text COLLATE "C"', text)
    text = re.sub(r"\bBLOB\b", "bytea", text)
    return re.sub(rf"(REFERENCES {table} \(\w+\))", r"\1 DEFERRABLE", text)


def derive(path, text):
    """A statement of a migration of SQLite as PostgreSQL says it."""
    if match := re.match(r"CREATE TABLE (\w+) \((.*)\) STRICT(, WITHOUT ROWID)?;$", text, flags=re.S):
        yield f"CREATE TABLE {match[1]} ({bigints(match[1], match[2])});"
    elif match := re.match(r"ALTER TABLE (\w+)\s+ADD COLUMN .*;$", text, flags=re.S):
        yield bigints(match[1], text)
    elif re.match(r"CREATE (UNIQUE )?INDEX \w+ ON \w+ \(", text):
        yield text
    elif match := re.match(r"CREATE TRIGGER (\w+) BEFORE (UPDATE|DELETE) ON (\w+)\nBEGIN SELECT RAISE "
                           r"\(ABORT, ('[^']*')\); END;$", text):
        yield (f"CREATE TRIGGER {match[1]} BEFORE {match[2]} ON {match[3]}\n"
               f"    FOR EACH ROW EXECUTE FUNCTION heng_refuse ({match[4]});")
    elif match := re.match(r"PRAGMA user_version = (\d+);$", text):
        yield f"UPDATE heng_schema SET version = {match[1]};"
    else:
        sys.exit(f"{path}: write sql/postgres/{path.name[:4]}_*.sql as well: nobody can derive it from: {text[:70]}")


def check_pair(path, number, texts, engine):
    end = f"PRAGMA user_version = {number};" if engine == "sqlite" else f"UPDATE heng_schema SET version = {number};"
    if texts[-1] != end:
        sys.exit(f"{path}: must end with {end}")
    for text in texts:
        if len(text) > 4000:
            sys.exit(f"{path}: a statement of more than 4000 characters: {text[:60]}")


def migrations_of(sql_dir):
    """{engine: [(number, [statement])]}; PostgreSQL's begin later, with one that makes the tables of those before."""
    files = {e: {int(p.name[:4]): p for p in sorted((sql_dir / e).glob("*.sql"))} for e in ENGINES}
    count = {e: len(list((sql_dir / e).glob("*.sql"))) for e in ENGINES}
    if list(files["sqlite"]) != list(range(1, count["sqlite"] + 1)) or count["postgres"] != len(files["postgres"]):
        sys.exit("sql/: numbers of migrations follow each other, from 0001 on, each once")
    if not files["postgres"].keys() <= files["sqlite"].keys():
        sys.exit("sql/postgres: a migration without its pair in sql/sqlite")
    found = {e: [] for e in ENGINES}
    for number, path in files["sqlite"].items():
        texts = list(migration_statements(path, "sqlite"))
        check_pair(path, number, texts, "sqlite")
        found["sqlite"].append((number, texts))
        if number < min(files["postgres"]):
            continue
        if number in files["postgres"]:
            path = files["postgres"][number]
            texts = list(migration_statements(path, "postgres"))
        else:
            texts = [derived for text in texts for derived in derive(path, text)]
        check_pair(path, number, texts, "postgres")
        found["postgres"].append((number, texts))
    return found


def tables_of(db):
    """[(table, [(column, letter)], [key column])], every table behind those that it refers to."""
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    refers = {n: {r[2] for r in db.execute(f'PRAGMA foreign_key_list("{n}")')} - {n} for n in names}
    ordered = []
    while names:
        free = [n for n in names if refers[n] <= set(ordered)]
        if not free:
            sys.exit(f"sql/: tables refer to each other in a ring: {', '.join(names)}")
        ordered += free
        names = [n for n in names if n not in free]
    for name in ordered:
        info = list(db.execute(f'PRAGMA table_info("{name}")'))
        columns = [(row[1], LETTERS[row[2]]) for row in info]
        key = [row[1] for row in sorted(info, key=lambda r: r[5]) if row[5]]
        if not key:
            sys.exit(f"sql/: table '{name}' has no primary key")
        yield name, columns, key


def quoted(columns):
    return ", ".join(f'"{c}"' for c in columns)


def shapes_of(migrations):
    """Statements of backups, and which version of the schema has which of them."""
    db = sqlite3.connect(":memory:")
    statements, shapes, known = [], [], {}
    last = migrations[-1][0]
    for version, texts in migrations:
        for text in texts:
            db.execute(text)
        if version < FIRST_BACKUP:
            continue
        for name, columns, key in tables_of(db):
            names = [c for c, _ in columns]
            letters = "".join(letter for _, letter in columns)
            if known.get(name, (None,))[0] != names:
                known[name] = (names, f"restore_{name}_{version}")
                values = ", ".join(f"?{i + 1}" for i in range(len(names)))
                text = f'INSERT INTO "{name}" ({quoted(names)}) VALUES ({values});'
                copy = f'COPY "{name}" ({quoted(names)}) FROM STDIN (FORMAT binary);'
                statements.append((known[name][1], text, copy))
            shapes.append((version, name, letters, known[name][1]))
            if version == last:
                text = f'SELECT {quoted(names)} FROM "{name}" ORDER BY {quoted(key)};'
                statements.append((f"backup_{name}", text, text))
                for word in ("disable", "enable"):
                    statements.append((f"{word}_{name}", None, f'ALTER TABLE "{name}" {word.upper()} TRIGGER USER;'))
    return statements, shapes


def x_macro(comment, name, rows):
    return [comment, f"#define {name}(X) \\", " \\\n".join(f"    X({row})" for row in rows), ""]


def main(sql_dir, output):
    statements, seen = [], set()
    for path in sorted(sql_dir.glob("*.sql")):
        for name, *texts in named_statements(path):
            if name in seen:
                sys.exit(f"{path}: the name '{name}' is used twice")
            seen.add(name)
            statements.append((name, *texts))
    migrations = migrations_of(sql_dir)
    version = migrations["sqlite"][-1][0]
    for_backups, shapes = shapes_of(migrations["sqlite"])
    statements += for_backups

    out = ["/* Made from sql/ by script/generate-sql.py. */", "#ifndef HENG_STORE_SQL_TEXT_H",
           "#define HENG_STORE_SQL_TEXT_H", ""]
    out += x_macro("/* X(symbol, name, text for SQLite, text for PostgreSQL); NULL: not for that engine */",
                   "HENG_SQL_LIST",
                   (f'{n.upper()}, "{n}", \\\n      {c_string(a)}, \\\n      {c_string(b)}' for n, a, b in statements))
    for engine in ENGINES:
        out += x_macro("/* X(version, text): every statement of every migration, in order */",
                       f"HENG_{engine.upper()}_MIGRATION_LIST",
                       (f"{v}, \\\n      {c_string(t)}" for v, texts in migrations[engine] for t in texts))
    out += x_macro("/* X(version, table, letters of its columns, statement that restores a row), in order of restoring;"
                   "\n * i: integer, t: text, b: bytes */",
                   "HENG_SHAPE_LIST", (f'{v}, "{t}", "{letters}", {sql.upper()}' for v, t, letters, sql in shapes))
    out += x_macro("/* X(table, statement that reads it all, that stops and that starts its triggers) */",
                   "HENG_TABLE_LIST",
                   (f'"{t}", BACKUP_{t.upper()}, DISABLE_{t.upper()}, ENABLE_{t.upper()}'
                    for v, t, _, _ in shapes if v == version))
    out += [f"#define HENG_SCHEMA_VERSION {version}", f"#define HENG_FIRST_BACKUP_VERSION {FIRST_BACKUP}", "",
            "#endif", ""]
    output.write_text("\n".join(out), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
