#!/usr/bin/env python3
"""heng apportion as a person types it: files, standard input, languages, mistakes.

tests/e2e/apportion.py --bin build/dev/bin [--only WORD]
"""
import argparse
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
from fractions import Fraction

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import ROOT, Tap  # noqa: E402

tap = Tap()


def heng(binaries, *argv, text=None):
    return subprocess.run([str(pathlib.Path(binaries) / "heng"), *argv], input=text, capture_output=True, text=True, timeout=30)


def examples():
    doc = (ROOT / "docs" / "apportionment.md").read_text(encoding="utf-8")
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)\n```", doc, re.S)]
    return [block for block in blocks if "kind" in block]


@tap.test
def a_form_comes_from_a_file_or_from_standard_input(binaries):
    form = json.dumps(examples()[0])
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "form.json"
        path.write_text(form)
        from_file = heng(binaries, "apportion", str(path))
    from_pipe = heng(binaries, "apportion", text=form)
    assert from_file.returncode == 0 and from_file.stdout == from_pipe.stdout, from_file.stderr
    shares = json.loads(from_pipe.stdout)["groups"][0]["shares"]
    assert [share["quantity"] for share in shares] == ["17992", "23722", "8405", "0", "20387", "15914"], shares


@tap.test
def every_number_of_a_step_stands_in_its_sentence(binaries):
    for form in examples():
        if form["kind"] == "monthly-information":
            continue
        results = set()
        for language, point in (("zh", "."), ("en", "."), ("de", ",")):
            run = heng(binaries, "apportion", "--explain", language, text=json.dumps(form))
            assert run.returncode == 0, run.stderr
            answer = json.loads(run.stdout)
            for step in answer["steps"]:
                said = re.sub(r"[\s\u00a0\u202f]", "", step["text"])
                wanted = step["result"].lstrip("-").replace(".", point)
                assert wanted in said or wanted.rstrip("0").rstrip(point) in said, (language, step)
            results.add(answer["checksum"])
        assert len(results) == 1, "the language changed the result"


@tap.test
def the_order_of_the_form_changes_no_byte(binaries):
    form = examples()[0]
    before = heng(binaries, "apportion", text=json.dumps(form)).stdout
    random.Random(7).shuffle(form["participants"])
    assert heng(binaries, "apportion", text=json.dumps(form)).stdout == before


@tap.test
def a_pocket_calculator_comes_to_the_same(binaries):
    seed = random.randrange(1 << 30)
    sys.stdout.write(f"# seed {seed}\n")
    rng = random.Random(seed)
    flats = [{"id": f"{i:03}", "area": f"{rng.randint(3000, 15000) / 100:.2f}", "open_h": str(rng.randint(0, 2880))} for i in range(60)]
    flats[0]["open_h"] = "1"
    form = {"kind": "shares", "method": "on-off-area", "supply_h": "2880",
            "quantity": {"value": str(rng.randint(1, 10**9)), "unit": "kWh"}, "participants": flats}
    answer = json.loads(heng(binaries, "apportion", text=json.dumps(form)).stdout)
    weights = [Fraction(flat["area"]) * Fraction(flat["open_h"]) for flat in flats]
    total, whole = sum(weights), int(form["quantity"]["value"])
    exact = [whole * weight / total for weight in weights]
    parts = [int(part) for part in exact]
    first = sorted(range(len(flats)), key=lambda i: (parts[i] - exact[i], flats[i]["id"]))
    for i in first[:whole - sum(parts)]:
        parts[i] += 1
    assert [int(share["quantity"]) for share in answer["groups"][0]["shares"]] == parts


@tap.test
def a_mistake_is_told_with_its_place(binaries):
    house = next(form for form in examples() if form["kind"] == "heizkosten")
    del house["flats"][1]["units"]
    run = heng(binaries, "apportion", text=json.dumps(house))
    assert run.returncode == 1 and run.stdout == "" and "flats[1].units: is missing" in run.stderr, run.stderr
    for text, word in (("", "is empty"), ("{", "ends"), ('{"kind": "heat"}', "kind")):
        run = heng(binaries, "apportion", text=text)
        assert run.returncode == 1 and run.stdout == "" and word in run.stderr, (text, run.stderr)
    for argv in (("--explain", "fr"), ("--unknown",), ("a", "b")):
        assert heng(binaries, "apportion", *argv, text="{}").returncode == 2, argv
    gone = heng(binaries, "apportion", "/nowhere/form.json")
    assert gone.returncode == 1 and "/nowhere/form.json" in gone.stderr, gone.stderr


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, help="folder with heng")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    sys.exit(1 if tap.run(options.bin, only=options.only, at_once=2) else 0)
