#!/usr/bin/env python3
"""openapi.yaml -> contract.h, contract.c: the C side of the API.

usage: generate-api.py OPENAPI_YAML OUTPUT_DIR

For every schema with a set of words an enum, for every object a struct with a JSON writer, for every operation a struct
of parameters, a table that checks them, and the declaration of its handler heng_api_<operation>: a missing handler
fails at link. What this small generator does not understand stops the build.

A schema that is the body of a request becomes a struct and a table of its fields (api/body.c reads by it) instead of a
writer; its fields are whole numbers, texts, words, booleans, lists of whole numbers, and JSON as it stands
(`x-heng-json: true` with a maxLength).

Shapes: date-time is heng_us (HENG_US_NEVER: null), another string is const char * (NULL: null), an array is a pointer
and a count. An optional property has a flag has_<name>. A property with `x-heng-json: true` is text that is JSON
already. A response of text/event-stream makes a route with stream set and no handler.

Files: an operation with `x-heng-upload: BYTES` takes a body of one of the media types of its requestBody, at most so
many bytes, as struct heng_api_upload; a response of media types that are none of the above is a file, which the handler
fills in as struct heng_api_file.

Messages: an operation with `x-heng-message: true` takes its body as it came, with its headers, as struct
heng_api_message; whoever sends it proves it by its content, so it may come from anywhere.
"""
import json
import pathlib
import re
import sys

import yaml

KEYWORDS = {"register", "default", "switch", "case", "long", "short", "int", "char", "static", "const", "union", "enum"}
INT_MIN, INT_MAX = -(2**53) + 1, 2**53 - 1  # what a browser's number holds exactly


def snake(name):
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def member(name):
    name = snake(name)
    return name + "_" if name in KEYWORDS else name


def quoted(text):
    return json.dumps(text)


class Contract:
    def __init__(self, doc):
        self.doc = doc
        self.schemas = doc["components"]["schemas"]
        self.enums = {}    # C name -> words
        self.structs = []  # (schema name, [property]) in order of use
        for name, schema in self.schemas.items():
            if "enum" in schema:
                self.enums[snake(name)] = schema["enum"]
        self.bodies = {}   # C name -> fields
        for item in doc["paths"].values():
            for op in item.values():
                if "requestBody" in op and not op.keys() & {"x-heng-upload", "x-heng-message"}:
                    name = op["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
                    self.bodies[name] = self.fields(name)
        for name, schema in self.schemas.items():
            if schema.get("type") == "object" and name not in self.bodies:
                self.add_struct(name)
        self.bodies = {snake(name): fields for name, fields in self.bodies.items()}

    def fields(self, name):
        """The fields of a request's body."""
        fields = []
        for field, node in self.schemas[name]["properties"].items():
            kind, ctype = self.kind(f"{name}_{field}", node)
            schema = self.resolve(node)
            if kind not in ("int", "text", "enum", "bool", "ints", "json"):
                sys.exit(f"{name}.{field}: kind {kind} is not supported in a request")
            if kind in ("text", "json") and "maxLength" not in schema or kind == "ints" and "maxItems" not in schema:
                sys.exit(f"{name}.{field}: needs a maxLength or maxItems")
            numbers = schema["items"] if kind == "ints" else schema
            fields.append({"name": field, "c": member(field), "kind": kind, "type": ctype,
                           "required": field in self.schemas[name].get("required", []),
                           "low": numbers.get("minimum", INT_MIN), "high": numbers.get("maximum", INT_MAX),
                           "most": schema.get("maxLength", schema.get("maxItems", 0))})
        return fields

    def resolve(self, node):
        while "$ref" in node:
            target = self.doc
            for part in node["$ref"].lstrip("#/").split("/"):
                target = target[part]
            node = target
        return node

    def add_struct(self, name):
        if any(n == name for n, _ in self.structs):
            return
        schema = self.schemas[name]
        required = set(schema.get("required", []))
        unknown = required - set(schema["properties"])
        if unknown:
            sys.exit(f"schema {name}: required but not defined: {sorted(unknown)}")
        properties = [self.property(name, p, node, p in required) for p, node in schema["properties"].items()]
        self.structs.append((name, properties))

    def property(self, owner, name, node, required):
        """What one property is in C: kind, type and for arrays the kind of an item."""
        kind, ctype = self.kind(f"{owner}_{name}", node)
        return {"name": name, "c": member(name), "kind": kind, "type": ctype, "required": required,
                "about": node.get("description", "")}

    def kind(self, where, node):
        if node.get("x-heng-json"):
            return "json", "const char *"
        if "$ref" in node:
            name = node["$ref"].rsplit("/", 1)[1]
            target = self.schemas[name]
            if "enum" in target:
                return "enum", snake(name)
            if target.get("type") != "object":
                sys.exit(f"{where}: cannot refer to {name}")
            self.add_struct(name)  # by value: must be complete before
            return "object", snake(name)
        types = node.get("type")
        named = types if isinstance(types, list) else [types]
        types = [t for t in named if t != "null"]
        if len(types) != len(named) and types != ["string"]:  # there is no integer and no truth that says "null"
            sys.exit(f"{where}: only a string may be null: leave the property out instead")
        if types == ["string"] and "enum" in node:
            name = snake(where)
            self.enums[name] = node["enum"]
            return "enum", name
        if types == ["string"]:
            return ("time", "heng_us ") if node.get("format") == "date-time" else ("text", "const char *")
        if types == ["integer"]:
            return "int", "int64_t "
        if types == ["boolean"]:
            return "bool", "bool "
        if types == ["array"]:
            if node["items"].get("type") == "integer":
                return "ints", "const int64_t *"
            kind, name = self.kind(where, node["items"])
            if kind in ("object", "enum"):
                return {"object": "array", "enum": "words"}[kind], name
        sys.exit(f"{where}: type {node.get('type')} is not supported")

    def operations(self):
        for path, item in self.doc["paths"].items():
            for method, op in item.items():
                params = [self.parameter(op["operationId"], path, self.resolve(p)) for p in op.get("parameters", [])]
                status = 202 if "202" in op["responses"] else 200
                content = op["responses"][str(status)]["content"]
                body, upload = None, None
                if "x-heng-upload" in op:
                    upload = {"max": op["x-heng-upload"], "types": list(op["requestBody"]["content"])}
                elif "requestBody" in op and "x-heng-message" not in op:
                    body = snake(op["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1])
                answer = None
                if "application/json" in content:
                    answer = snake(content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1])
                is_file = not answer and "text/event-stream" not in content
                if is_file and any(c["schema"].get("format") != "binary" for c in content.values()):
                    sys.exit(f"{op['operationId']}: no answer that can be generated")
                yield {"name": snake(op["operationId"]), "method": method.upper(), "path": path, "params": params,
                       "body": body, "upload": upload, "message": op.get("x-heng-message", False),
                       "status": status, "answer": answer, "file": is_file,
                       "summary": op["summary"]}

    def parameter(self, operation, path, node):
        schema = node["schema"]
        kind, ctype = self.kind(f"{operation}_{node['name']}", schema)
        if kind not in ("int", "text", "time", "enum"):
            sys.exit(f"{operation}: parameter {node['name']} of kind {kind} is not supported")
        index = -1
        if node["in"] == "path":
            index = re.findall(r"\{(\w+)\}", path).index(node["name"])
        elif node["in"] != "query":
            sys.exit(f"{operation}: parameter in {node['in']} is not supported")
        if kind == "text" and "maxLength" not in schema:
            sys.exit(f"{operation}: text parameter {node['name']} needs a maxLength")
        always = node.get("required", False) or "default" in schema
        return {"name": node["name"], "c": member(node["name"]), "kind": kind, "type": ctype, "index": index,
                "required": node.get("required", False), "always": always, "schema": schema}


def c_type(p):
    if p["kind"] == "enum":
        return f"heng_api_{p['type']} "
    if p["kind"] == "object":
        return f"struct heng_api_{p['type']} "
    if p["kind"] == "array":
        return f"const struct heng_api_{p['type']} *"
    if p["kind"] == "words":
        return f"const heng_api_{p['type']} *"
    return p["type"]


def word_symbol(enum, word):
    return f"HENG_API_{enum.upper()}_{re.sub(r'[^A-Za-z0-9]', '_', word).upper()}"


def header(contract, operations):
    out = ["/* Made from openapi.yaml by script/generate-api.py. */", "#ifndef HENG_API_CONTRACT_H",
           "#define HENG_API_CONTRACT_H", '#include "api/route.h"', '#include "base/json.h"', ""]
    for name, words in contract.enums.items():
        symbols = [word_symbol(name, w) for w in words] + [f"HENG_API_{name.upper()}_COUNT"]
        out += [f"typedef enum heng_api_{name} {{ {', '.join(symbols)} }} heng_api_{name};",
                f"const char *heng_api_{name}_text(heng_api_{name} value);",
                f"heng_api_{name} heng_api_{name}_of(const char *text); /* COUNT when unknown */", ""]
    for name, properties in contract.structs:
        out.append(f"struct heng_api_{snake(name)} {{")
        for p in properties:
            if not p["required"]:
                out.append(f"    bool has_{p['c']};")
            about = f" /* {p['about'].strip()} */" if p["about"] else ""
            out.append(f"    {c_type(p)}{p['c']};{about}")
            if p["kind"] in ("array", "ints", "words"):
                out.append(f"    size_t {p['c']}_n;")
        out += ["};", f"void heng_api_write_{snake(name)}(struct heng_json *json, "
                      f"const struct heng_api_{snake(name)} *value);", ""]
    for name, fields in contract.bodies.items():
        out.append(f"struct heng_api_{name} {{")
        for f in fields:
            out += ([] if f["required"] else [f"    bool has_{f['c']};"]) + [f"    {c_type(f)}{f['c']};"]
            out += [f"    size_t {f['c']}_n;"] if f["kind"] == "ints" else []
        out += ["};", ""]
    for op in operations:
        if op["params"]:
            out.append(f"struct heng_api_{op['name']}_params {{")
            for p in op["params"]:
                if not p["always"]:
                    out.append(f"    bool has_{p['c']};")
                out.append(f"    {c_type(p)}{p['c']};")
            out.append("};")
        if op["answer"] or op["file"]:
            params = f"const struct heng_api_{op['name']}_params *params, " if op["params"] else ""
            params += f"const struct heng_api_{op['body']} *body, " if op["body"] else ""
            params += "const struct heng_api_upload *upload, " if op["upload"] else ""
            params += "const struct heng_api_message *message, " if op["message"] else ""
            out += [f"/* {op['summary']}. */",
                    f"HENG_NODISCARD heng_rc heng_api_{op['name']}(struct heng_api_call *call, {params}"
                    f"struct heng_api_{op['answer'] or 'file'} *ret, struct heng_err *err);"]
        out.append("")
    out += ["/* Room for the parameters of any operation. */", "union heng_api_any_params {"]
    out += [f"    struct heng_api_{op['name']}_params {op['name']};" for op in operations if op["params"]]
    out += ["};", "", "/* Room for the body of any request. */", "union heng_api_any_body {"]
    out += [f"    struct heng_api_{name} {name};" for name in contract.bodies]
    out += ["};", "", f"enum {{ HENG_API_ROUTE_COUNT = {len(operations)} }};",
            "extern const struct heng_api_route heng_api_routes[HENG_API_ROUTE_COUNT];", "",
            "/* The contract itself, as JSON. */", "extern const char heng_api_openapi[];",
            "extern const size_t heng_api_openapi_n;", "", "#endif", ""]
    return "\n".join(out)


def write_property(p):
    value = f"value->{p['c']}"
    writer = {"text": f"heng_json_text(json, {value});", "int": f"heng_json_int(json, {value});",
              "bool": f"heng_json_bool(json, {value});", "json": f"heng_json_raw(json, {value}, strlen({value}));",
              "time": f"put_time(json, {value});",
              "enum": f"heng_json_text(json, heng_api_{p['type']}_text({value}));",
              "object": f"heng_api_write_{p['type']}(json, &{value});",
              "ints": f"heng_json_array(json);\n    for (size_t i = 0; i < {value}_n; i++) "
                      f"heng_json_int(json, {value}[i]);\n    heng_json_end_array(json);",
              "words": f"heng_json_array(json);\n    for (size_t i = 0; i < {value}_n; i++) "
                       f"heng_json_text(json, heng_api_{p['type']}_text({value}[i]));\n    heng_json_end_array(json);",
              "array": f"heng_json_array(json);\n    for (size_t i = 0; i < {value}_n; i++) "
                       f"heng_api_write_{p['type']}(json, &{value}[i]);\n    heng_json_end_array(json);"}[p["kind"]]
    body = f"heng_json_key(json, {quoted(p['name'])});\n    {writer}"
    return f"    {body}" if p["required"] else f"    if (value->has_{p['c']}) {{\n    {body}\n    }}"


def param_row(op, p):
    schema, struct = p["schema"], f"struct heng_api_{op['name']}_params"
    words = f"words_{p['type']}" if p["kind"] == "enum" else "NULL"
    count = f"HENG_API_{p['type'].upper()}_COUNT" if p["kind"] == "enum" else "0"
    low, high = schema.get("minimum", INT_MIN), schema.get("maximum", INT_MAX)
    has = "HENG_API_ALWAYS" if p["always"] else f"offsetof({struct}, has_{p['c']})"
    return (f"    {{.name = {quoted(p['name'])}, .kind = HENG_API_PARAM_{p['kind'].upper()}, "
            f".path_index = {p['index']}, .required = {'true' if p['required'] else 'false'}, "
            f".min = {low}, .max = {high}, "
            f".max_length = {schema.get('maxLength', 0)}, .words = {words}, .word_count = {count}, "
            f".has_default = {'true' if 'default' in schema else 'false'}, .fallback = {schema.get('default', 0)}, "
            f".offset = offsetof({struct}, {p['c']}), .has_offset = {has}}},")


def field_row(name, f):
    struct = f"struct heng_api_{name}"
    words = f"words_{f['type']}" if f["kind"] == "enum" else "NULL"
    count = f"HENG_API_{f['type'].upper()}_COUNT" if f["kind"] == "enum" else "0"
    has = "HENG_API_ALWAYS" if f["required"] else f"offsetof({struct}, has_{f['c']})"
    length = f"offsetof({struct}, {f['c']}_n)" if f["kind"] == "ints" else "0"
    return (f"    {{.name = {quoted(f['name'])}, .kind = HENG_API_FIELD_{f['kind'].upper()}, "
            f".required = {'true' if f['required'] else 'false'}, .min = {f['low']}, .max = {f['high']}, "
            f".most = {f['most']}, .words = {words}, .word_count = {count}, .offset = offsetof({struct}, {f['c']}), "
            f".has_offset = {has}, .count_offset = {length}}},")


def source(contract, operations):
    out = ["/* Made from openapi.yaml by script/generate-api.py. */", '#include "api/contract.h"', "",
           "#include <string.h>", "",
           "static void put_time(struct heng_json *json, heng_us at_us)\n{\n    if (at_us == HENG_US_NEVER)\n"
           "        heng_json_null(json);\n    else\n        heng_json_time(json, at_us);\n}", ""]
    for name, words in contract.enums.items():
        count = f"HENG_API_{name.upper()}_COUNT"
        out += [f"static const char *const words_{name}[] = {{{', '.join(quoted(w) for w in words)}}};", "",
                f"const char *heng_api_{name}_text(heng_api_{name} value)\n{{\n"
                f"    return value < {count} ? words_{name}[value] : \"unknown\";\n}}", "",
                f"heng_api_{name} heng_api_{name}_of(const char *text)\n{{\n    unsigned i = 0;\n"
                f"    while (i < {count} && strcmp(words_{name}[i], text) != 0) i++;\n"
                f"    return (heng_api_{name})i;\n}}", ""]
    for name, properties in contract.structs:
        out += [f"void heng_api_write_{snake(name)}(struct heng_json *json, "
                f"const struct heng_api_{snake(name)} *value)", "{", "    heng_json_object(json);"]
        out += [write_property(p) for p in properties]
        out += ["    heng_json_end_object(json);", "}", ""]
    for name, fields in contract.bodies.items():
        out += [f"static const struct heng_api_field fields_{name}[] = {{"]
        out += [field_row(name, f) for f in fields] + ["};", ""]
    for op in operations:
        if op["params"]:
            out += [f"static const struct heng_api_param params_{op['name']}[] = {{"]
            out += [param_row(op, p) for p in op["params"]] + ["};", ""]
        if op["upload"]:
            types = ", ".join(quoted(t) for t in op["upload"]["types"])
            out += [f"static const char *const types_{op['name']}[] = {{{types}, NULL}};", ""]
        if op["answer"] or op["file"]:
            params = ("params, " if op["params"] else "") + ("body, " if op["body"] else "")
            params += "call->upload, " if op["upload"] else ""
            params += "call->message, " if op["message"] else ""
            unused = ("" if op["params"] else "    (void)params;\n") + ("" if op["body"] else "    (void)body;\n")
            head = (f"static heng_rc run_{op['name']}(struct heng_api_call *call, const void *params, "
                    f"const void *body, struct heng_json *json, struct heng_err *err)\n{{\n{unused}")
            if op["file"]:
                out += [f"{head}    (void)json;\n"
                        f"    return heng_api_{op['name']}(call, {params}call->file, err);\n}}", ""]
                continue
            out += [f"{head}    struct heng_api_{op['answer']} answer = {{0}};\n"
                    f"    heng_rc rc = heng_api_{op['name']}(call, {params}&answer, err);\n"
                    f"    if (rc == HENG_OK) heng_api_write_{op['answer']}(json, &answer);\n    return rc;\n}}", ""]
    out.append("const struct heng_api_route heng_api_routes[HENG_API_ROUTE_COUNT] = {")
    for op in operations:
        params = f"params_{op['name']}" if op["params"] else "NULL"
        run = f"run_{op['name']}" if op["answer"] or op["file"] else "NULL"
        stream = "false" if op["answer"] or op["file"] else "true"
        upload = f", .upload_max = {op['upload']['max']}, .upload_types = types_{op['name']}" if op["upload"] else ""
        is_file = (", .file = true" if op["file"] else "") + (", .message = true" if op["message"] else "")
        fields, count = (f"fields_{op['body']}", len(contract.bodies[op["body"]])) if op["body"] else ("NULL", 0)
        out.append(f"    {{.method = {quoted(op['method'])}, .path = {quoted(op['path'])}, .operation = "
                   f"{quoted(op['name'])}, .params = {params}, .param_count = {len(op['params'])}, .fields = {fields}, "
                   f".field_count = {count}, .status = {op['status']}, .run = {run}, .stream = {stream}"
                   f"{upload}{is_file}}},")
    text = json.dumps(contract.doc, ensure_ascii=False, separators=(",", ":"), default=str).encode()
    rows = [", ".join(str(b if b < 128 else b - 256) for b in text[i:i + 24]) for i in range(0, len(text), 24)]
    out += ["};", "", "const char heng_api_openapi[] = {"] + [f"    {row}," for row in rows] + ["    0,", "};",
            f"const size_t heng_api_openapi_n = {len(text)};", ""]
    return "\n".join(out)


def main(yaml_path, output_dir):
    contract = Contract(yaml.safe_load(yaml_path.read_text(encoding="utf-8")))
    operations = list(contract.operations())
    (output_dir / "contract.h").write_text(header(contract, operations), encoding="utf-8")
    (output_dir / "contract.c").write_text(source(contract, operations), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
