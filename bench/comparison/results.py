"""results.jsonl: one JSON object a line, appended as things happen, so that nothing is lost."""

import json
import os


class ResultLog:
    def __init__(self, path):
        self.path = path
        self.records = read_records(path)
        if os.path.exists(path):
            # The last line may have been cut short when the run was ended.
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(line_of(record) for record in self.records)
        self.file = open(path, "a", encoding="utf-8")

    def append(self, record):
        self.records.append(record)
        self.file.write(line_of(record))
        self.file.flush()

    def close(self):
        self.file.close()

    def of(self, kind):
        return [record for record in self.records if record["record"] == kind]


def line_of(record):
    return json.dumps(record, separators=(",", ":")) + "\n"


def read_records(path):
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.readlines()
    except FileNotFoundError:
        return []
    if lines and not lines[-1].endswith("\n"):
        lines.pop()
    return [json.loads(line) for line in lines]
