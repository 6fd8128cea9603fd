#!/usr/bin/env python3
"""A source for Yibiao: a file of JSON lines, one row a line, only ever added to. `"deleted": true` removes a row.

    lines.py FILE COLUMN...        the first column is the key
"""
import base64
import json
import os
import sys

PATH, COLUMNS = sys.argv[1], sys.argv[2:]


def raw(line):
    try:
        return {"raw": line.decode()}
    except UnicodeDecodeError:
        return {"raw_base64": base64.b64encode(line).decode()}


def message(at, time, line):
    """One line of the file as one message. What is wrong with it is said without what is in it."""
    said = {"at": at, "time": time, **raw(line)}
    try:
        row = json.loads(line)
        said["key"] = row[COLUMNS[0]]
    except (ValueError, TypeError, KeyError):
        return {**said, "bad": "it is no JSON object with a key"}
    if row.get("deleted"):
        return {**said, "delete": True}
    return {**said, "cells": [row.get(column) for column in COLUMNS]}


def read(start, rows_max, bytes_max):
    """The lines from byte `start` on. One that does not end yet is still being written."""
    items, size, at = [], 0, start
    with open(PATH, "rb") as file:
        time = int(os.fstat(file.fileno()).st_mtime)
        file.seek(start)
        while len(items) < rows_max:
            line = file.readline()
            if not line.endswith(b"\n") or (items and size + len(line) > bytes_max):
                break
            items.append({"message": message(at, time, line.rstrip(b"\n"))})
            size, at = size + len(line), at + len(line)
    if not items:
        return [{"nothing": {}}]
    head = {"messages": {"name": os.path.basename(PATH), "columns": COLUMNS}}
    return [head, *items, {"end": {"cursor": str(at)}}]


def answer(request):
    match request["do"]:
        case "hello":
            return [{"hello": {"protocol": 1, "replay": True}}]
        case "check":
            size = os.path.getsize(PATH)
            return [{"findings": [{"subject": PATH, "good": True, "detail": f"can be read, {size} bytes"}]}]
        case "discover":
            return [{"schemas": [{"name": os.path.basename(PATH), "columns": COLUMNS}]}]
        case "read":
            return read(int(request["from"] or 0), request["rows_max"], request["bytes_max"])
        case "commit":
            return [{"done": {}}]


for asked in sys.stdin:
    try:
        answers = answer(json.loads(asked))
    except OSError as failed:
        hint = "have the file delivered, or correct its path"
        answers = [{"error": {"attempt": f"cannot read {PATH}", "reason": failed.strerror, "hint": hint}}]
    for line in answers:
        print(json.dumps(line), flush=True)
