#!/usr/bin/env python3
"""heng seal and heng verify, as a person types them: what was changed in the file is named, exit status 1.

tests/e2e/verify.py --bin build/dev/bin
"""
import argparse
import pathlib
import sqlite3
import subprocess
import tempfile


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    heng = parser.parse_args().bin / "heng"
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "d"

        def run(*words, status=0):
            done = subprocess.run([heng, *words, "--data", data], capture_output=True, text=True)
            assert done.returncode == status, (words, done)
            return done.stdout

        def change(*statements):
            with sqlite3.connect(data / "heng.db") as db:
                for statement in statements:
                    db.execute(statement)
            db.close()

        run("seal", "init", status=1)  # nothing is there yet
        change(*(f"INSERT INTO audit (id, org_id, at_us, who, action, subject, subject_id) VALUES "
                 f"({i}, 0, 1795000000000000, 'li', 'account.open', 'account', 1)" for i in (1, 2, 3)))
        assert "3 rows since the last seal" in run("verify", status=1)
        head = run("seal", "init").strip()
        assert "all is as it was sealed" in run("verify", "--head", head)
        change("DROP TRIGGER audit_no_update", "UPDATE audit SET who = 'nobody' WHERE id = 2")
        assert "altered: audit 2 (account.open by nobody" in run("verify", status=1)
        change("UPDATE audit SET who = 'li' WHERE id = 2")
        run("verify")
        run("verify", "--stream", "nonsense", status=2)
    print("verify: ok")


if __name__ == "__main__":
    main()
