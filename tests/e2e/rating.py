#!/usr/bin/env python3
"""heng rate and heng tariff check as a person types them: files, standard input, languages, mistakes.

tests/e2e/rating.py --bin build/dev/bin [--only WORD]
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import ROOT, Tap  # noqa: E402

tap = Tap()


def heng(binaries, *argv, text=None):
    return subprocess.run([str(pathlib.Path(binaries) / "heng"), *argv], input=text, capture_output=True, text=True, timeout=30)


def examples():
    doc = (ROOT / "docs" / "rating.md").read_text(encoding="utf-8")
    return [json.loads(block) for block in re.findall(r"```json rate\n(.*?)\n```", doc, re.S)]


@tap.test
def a_form_comes_from_a_file_or_from_standard_input(binaries):
    form = json.dumps(examples()[0])
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "form.json"
        path.write_text(form)
        from_file = heng(binaries, "rate", str(path))
    from_pipe = heng(binaries, "rate", text=form)
    assert from_file.returncode == 0 and from_file.stdout == from_pipe.stdout, from_file.stderr
    answer = json.loads(from_pipe.stdout)
    assert answer["total"] == "336.25" and "steps" not in answer, answer


@tap.test
def every_step_is_told_in_three_languages(binaries):
    form = json.dumps(examples()[0])
    said = {language: json.loads(heng(binaries, "rate", "--explain", language, text=form).stdout) for language in ("zh", "en", "de")}
    assert "最大余数法" in said["zh"]["steps"][0]["text"]
    assert "335.83 kWh × 0.5380" in said["en"]["steps"][1]["text"]
    assert "335,83 kWh × 0,5380" in said["de"]["steps"][1]["text"]
    assert len({answer["total"] for answer in said.values()}) == 1


@tap.test
def the_state_of_one_bill_goes_into_the_next(binaries):
    tariff = {"components": [{"id": "energy", "rule": "steps", "quantity": "active", "unit": "kWh", "cycle": "year",
                              "steps": [{"from": "0", "price": "0.50"}, {"from": "300", "price": "1.00"}]}]}
    state, totals = [], []
    for month in range(1, 5):
        form = {"period": {"from": f"2026-0{month}-01", "to": f"2026-0{month + 1}-01"}, "tariff": tariff,
                "usage": [{"quantity": "active", "unit": "kWh", "amount": "125"}], "contract": {"id": "K", "state": state}}
        answer = json.loads(heng(binaries, "rate", text=json.dumps(form)).stdout)
        state = answer["state"]
        totals.append(answer["total"])
    assert totals == ["62.50", "62.50", "100.00", "125.00"], totals
    assert state[0]["used"] == ["300", "200"], state


@tap.test
def mistakes_are_told_with_their_place(binaries):
    form = examples()[0]
    form["usage"][0]["unit"] = "MWh"
    said = heng(binaries, "rate", text=json.dumps(form))
    assert said.returncode == 1 and not said.stdout and "tariff.components[0].unit: the price is per kWh" in said.stderr, said.stderr
    for text in ("", "{", "[]", "null", "{\"period\": 7}", "{" * 5000):
        said = heng(binaries, "rate", text=text)
        assert said.returncode == 1 and said.stderr.startswith("heng rate: "), (text[:20], said.stderr)
    for argv in (["rate", "--explain", "fr"], ["rate", "a", "b"], ["rate", "--bogus"], ["tariff"], ["tariff", "check"], ["tariff", "chekc", "x"]):
        said = heng(binaries, *argv)
        assert said.returncode == 2 and said.stderr.count("\n") == 1, (argv, said.stderr)
    for command in ("rate", "tariff"):
        said = heng(binaries, command, "--help")
        assert said.returncode == 0 and "docs/rating.md" in said.stdout


@tap.test
def tariffs_are_checked(binaries):
    with tempfile.TemporaryDirectory() as folder:
        good, bad = pathlib.Path(folder) / "good.json", pathlib.Path(folder) / "bad.json"
        tariff = examples()[0]["tariff"]
        good.write_text(json.dumps(tariff))
        tariff["components"][0]["to"] = "2026-01-20"
        bad.write_text(json.dumps(tariff))
        said = heng(binaries, "tariff", "check", str(good))
        assert said.returncode == 0 and said.stdout.startswith("ok "), said.stdout
        said = heng(binaries, "tariff", "check", str(good), str(bad))
        assert said.returncode == 1 and "components[0].to: it overlaps components[1]" in said.stdout, said.stdout
        form = pathlib.Path(folder) / "form.json"
        form.write_text(json.dumps(examples()[0]))
        assert heng(binaries, "tariff", "check", str(form)).returncode == 0
        assert heng(binaries, "tariff", "check", str(pathlib.Path(folder) / "none.json")).returncode == 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, help="folder with heng")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    sys.exit(1 if tap.run(options.bin, only=options.only, at_once=2) else 0)
