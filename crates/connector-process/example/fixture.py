#!/usr/bin/env python3
"""Makes the source of `lines.py` for `yibiao conformance`.

    fixture.py FILE fill | set | remove        the rows come on standard input, one JSON object a line
    fixture.py FILE poison MARKER | trouble KIND | mend

Exit code 3 says that the source cannot be made so; the reason is on standard output.
"""
import json
import os
import sys

path, what = sys.argv[1:3]
rows = [json.loads(line) for line in sys.stdin] if what in ("fill", "set", "remove") else []


def add(lines, mode="a"):
    with open(path, mode) as file:
        file.writelines(line + "\n" for line in lines)


match what:
    case "fill":
        add(map(json.dumps, rows), "w")
    case "set":
        add(map(json.dumps, rows))
    case "remove":
        add(json.dumps({"id": row["id"], "deleted": True}) for row in rows)
    case "poison":
        add(["{" + sys.argv[3]])
    case "trouble" if sys.argv[3] == "gone":
        os.rename(path, path + ".away")
    case "mend":
        os.rename(path + ".away", path)
    case _:
        print("a file answers at once")
        sys.exit(3)
