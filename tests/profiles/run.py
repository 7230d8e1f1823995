#!/usr/bin/env python3
"""Profiles from outside: the schema, the parser and `heng profile` agree. Prints TAP.

usage: run.py --bin DIR     DIR holds heng

The checker below knows the keywords that profile.schema.json uses and refuses every other one, so the tests need no
package. Where python3-jsonschema is installed it is asked as well.
"""
import argparse
import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "profiles"
SCHEMA = json.loads((FOLDER / "profile.schema.json").read_text(encoding="utf-8"))
FILES = sorted((p for p in FOLDER.glob("*.json") if not p.name.endswith(".schema.json")), key=lambda p: p.stem)


# --- a checker for the part of JSON Schema 2020-12 that we use ----------------------------------------------------

def is_type(value, name):
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return {"object": isinstance(value, dict), "array": isinstance(value, list), "string": isinstance(value, str),
            "boolean": isinstance(value, bool), "integer": number and value == int(value)}[name]


def equal(a, b):
    return type(a) is type(b) and a == b


NOTES = {"$schema", "$defs", "title", "description", "then", "else"}
PLAIN = {
    "type": is_type,
    "enum": lambda v, want: any(equal(v, w) for w in want),
    "const": equal,
    "required": lambda v, names: not isinstance(v, dict) or all(n in v for n in names),
    "minProperties": lambda v, n: not isinstance(v, dict) or len(v) >= n,
    "minItems": lambda v, n: not isinstance(v, list) or len(v) >= n,
    "maxItems": lambda v, n: not isinstance(v, list) or len(v) <= n,
    "uniqueItems": lambda v, on: not on or not isinstance(v, list) or len({json.dumps(i) for i in v}) == len(v),
    "minLength": lambda v, n: not isinstance(v, str) or len(v) >= n,
    "maxLength": lambda v, n: not isinstance(v, str) or len(v) <= n,
    "pattern": lambda v, p: not isinstance(v, str) or re.search(p, v) is not None,
    "minimum": lambda v, n: not is_type(v, "integer") or v >= n,
    "maximum": lambda v, n: not is_type(v, "integer") or v <= n,
}


def fits(value, schema):
    if isinstance(schema, bool):
        return schema
    for word, want in schema.items():
        if word in NOTES:
            continue
        if word in PLAIN:
            good = PLAIN[word](value, want)
        elif word == "$ref":
            good = fits(value, SCHEMA["$defs"][want.removeprefix("#/$defs/")])
        elif word == "properties":
            good = not isinstance(value, dict) or all(fits(value[k], s) for k, s in want.items() if k in value)
        elif word == "additionalProperties":
            assert want is False
            good = not isinstance(value, dict) or set(value) <= set(schema["properties"])
        elif word == "items":
            good = not isinstance(value, list) or all(fits(i, want) for i in value)
        elif word == "contains":
            good = not isinstance(value, list) or any(fits(i, want) for i in value)
        elif word == "allOf":
            good = all(fits(value, s) for s in want)
        elif word == "anyOf":
            good = any(fits(value, s) for s in want)
        elif word == "not":
            good = not fits(value, want)
        elif word == "oneOf":
            good = sum(fits(value, s) for s in want) == 1
        elif word == "if":
            good = fits(value, schema.get("then" if fits(value, want) else "else", True))
        else:
            sys.exit(f"profile.schema.json: this checker does not know '{word}'")
        if not good:
            return False
    return True


def schema_says(value):
    mine = fits(value, SCHEMA)
    try:
        import jsonschema
    except ImportError:
        return mine
    theirs = jsonschema.Draft202012Validator(SCHEMA).is_valid(value)
    assert mine == theirs, f"the two checkers disagree: {mine} {theirs}"
    return mine


# --- what is tested ------------------------------------------------------------------------------------------------

def profile(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def changed(name, *steps):
    """A shipped profile with (path, value) set, or removed where the value is None."""
    p = copy.deepcopy(profile(name))
    for path, value in steps:
        at = p
        for key in path[:-1]:
            at = at[key]
        if value is None:
            del at[path[-1]]
        elif isinstance(at, list) and path[-1] == len(at):
            at.append(value)
        else:
            at[path[-1]] = value
    return p


M, C, D, B = "acrel-ddsy1352", "plou-heat", "generic-dlt645-2007", "sensus-pollutherm"
E = "dlt645-1997-single"
COIL = {"address": 0, "code": 1, "type": "bit", "unit": "", "quantity": "relay state"}
COIL_ASK = {"code": 1, "address": 0, "count": 8}
MORE = {"address": 17, "count": 1}  # what M asks no register of
CLOCK = {"address": 0, "type": "clock", "bytes": 6, "quantity": "datetime"}
MONTH = {"di": "D120", "type": "bcd", "bytes": 4, "unit": "m3", "scale": "0.001", "quantity": "volume", "storage": 1}
FLAG = {"di": "D120", "at": 4, "type": "bit", "bit": 7, "quantity": "battery state"}
RULE = {"match": {"quantity": "energy"}, "then": {"quantity": "heat energy"}}

GOOD = [
    changed(M, (["fields", 0, "scale"], "0.010")),
    changed(M, (["ask", 3], COIL_ASK), (["fields", 10], COIL)),
    changed(M, (["fields", 0, "address"], 0)),
    changed(M, (["fields", 10], {"address": 9, "type": "bit", "bit": 15, "quantity": "relay action"})),
    changed(M, (["fields", 10], CLOCK)),
    changed(M, (["fields", 10], {"address": 8, "type": "text", "bytes": 4, "quantity": "model/version"})),
    changed(M, (["fields", 0, "absent"], "FFFFFFFF")),
    changed(M, (["timing"], {"answer_ms": 60000, "idle_ms": 1, "tries": 10})),
    changed(M, (["title", "zh"], None), (["title", "de"], None)),
    changed(C, (["ask", 0, "control"], "21")),
    changed(C, (["cjt188", "valve"], {"open": "99", "close": "55"})),
    changed(C, (["ask", 0, "control"], "09")),
    changed(C, (["ask", 1], {"di": "D120"}),
            (["fields"], [{"di": "D120", "type": "bcd", "bytes": 4, "unit": "m3", "scale": "0.01", "quantity": "volume",
                           "storage": 1}])),
    changed(C, (["ask", 1], {"di": "D120"}),
            (["fields"], [FLAG, {"di": "D120", "type": "f32", "unit": "m3", "quantity": "volume"}])),
    changed(D, (["ask", 7], {"di": "04FF0001"}),
            (["fields"], [{"di": "04FF0001", "at": 2, "type": "u16", "unit": "", "quantity": "event count"}])),
    changed(D, (["ask", 7], {"di": "00020000"}),  # the block 0002FF00 is asked as well, but the profile says what this is
            (["fields"], [{"di": "00020000", "type": "u32", "unit": "", "quantity": "event count"}])),
    changed(M, (["ask", 3], {"code": 4, "address": 0, "count": 10})),  # input registers are other registers
    changed(M, (["ask", 3], dict(MORE, address=10))),  # between two ranges
    changed(M, (["fields", 10], {"address": 0, "type": "i32", "unit": "", "quantity": "event count"}),
            (["samples"], [])),  # read both ways
    changed(M, (["fields", 10], {"address": 1, "type": "text", "bytes": 2, "quantity": "model/version"})),
    changed(B, (["rules"], [dict(RULE, then={"quantity": "voltage", "unit": "V"})]), (["samples"], [])),
    changed(B, (["rules"], [dict(RULE, match={"vif": "06"}, then={"unit": "V"})])),
    changed(B, (["rules"], [dict(RULE, match={"quantity": "energy", "unit": ""}, then={"storage": 1})])),
    changed(B, (["rules"], [{"match": {"vif": "FD 17"}, "then": {"drop": True}, "note": "noise"}])),
    changed(B, (["rules"], [RULE]), (["samples"], [])),
    changed(B, (["mbus"], {"application_reset": True, "telegrams_max": 3})),
    changed(M, (["timing"], {"move_s": 600})),
    changed(C, (["history"], [{"di": "D120"}]), (["timing"], {"move_s": 1})),
    changed(C, (["history"], [{"di": "D120"}]), (["fields"], [MONTH, dict(MONTH, di="D12B", storage=12)])),
    changed(D, (["history"], [{"di": "05060101"}, {"di": "0002FF01", "optional": True}])),
    changed(D, (["dlt645"], {"closes_relay": True})),
    changed(E, (["history"], [{"di": "941F"}]), (["dlt645"], {"closes_relay": False})),
    changed(E, (["history"], [{"di": "9410"}]), (["fields"], [dict(MONTH, di="9810", unit="kWh", quantity="energy")])),
]

# What is wrong, the profile, and what the message of the parser must hold: the place, then the reason.
BAD = [
    ("unknown member", changed(M, (["recharge"], 1)), "'recharge' is not known here"),
    ("no name", changed(M, (["name"], None)), "'name' is missing"),
    ("no source", changed(M, (["source"], None)), "'source' is missing"),
    ("empty source", changed(M, (["source"], "")), "source: is empty"),
    ("capital letter in the name", changed(M, (["name"], "Acrel")), "name: 'Acrel' is not a name"),
    ("name begins with a dash", changed(M, (["name"], "-a")), "name: '-a' is not a name"),
    ("no English title", changed(M, (["title", "en"], None)), "title: 'en' is missing"),
    ("unknown language", changed(M, (["title", "fr"], "x")), "title: 'fr' is not known here"),
    ("title is a text", changed(M, (["title"], "x")), "title: a string stands where an object should be"),
    ("no protocol", changed(M, (["protocols"], [])), "protocols: is empty"),
    ("unknown protocol", changed(M, (["protocols"], ["modbus"])), "protocols[0]: 'modbus' is not a protocol"),
    ("two unrelated protocols", changed(M, (["protocols"], ["modbus-rtu", "mbus"])), "protocols: only modbus-rtu"),
    ("one protocol twice", changed(M, (["protocols"], ["modbus-rtu", "modbus-rtu"])), "protocols[1]: 'modbus-rtu'"),
    ("unknown medium", changed(M, (["medium"], "power")), "medium: 'power' is not a medium"),
    ("generic is a number", changed(M, (["generic"], 1)), "generic: a number stands where true or false should be"),
    ("Modbus recognised", changed(M, (["recognise"], {})), "recognise: a Modbus answer"),
    ("no ask", changed(M, (["ask"], None)), "'ask' is missing"),
    ("code 5", changed(M, (["ask", 0, "code"], 5)), "ask[0].code: 5 is not between 1 and 4"),
    ("address of hex digits", changed(M, (["ask", 0, "address"], "000A")), "ask[0].address: '000A' is not an address"),
    ("address too large", changed(M, (["ask", 0, "address"], 65536)), "ask[0].address: 65536 is not between"),
    ("126 registers", changed(M, (["ask", 0, "count"], 126)), "ask[0]: more than 125 registers"),
    ("no count", changed(M, (["ask", 0, "count"], None)), "ask[0]: 'count' is missing"),
    ("di for Modbus", changed(M, (["ask", 0, "di"], "0001")), "ask[0]"),
    ("unknown unit", changed(M, (["fields", 3, "unit"], "kWhh")), "fields[3].unit: 'kWhh' is not a unit"),
    ("no unit", changed(M, (["fields", 3, "unit"], None)), "fields[3]: 'unit' is missing"),
    ("unknown quantity", changed(M, (["fields", 0, "quantity"], "energie")), "fields[0].quantity: 'energie' is not"),
    ("no quantity", changed(M, (["fields", 0, "quantity"], None)), "fields[0]: 'quantity' is missing"),
    ("scale without quotes", changed(M, (["fields", 0, "scale"], 0.01)), "fields[0].scale: write the number in quotes"),
    ("scale is no number", changed(M, (["fields", 0, "scale"], "1e-2")), "fields[0].scale: '1e-2' is not a decimal"),
    ("unknown type", changed(M, (["fields", 0, "type"], "uint32")), "fields[0].type: 'uint32' is not a type"),
    ("24 bits over Modbus", changed(M, (["fields", 0, "type"], "u24")), "fields[0]: Modbus numbers have"),
    ("unknown order", changed(M, (["fields", 0, "order"], "BACD")), "fields[0].order: 'BACD' is not an order"),
    ("bytes of u32", changed(M, (["fields", 0, "bytes"], 4)), "fields[0]: 'bytes' is for"),
    ("bcd without bytes", changed(M, (["fields", 0, "type"], "bcd")), "fields[0]: 'bytes' is missing"),
    ("clock of 7 bytes", changed(M, (["fields", 10], dict(CLOCK, bytes=7))), "fields[10]: a clock has 6, 8 or 12"),
    ("clock of 2 bytes", changed(C, (["fields"], [{"di": "D120", "type": "clock", "bytes": 2, "quantity": "datetime"}])),
     "fields[0]: a clock has 3 to 7 bytes"),
    ("bit without bit", changed(M, (["fields", 5, "type"], "bit"), (["fields", 5, "scale"], None)), "'bit' is missing"),
    ("bit 16", changed(M, (["fields", 5, "bit"], 16)), "fields[5].bit: 16 is not between 0 and 15"),
    ("a register as coil", changed(M, (["ask", 3], COIL_ASK), (["fields", 10], dict(COIL, type="u16"))),
     "fields[10]: codes 1 and 2 read bits"),
    ("half a byte absent", changed(M, (["fields", 0, "absent"], "FFFFFFF")), "fields[0]"),
    ("function of the code", changed(M, (["fields", 0, "function"], 3)), "fields[0].function: a number stands"),
    ("negative tariff", changed(M, (["fields", 0, "tariff"], -1)), "fields[0].tariff: -1 is not between"),
    ("numbered qualifier", changed(M, (["fields", 0, "qualifier"], "L1#2")), "fields[0].qualifier: 'L1#2' has a #"),
    ("escape in a qualifier", changed(M, (["fields", 0, "qualifier"], "\x1b[2J")), "fields[0].qualifier: has a control"),
    ("line feed in a title", changed(M, (["title", "en"], "a\n")), "title.en: has a control character"),
    ("C1 control in a title", changed(M, (["title", "zh"], "a\u009b2J")), "title.zh: has a control character"),
    ("delete in a source", changed(M, (["source"], "a\u007f")), "source: has a control character"),
    ("rule with a numbered qualifier", changed(B, (["rules"], [dict(RULE, match={"qualifier": "#2"})])),
     "rules[0].match.qualifier: '#2' has a #"),
    ("writing at every poll", changed(C, (["ask", 0], {"di": "A019", "control": "04"})), "ask[0].control: 04 does not read"),
    ("new address at every poll", changed(C, (["ask", 0, "control"], "15")), "ask[0].control: 15 does not read"),
    ("vendor code that writes", changed(C, (["ask", 0, "control"], "2A")), "ask[0].control: 2A does not read"),
    ("read code with the bit of an answer", changed(C, (["ask", 0, "control"], "81")), "ask[0].control: 81 does not"),
    ("long qualifier", changed(M, (["fields", 0, "qualifier"], "x" * 24)), "fields[0].qualifier: a string is longer"),
    ("cjt188 for Modbus", changed(M, (["cjt188"], {})), "cjt188: is for CJ/T 188 only"),
    ("mbus for Modbus", changed(M, (["mbus"], {})), "mbus: is for M-Bus only"),
    ("sample without request", changed(M, (["samples", 0, "request"], None)), "samples[0]: 'request' is missing"),
    ("sample is not hex", changed(M, (["samples", 0, "answer"], "01 0x03")), "samples[0].answer: is not 1 to"),
    ("value without quotes", changed(M, (["samples", 0, "readings", 1, "value"], 1)),
     "samples[0].readings[1].value: write the number in quotes"),
    ("value and reason", changed(M, (["samples", 0, "readings", 1, "reason"], "x")), "samples[0].readings[1]: say one of"),
    ("value without unit", changed(M, (["samples", 0, "readings", 1, "unit"], None)), "samples[0].readings[1]: 'unit'"),
    ("baud 9", changed(M, (["line", "baud"], 9)), "line.baud: 9 is not between"),
    ("parity X", changed(M, (["line", "parity"], "X")), "line.parity: 'X' is not a parity"),
    ("no tries", changed(M, (["timing", ], {"tries": 0})), "timing.tries: 0 is not between"),
    ("vendor of letters", changed(C, (["recognise", "manufacturer"], "PLOU")), "recognise.manufacturer: 'PLOU' is not"),
    ("type of one digit", changed(C, (["recognise", "types", 0], "2")), "recognise.types[0]: '2' is not 2 hex digits"),
    ("17 types", changed(C, (["recognise", "types", 16], "30")), "recognise.types: more than 16"),
    ("versions for CJ/T 188", changed(C, (["recognise", "versions"], [1])), "recognise: versions are for M-Bus"),
    ("di of 8 digits", changed(C, (["ask", 0, "di"], "0000901F")), "ask[0].di: '0000901F' is not 4 hex digits"),
    ("9 decimals", changed(C, (["cjt188", "flow_decimals"], 9)), "cjt188.flow_decimals: 9 is not between"),
    ("unknown order of DI", changed(C, (["cjt188", "di_order"], "swapped")), "cjt188.di_order: 'swapped' is not"),
    ("status byte 0", changed(C, (["cjt188", "status_byte"], 0)), "cjt188.status_byte: 0 is not between"),
    ("valve without close", changed(C, (["cjt188", "valve"], {"open": "55"})), "cjt188.valve: 'close' is missing"),
    ("bit 8 of a byte", changed(C, (["fields"], [dict(FLAG, bit=8)])), "fields[0]: a byte has the bits 0 to 7"),
    ("no bit of a byte", changed(C, (["fields"], [{k: v for k, v in FLAG.items() if k != "bit"}])), "'bit' is missing"),
    ("address for CJ/T 188", changed(C, (["fields"], [{"address": 1, "type": "u8", "unit": "", "quantity": "status"}])),
     "fields[0]"),
    ("request for CJ/T 188", changed(C, (["samples", 0, "request"], "68")), "samples[0]: 'request' is for Modbus"),
    ("DL/T 645 manufacturer", changed(D, (["recognise"], {"manufacturer": "1111"})), "recognise: a DL/T 645 answer"),
    ("control for DL/T 645", changed(D, (["ask", 0, "control"], "11")), "ask[0]: 'control' is for CJ/T 188 only"),
    ("version 256", changed(B, (["recognise", "versions", 0], 256)), "recognise.versions[0]: 256 is not between"),
    ("small letters", changed(B, (["recognise", "manufacturer"], "spx")), "recognise.manufacturer: 'spx' is not three"),
    ("M-Bus asks", changed(B, (["ask"], [])), "ask: M-Bus meters say by themselves"),
    ("M-Bus fields", changed(B, (["fields"], [])), "fields: M-Bus records say"),
    ("rule for everything", changed(B, (["rules"], [dict(RULE, match={})])), "rules[0].match: is empty"),
    ("rule that does nothing", changed(B, (["rules"], [dict(RULE, then={})])), "rules[0].then: changes nothing"),
    ("rule that drops not", changed(B, (["rules"], [dict(RULE, then={"drop": False})])), "rules[0].then: changes nothing"),
    ("rule in kWh", changed(B, (["rules"], [dict(RULE, match={"unit": "kWh"})])), "rules[0].match.unit: rules work on"),
    ("rule without then", changed(B, (["rules"], [{"match": {"tariff": 1}}])), "rules[0]: 'then' is missing"),
    ("no telegrams", changed(B, (["mbus"], {"telegrams_max": 0})), "mbus.telegrams_max: 0 is not between"),
    ("months of Modbus", changed(M, (["history"], [])), "history: is for CJ/T 188 and DL/T 645 only"),
    ("months of M-Bus", changed(B, (["history"], [])), "history: is for CJ/T 188 and DL/T 645 only"),
    ("nine histories", changed(D, (["history"], [{"di": f"0{n}000001"} for n in range(9)])), "history: more than 8"),
    ("history of 4 digits", changed(D, (["history"], [{"di": "941F"}])), "history[0].di: '941F' is not 8 hex digits"),
    ("history that writes", changed(C, (["history"], [{"di": "D120", "control": "04"}])),
     "history[0].control: 04 does not read"),
    ("history without di", changed(C, (["history"], [{}])), "history[0]: 'di' is missing"),
    ("history is an object", changed(C, (["history"], {"di": "D120"})), "history: an object stands where an array"),
    ("no time to move", changed(C, (["timing"], {"move_s": 0})), "timing.move_s: 0 is not between 1 and 600"),
    ("ten minutes to move and one second", changed(C, (["timing"], {"move_s": 601})), "timing.move_s: 601 is not between"),
    ("half a second to move", changed(C, (["timing"], {"move_s": 0.5})), "timing.move_s"),
    ("dlt645 for CJ/T 188", changed(C, (["dlt645"], {})), "dlt645: is for DL/T 645 only"),
    ("dlt645 for Modbus", changed(M, (["dlt645"], {"closes_relay": True})), "dlt645: is for DL/T 645 only"),
    ("closes_relay is a text", changed(D, (["dlt645"], {"closes_relay": "yes"})),
     "dlt645.closes_relay: a string stands where true or false should be"),
    ("unknown habit of DL/T 645", changed(D, (["dlt645"], {"opens_relay": True})), "'opens_relay' is not known here"),
    ("the profile is an array", [], "an array stands where an object should be"),
]

# What a schema cannot say: one part of the profile against another.
ITEM = {"di": "00010000", "optional": True}
BAD_WHOLE = [
    ("registers asked twice", changed(M, (["ask", 3], {"address": "0x0000", "count": 10})),
     "ask[3]: reads registers that ask[0] reads"),
    ("registers asked in part twice", changed(M, (["ask", 3], {"address": 9, "count": 2})), "ask[3]: reads registers"),
    ("an ask inside of another", changed(M, (["ask", 3], {"address": 12, "count": 1})), "that ask[1] reads: their values"),
    ("a DI asked twice", changed(C, (["ask", 1], {"di": "901F", "optional": True})), "ask[1]: reads what ask[0] reads"),
    ("a DI asked with two codes", changed(C, (["ask", 1], {"di": "901F", "control": "21"})), "ask[1]: reads what ask[0]"),
    ("a block and its item", changed(D, (["ask", 7], ITEM)), "ask[7]: reads what ask[0] reads"),
    ("an item and its block", changed("dlt645-1997-single", (["ask", 4], {"di": "901F"})), "ask[4]: reads what ask[0]"),
    ("a month read twice", changed(C, (["history"], [{"di": "D120"}, {"di": "D120", "optional": True}])),
     "history[1]: reads what history[0] reads"),
    ("a month's block and its item", changed(D, (["history"], [{"di": "0001FF01"}, {"di": "00010001"}])),
     "history[1]: reads what history[0] reads"),
    ("a month that is now", changed(D, (["history"], [{"di": "0001FF00"}])), "history[0]: 0001FF00 is of now"),
    ("a month that is now, 1997", changed(E, (["history"], [{"di": "901F"}])), "history[0]: 901F is of now"),
    ("a month that is now, CJ/T 188", changed(C, (["history"], [{"di": "901F"}])), "history[0]: 901F is of now"),
    ("field of a thirteenth month", changed(C, (["history"], [{"di": "D120"}]), (["fields"], [dict(MONTH, di="D12C")])),
     "fields[0].di: no 'ask' reads the data of D12C"),
    ("field of a DI that is not asked", changed(C, (["fields"], [FLAG])), "fields[0].di: no 'ask' reads the data of D120"),
    ("field of an item of a block", changed(D, (["fields"], [{"di": "00010000", "type": "bcd", "bytes": 4, "unit": "kWh",
                                                              "quantity": "energy"}])),
     "fields[0].di: no 'ask' reads the data of 00010000"),
    ("field of an address", changed(C, (["ask", 1], {"di": "D120", "control": "03"}), (["fields"], [FLAG])),
     "fields[0].di: no 'ask' reads"),
    ("field of a register that is not asked", changed(M, (["fields", 10], dict(CLOCK, address=18))),
     "fields[10].address: no 'ask' with code 3 reads register 18 to 20"),
    ("half of another number", changed(M, (["fields", 10], {"address": 1, "type": "u16", "unit": "", "quantity": "status"})),
     "fields[10]: shares a part of its bytes with fields[0]"),
    ("number that begins in another", changed(
        C, (["ask", 1], {"di": "D120"}),
        (["fields"], [{"di": "D120", "type": "u32", "unit": "m3", "quantity": "volume"},
                      {"di": "D120", "at": 2, "type": "bcd", "bytes": 4, "unit": "m3", "quantity": "volume", "storage": 1}])),
     "fields[1]: shares a part of its bytes with fields[0]"),
    ("rule: energy in volts", changed(B, (["rules"], [dict(RULE, then={"unit": "V"})])),
     "rules[0]: energy is not measured in 'V': use Wh"),
    ("rule: volts become energy", changed(B, (["rules"], [dict(RULE, match={"quantity": "voltage", "unit": "V"})])),
     "rules[0]: heat energy is not measured in 'V'"),
    ("rule: voltage becomes energy", changed(B, (["rules"], [dict(RULE, match={"quantity": "voltage"})])),
     "rules[0]: voltage has no unit of heat energy: give 'then' a unit"),
    ("rule: energy in volts, whatever it was", changed(
        B, (["rules"], [dict(RULE, match={"vif": "06"}, then={"quantity": "energy", "unit": "V"})])),
     "rules[0]: energy is not measured in 'V'"),
]

# What only the parser can see: the text, the line and the reason.
BAD_TEXT = [
    ("no JSON", "{\n  \"name\": nothing\n}", 2, "stands where a value should be"),
    ("trailing comma", "{\n\"protocols\": [\"mbus\",]\n}", 2, "stands where a string should be"),
    ("a member twice", "{\"protocols\": [\"mbus\"],\n\"name\": \"a\",\n\"name\": \"a\"}", 3, "name: stands here a second"),
    ("empty file", "", 1, "the text ends"),
]


class Tap:
    count = 0
    failed = 0

    def check(self, name, good, why=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - profiles: {name}")
        if not good and why:
            print("# " + str(why).replace("\n", "\n# "))


def heng_check(heng, path):
    done = subprocess.run([heng, "profile", "check", path], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout


def written(folder, value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    name = value.get("name", "x") if isinstance(value, dict) else "x"
    path = pathlib.Path(folder) / f"{name}.json"
    path.write_text(text, encoding="utf-8")
    return path


def listed(text, macro):
    start = text.index(f"#define {macro}")
    return re.findall(r'X\((?:\w+, )?"([^"]*)"', text[start:text.index("\n\n", start)])


def words_agree(tap):
    """The lists of the schema are those of the program."""
    model = "".join((ROOT / f"src/model/{name}.h").read_text(encoding="utf-8") for name in ("quantity", "medium"))
    parts = (ROOT / "src/meter/profile_parts.c").read_text(encoding="utf-8")
    units = (ROOT / "src/meter/profile_unit.c").read_text(encoding="utf-8")
    defs = SCHEMA["$defs"]
    for name, inside, mine in [
            ("quantities", listed(model, "HENG_QUANTITY_LIST"), defs["quantity"]["enum"]),
            ("media", listed(model, "HENG_MEDIUM_LIST"), defs["medium"]["enum"]),
            ("functions", listed(model, "HENG_FUNCTION_LIST"), defs["function"]["enum"]),
            ("units", listed(units, "UNIT_LIST"), defs["unit"]["enum"]),
            ("types", listed(parts, "TYPE_LIST"), sorted(set(defs["fieldModbus"]["properties"]["type"]["enum"]) |
                                                        set(defs["fieldCjt188"]["properties"]["type"]["enum"])))]:
        tap.check(f"the schema knows the same {name}", sorted(inside) == sorted(mine), set(inside) ^ set(mine))


def site_profiles(tap, heng):
    """import and serve take a folder of profiles only when each of them proves itself."""
    bad = changed(M, (["name"], "mine"), (["samples", 0, "readings", 0, "value"], "12345.68"))
    good = changed(M, (["name"], "mine"))
    empty = {"site": "x", "time_zone": "UTC", "places": [], "lines": [], "meters": []}
    for what, files, reason in [
            ("good ones", {"mine": good}, None),
            ("one with the byte order mark of an editor", {"mine": "\ufeff" + json.dumps(good)}, None),
            ("a sample that does not hold", {"mine": bad}, r"mine\.json:[1-9]\d*: energy: stated is 12345680, but"),
            ("two of one name", {"mine": good, "copy": good}, r"copy\.json:1: .*'mine': call the file mine\.json"),
            ("a built-in name in another file", {"copy": profile(M)}, r"copy\.json:1: .* call the file " + M),
            ("a mistake", {"mine": changed(M, (["fields", 3, "unit"], "kWhh"))}, r"mine\.json:[1-9]\d*: fields\[3\]")]:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "mine").mkdir()
            (folder / "site.json").write_text(json.dumps(empty), encoding="utf-8")
            for name, value in files.items():
                text = value if isinstance(value, str) else json.dumps(value, indent=1)
                (folder / "mine" / f"{name}.json").write_text(text, encoding="utf-8")
            commands = [["import", "--data", folder / "data", "--profiles", folder / "mine", folder / "site.json"]]
            if reason:  # a good server would stay
                commands.append(["serve", "--data", folder / "data", "--listen", "127.0.0.1:0", "--dtu-listen", "off",
                                 "--profiles", folder / "mine"])
            for command in commands:
                done = subprocess.run(["timeout", "20", heng, *map(str, command)], capture_output=True, text=True)
                met = re.search(reason, done.stderr) is not None if reason else not done.stderr
                tap.check(f"{command[0]} with {what}", done.returncode == (1 if reason else 0) and met, done.stderr)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--bin", required=True)
    heng = str(pathlib.Path(options.parse_args().bin).resolve() / "heng")
    tap = Tap()
    words_agree(tap)
    for path in FILES:
        tap.check(f"{path.name} fits the schema", schema_says(json.loads(path.read_text(encoding="utf-8"))))
    status, out = heng_check(heng, str(FOLDER))
    rows = out.splitlines()
    tap.check("every shipped profile is good", status == 0 and len(rows) == len(FILES) and
              all(re.fullmatch(r"ok [a-z0-9.-]+: [1-9]\d* samples, \d+ readings", row) for row in rows), out)
    listed_now = subprocess.run([heng, "profile", "list"], capture_output=True, text=True).stdout
    tap.check("list names them all", [row.split()[0] for row in listed_now.splitlines()] == [p.stem for p in FILES])
    shown = subprocess.run([heng, "profile", "show", M], capture_output=True).stdout
    tap.check("show prints the file as it is", shown == (FOLDER / f"{M}.json").read_bytes())
    for arguments, want in ([], 2), (["check"], 2), (["lst"], 2), (["show"], 2), (["show", "no-such"], 1), \
            (["--help"], 0), (["check", "/no/such/file.json"], 1):
        done = subprocess.run([heng, "profile", *arguments], capture_output=True, text=True)
        tap.check(f"profile {' '.join(arguments)}: exit status {want}", done.returncode == want, done.stderr)

    for path in FILES:
        tap.check(f"{path.name} has a title in three languages",
                  set(json.loads(path.read_text(encoding="utf-8"))["title"]) == {"en", "zh", "de"})
    site_profiles(tap, heng)

    with tempfile.TemporaryDirectory() as folder:
        for number, value in enumerate(GOOD, 1):
            path = written(folder, value)
            status, out = heng_check(heng, str(path))
            tap.check(f"a good variation {number} passes both", schema_says(value) and status == 0, out)
        for name, value, reason in BAD:
            path = written(folder, value)
            status, out = heng_check(heng, str(path))
            place = re.fullmatch(re.escape(str(path)) + r":[1-9]\d*: (.*)\n", out)
            tap.check(f"{name}: refused by the schema", not schema_says(value))
            tap.check(f"{name}: refused by the parser, with its place",
                      status == 1 and place is not None and reason in place.group(1), out)
        for name, value, reason in BAD_WHOLE:
            path = written(folder, value)
            status, out = heng_check(heng, str(path))
            place = re.fullmatch(re.escape(str(path)) + r":[1-9]\d*: (.*)\n", out)
            tap.check(f"{name}: refused by the parser, with its place",
                      schema_says(value) and status == 1 and place is not None and reason in place.group(1), out)
        for name, text, line, reason in BAD_TEXT:
            path = written(folder, text)
            status, out = heng_check(heng, str(path))
            tap.check(f"{name}: refused with its line",
                      status == 1 and out.startswith(f"{path}:{line}: ") and reason in out, out)
        path = written(folder, changed(M, (["samples", 0, "readings", 0, "value"], "12345.68")))
        status, out = heng_check(heng, str(path))
        tap.check("a sample that does not hold is told with its line and both values",
                  status == 1 and "energy: stated is 12345680, but the frame gives 12345670" in out, out)
        path = written(folder, changed(M, (["samples", 0, "readings", 2], None)))
        status, out = heng_check(heng, str(path))
        tap.check("a value that is not stated is told",
                  status == 1 and "the frame gives energy tariff 2 = 2345670 Wh, which is not stated" in out, out)
        other = pathlib.Path(folder) / "other.json"
        other.write_text((FOLDER / f"{M}.json").read_text(encoding="utf-8"), encoding="utf-8")
        status, out = heng_check(heng, str(other))
        tap.check("file and profile bear one name", status == 1 and "call the file acrel-ddsy1352.json" in out, out)
        blocks = re.findall(r"^```json\n(.*?)^```", (FOLDER / "README.md").read_text(encoding="utf-8"), re.M | re.S)
        example = json.loads(blocks[0]) | json.loads("{" + blocks[1] + "}")
        status, out = heng_check(heng, str(written(folder, example)))
        tap.check("the example of the README is good", schema_says(example) and
                  out == "ok my-meter: 1 samples, 1 readings\n", out)
        wrong = blocks[0].replace('"kW"', '"kw"')
        path = written(folder, wrong)
        promise = re.search(r"`my-meter.json(:\d+: .*?) \.\.\.`", (FOLDER / "README.md").read_text(encoding="utf-8"))
        status, out = heng_check(heng, str(path))
        tap.check("the message in the README is the one that comes", out.startswith(str(path) + promise.group(1)), out)
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
