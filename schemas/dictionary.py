"""The data dictionary: docs/data-dictionary.md, written from the contracts. `python -m schemas.dictionary`."""

from pathlib import Path

import schemas
from schemas.contract import Column, Table

TARGET = Path(__file__).resolve().parent.parent / "docs" / "data-dictionary.md"


def markdown() -> str:
    """The dictionary of all tables, as Markdown."""
    names = "\n".join(f"- [{name}](#{name}): {contract.doc}" for name, contract in schemas.tables().items())
    head = "# Data dictionary\n\nWritten by `make docs` from the contracts in `schemas/`; change it there.\n\n"
    return head + names + "\n" + "".join(_section(contract) for contract in schemas.tables().values())


def _section(contract: Table) -> str:
    lines = [f"\n## {contract.name}\n\n{contract.doc}\n"]
    lines.append(f"Key: {', '.join(contract.key)}. ")
    if contract.partition:
        lines.append(f"Partition: {', '.join(p.replace('|', ' by ') for p in contract.partition)}.")
    lines.append("\n\n| column | type | meaning | rules |\n| --- | --- | --- | --- |\n")
    lines += [f"| {c.name} | {c.type} | {_cell(c.doc)} | {_cell(_rules(c))} |\n" for c in contract.columns]
    if contract.audits:
        lines.append("\nAudited before each commit: " + "; ".join(audit.rule for audit in contract.audits) + ".\n")
    return "".join(lines)


def _rules(column: Column) -> str:
    rules = ["not null"] if column.required else []
    if column.minimum is not None:
        rules.append(f"≥ {column.minimum}")
    if column.maximum is not None:
        rules.append(f"≤ {column.maximum}")
    if column.allowed:
        rules.append("one of " + ", ".join(column.allowed))
    if column.references:
        rules.append(f"in {column.references}")
    return "; ".join(rules)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(markdown(), encoding="utf-8")
    print(f"written: {TARGET}")
