#!/usr/bin/env python3
"""Walk all GET operations of a running server and compare every answer with openapi.yaml.

usage: check-api.py BASE_URL [OPENAPI_YAML]

Follows real ids: from the lists to lines, meters, registers and frames. Prints one line per operation and ends with
exit status 0 when every answer fits the contract, 1 when one does not, 2 for wrong usage.
"""
import json
import pathlib
import re
import sys
import urllib.error
import urllib.request

import yaml

DATE_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}


class Checker:
    def __init__(self, base, doc):
        self.base, self.doc, self.failures, self.count = base.rstrip("/"), doc, 0, 0

    def resolve(self, node):
        while "$ref" in node:
            target = self.doc
            for part in node["$ref"].lstrip("#/").split("/"):
                target = target[part]
            node = target
        return node

    def faults(self, value, node, where):
        """Every difference between a value and its schema."""
        node = self.resolve(node)
        types = node.get("type", [])
        types = types if isinstance(types, list) else [types]
        fits = any(isinstance(value, TYPES[t]) and not (t == "integer" and isinstance(value, bool)) for t in types)
        if types and not fits:
            yield f"{where}: {json.dumps(value)[:60]} is not {' or '.join(types)}"
            return
        if "enum" in node and value not in node["enum"]:
            yield f"{where}: {value!r} is not one of {node['enum']}"
        if node.get("format") == "date-time" and isinstance(value, str) and not DATE_TIME.match(value):
            yield f"{where}: {value!r} is not a UTC time"
        if isinstance(value, list):
            for i, item in enumerate(value):
                yield from self.faults(item, node["items"], f"{where}[{i}]")
        if isinstance(value, dict) and "properties" in node:
            for name in node.get("required", []):
                if name not in value:
                    yield f"{where}.{name} is missing"
            for name, item in value.items():
                if name in node["properties"]:
                    yield from self.faults(item, node["properties"][name], f"{where}.{name}")
                else:
                    yield f"{where}.{name} is not in the contract"

    def report(self, path, faults):
        self.count += 1
        self.failures += bool(faults)
        print(f"{'not ok' if faults else 'ok'} {path}")
        for fault in faults[:10]:
            print(f"    {fault}")

    def fetch(self, path):
        try:
            with urllib.request.urlopen(self.base + path, timeout=20) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def get(self, template, path, status=200):
        """Ask, check against the schema of the operation, give the answer."""
        operation = self.doc["paths"][template]["get"]
        got, headers, body = self.fetch(path)
        response = self.resolve(operation["responses"].get(str(status), operation["responses"].get("default", {})))
        (mime, content), = response["content"].items()
        faults = []
        if got != status:
            faults.append(f"status {got}, expected {status}: {body[:200]!r}")
        elif headers.get_content_type() != mime:
            faults.append(f"content type {headers.get_content_type()}, expected {mime}")
        try:
            value = json.loads(body)
        except ValueError as error:
            value = None
            faults.append(f"not JSON: {error}")
        if not faults:
            faults = list(self.faults(value, content["schema"], "answer"))
        self.report(path, faults)
        return value if not faults else {}

    def file(self, template, path, mime):
        """A file, of a type that the contract knows, to be saved under a name."""
        got, headers, body = self.fetch(path)
        content = self.doc["paths"][template]["get"]["responses"]["200"]["content"]
        good = (got == 200 and headers.get_content_type() == mime and mime in content and body
                and headers["Content-Disposition"].startswith("attachment;"))
        self.report(path, [] if good else [f"{got} {headers.get_content_type()} {body[:80]!r}"])

    def stream(self, path):
        """The head of the event stream: it stays open, so only its first bytes are read."""
        with urllib.request.urlopen(self.base + path, timeout=20) as answer:
            first = answer.readline()
            kind = answer.headers.get_content_type()
        self.report(path, [] if kind == "text/event-stream" and first.startswith(b"retry:") else [f"{kind} {first!r}"])


def walk_archive(check, api):
    check.get(f"{api}/organisations", f"{api}/organisations")
    check.get(f"{api}/archive/search", f"{api}/archive/search?words=1")
    check.get(f"{api}/archive/search", f"{api}/archive/search", 400)
    parent = ""
    for _ in range(8):  # down the tree by its first branches
        places = check.get(f"{api}/archive/tree", f"{api}/archive/tree?limit=2{parent}").get("items", [])
        for place in places:
            detail = check.get(f"{api}/places/{{placeId}}", f"{api}/places/{place['id']}")
            for point in detail.get("points", [])[:2]:
                check.get(f"{api}/points/{{pointId}}", f"{api}/points/{point['id']}")
        if not places:
            break
        parent = f"&parent={places[0]['id']}"
    check.get(f"{api}/places/{{placeId}}", f"{api}/places/999999999", 404)
    check.get(f"{api}/points/{{pointId}}", f"{api}/points/999999999", 404)
    check.file(f"{api}/archive/export", f"{api}/archive/export?table=places&format=csv", "text/csv")
    check.file(f"{api}/archive/templates", f"{api}/archive/templates", XLSX)


def walk_money(check, api):
    for path in ("audit", "audit?refused=1", "tariffs", "tariff-bindings", "ledger/books", "ledger/check", "cash/days",
                 "cash/settlement", "prepaid", "prepaid?level=1", "notices", "notices?waiting=1", "supply-tasks",
                 "supply-tasks?open=1", "meter-orders", "meter-orders?which=stuck", "receipts?desk=A&year=2026"):
        check.get(f"{api}/{path.split('?')[0]}", f"{api}/{path}")
    for account in check.get(f"{api}/accounts", f"{api}/accounts?limit=5").get("items", []):
        one, template = f"{api}/accounts/{account['id']}", f"{api}/accounts/{{accountId}}"
        detail = check.get(template, one)
        if not account.get("closed_at"):
            check.get(f"{template}/closing", f"{one}/closing")
            check.get(f"{template}/may-sell", f"{one}/may-sell?amount=100")
        check.get(f"{template}/bookings", f"{one}/bookings?limit=3")
        check.get(f"{api}/contracts", f"{api}/contracts?account={account['id']}")
        for contract in detail.get("contracts", [])[:2]:
            check.get(f"{api}/contracts/{{contractId}}", f"{api}/contracts/{contract['id']}")
        for booking in detail.get("bookings", [])[:3]:
            check.get(f"{api}/bookings/{{bookingId}}", f"{api}/bookings/{booking['id']}")
            if booking.get("receipt"):
                check.get(f"{api}/receipt", f"{api}/receipt?number={booking['receipt']}")
    for tariff in check.get(f"{api}/tariffs", f"{api}/tariffs").get("items", [])[:2]:
        check.get(f"{api}/tariffs/edition", f"{api}/tariffs/edition?tariff={tariff['tariff']}")
    for day in check.get(f"{api}/cash/days", f"{api}/cash/days?limit=3").get("items", []):
        check.get(f"{api}/cash/days/{{cashDayId}}/bookings", f"{api}/cash/days/{day['id']}/bookings")
        check.get(f"{api}/cash/day", f"{api}/cash/day?desk={day['desk']}", 404 if day.get("closed_at") else 200)
    check.get(f"{api}/contracts", f"{api}/contracts", 400)
    check.get(f"{api}/receipt", f"{api}/receipt?number=none", 400)
    check.get(f"{api}/tariffs/edition", f"{api}/tariffs/edition?tariff=there-is-none", 404)
    for word in ("accounts", "contracts", "bookings"):
        check.get(f"{api}/{word}/{{{word[:-1]}Id}}", f"{api}/{word}/999999999", 404)


def walk_bills(check, api):
    for path in ("pay/orders", "pay/stuck", "pay/files", "reconciliations", "late-bills", "arrears", "arrears/ageing", "arrears/calls",
                 "arrears/collection", "apportionments", "seal", "seal/verification", "bills?state=issued&kind=bill"):
        check.get(f"{api}/{path.split('?')[0]}", f"{api}/{path}")
    for run in check.get(f"{api}/bill-runs", f"{api}/bill-runs?limit=3").get("items", []):
        check.get(f"{api}/bill-runs/{{runId}}", f"{api}/bill-runs/{run['id']}")
        check.get(f"{api}/bills", f"{api}/bills?run={run['id']}&limit=2")
    for bill in check.get(f"{api}/bills", f"{api}/bills?limit=3").get("items", []):
        one, template = f"{api}/bills/{bill['id']}", f"{api}/bills/{{billId}}"
        check.get(template, one)
        if bill.get("number"):
            check.file(f"{template}/document", f"{one}/document", "application/pdf")
            check.file(f"{template}/bundle", f"{one}/bundle", "application/x-tar")
    for order in check.get(f"{api}/pay/orders", f"{api}/pay/orders?limit=3").get("items", []):
        check.get(f"{api}/pay/orders/{{orderNumber}}", f"{api}/pay/orders/{order['number']}")
    for file in check.get(f"{api}/pay/files", f"{api}/pay/files?limit=2").get("items", []):
        check.get(f"{api}/pay/files/{{fileId}}", f"{api}/pay/files/{file['id']}")
        check.file(f"{api}/pay/files/{{fileId}}/content", f"{api}/pay/files/{file['id']}/content", "application/octet-stream")
    for one in check.get(f"{api}/reconciliations", f"{api}/reconciliations?limit=2").get("items", []):
        check.get(f"{api}/reconciliations/{{reconciliationId}}", f"{api}/reconciliations/{one['id']}")
    for one in check.get(f"{api}/apportionments", f"{api}/apportionments?limit=2").get("items", []):
        check.get(f"{api}/apportionments/{{apportionmentId}}", f"{api}/apportionments/{one['id']}")
    for kind in ("sales-day", "settlement", "arrears", "balances"):
        check.file(f"{api}/lists/{{listKind}}", f"{api}/lists/{kind}", XLSX)
    check.get(f"{api}/bills/{{billId}}", f"{api}/bills/999999999", 404)
    check.get(f"{api}/bills", f"{api}/bills?state=lost", 400)
    check.get(f"{api}/arrears", f"{api}/arrears?as_of=yesterday", 400)


def walk(check):
    api = "/api/v1"
    check.get(f"{api}/health", f"{api}/health")
    check.get(f"{api}/overview", f"{api}/overview")
    for line in check.get(f"{api}/lines", f"{api}/lines").get("items", [])[:3]:
        check.get(f"{api}/lines/{{lineId}}", f"{api}/lines/{line['id']}")
        check.get(f"{api}/lines/{{lineId}}/events", f"{api}/lines/{line['id']}/events?limit=5")
        check.get(f"{api}/lines/{{lineId}}/search", f"{api}/lines/{line['id']}/search?kind=modbus-rtu", 404)
    check.get(f"{api}/places", f"{api}/places")
    for command in check.get(f"{api}/commands", f"{api}/commands").get("items", [])[:3]:
        check.get(f"{api}/commands/{{commandId}}", f"{api}/commands/{command['id']}")
    meters = check.get(f"{api}/meters", f"{api}/meters?limit=500").get("items", [])
    for state in ("ok", "missing", "never"):
        check.get(f"{api}/meters", f"{api}/meters?state={state}&limit=3")
    read = [m for m in meters if m.get("last_read_at")][:2]
    for meter in read + [m for m in meters if not m.get("last_read_at")][:1]:
        one = f"{api}/meters/{meter['id']}"
        detail = check.get(f"{api}/meters/{{meterId}}", one)
        for value in detail.get("values", [])[:2]:
            span = f"register={value['register']}&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
            check.get(f"{api}/meters/{{meterId}}/series", f"{one}/series?{span}")
            check.get(f"{api}/meters/{{meterId}}/series", f"{one}/series?{span}&points=1")
        for frame in check.get(f"{api}/meters/{{meterId}}/frames", f"{one}/frames?limit=5").get("items", [])[:2]:
            check.get(f"{api}/frames/{{frameId}}", f"{api}/frames/{frame['id']}")
    for gateway in check.get(f"{api}/gateways", f"{api}/gateways").get("items", [])[:3]:
        check.get(f"{api}/gateways/{{gatewayId}}", f"{api}/gateways/{gateway['id']}")
        check.get(f"{api}/gateways/{{gatewayId}}/events", f"{api}/gateways/{gateway['id']}/events?limit=20")
    check.get(f"{api}/gateways/{{gatewayId}}", f"{api}/gateways/999999999", 404)
    check.get(f"{api}/gateway-events", f"{api}/gateway-events?limit=20")
    for by in ("day", "line", "gateway", "building"):
        check.get(f"{api}/read-quality", f"{api}/read-quality?by={by}")
    check.get(f"{api}/read-quality", f"{api}/read-quality?from=2026-02-30", 400)
    check.get(f"{api}/read-quality/matrix", f"{api}/read-quality/matrix")
    check.get(f"{api}/read-quality/missing", f"{api}/read-quality/missing")
    check.get(f"{api}/read-quality/lost", f"{api}/read-quality/lost")
    for loss in check.get(f"{api}/losses", f"{api}/losses").get("items", [])[:2]:
        one = f"{api}/points/{loss['point_id']}"
        check.get(f"{api}/points/{{pointId}}/loss", f"{one}/loss")
        check.get(f"{api}/points/{{pointId}}/habits", f"{one}/habits")
        check.get(f"{api}/points/{{pointId}}/swapped", f"{one}/swapped?since=2026-01-01", 400)
    check.get(f"{api}/points/{{pointId}}/comparison", f"{api}/points/1/comparison")
    for word in ("comparison", "habits"):
        check.get(f"{api}/points/{{pointId}}/{word}", f"{api}/points/999999999/{word}", 404)
    check.get(f"{api}/points/{{pointId}}/loss", f"{api}/points/999999999/loss", 404)
    walk_archive(check, api)
    walk_money(check, api)
    walk_bills(check, api)
    check.get(f"{api}/enrolments", f"{api}/enrolments")
    check.get(f"{api}/enrolments", f"{api}/enrolments?state=waiting")
    check.get(f"{api}/meters/{{meterId}}", f"{api}/meters/999999999", 404)
    check.get(f"{api}/meters", f"{api}/meters?limit=0", 400)
    check.stream(f"{api}/events")
    _, _, body = check.fetch("/api/openapi.json")
    same = json.loads(body)["paths"].keys() == check.doc["paths"].keys()
    check.report("/api/openapi.json", [] if same else ["its operations differ from those of the file"])


def main(arguments):
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    default = pathlib.Path(__file__).resolve().parent.parent / "openapi.yaml"
    path = pathlib.Path(arguments[1]) if len(arguments) == 2 else default
    check = Checker(arguments[0], yaml.safe_load(path.read_text(encoding="utf-8")))
    try:
        walk(check)
    except OSError as error:
        print(f"{arguments[0]} does not answer: {error}", file=sys.stderr)
        return 1
    print(f"{check.count - check.failures} answers fit the contract, {check.failures} do not")
    return 1 if check.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
