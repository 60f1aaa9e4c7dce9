"""Writes report.md, report.html and summary.svg from results.jsonl and machine.json."""

import json

from comparison import forest, plots, sections
from comparison.analysis import Analysis
from comparison.document import Document
from comparison.results import read_records
from comparison.svg import Look


def write(folder):
    records = read_records(folder / "results.jsonl")
    if not records:
        raise FileNotFoundError(f"{folder} holds no results")
    card = json.loads((folder / "machine.json").read_text(encoding="utf-8"))
    analysis = Analysis(records)
    card["noise"] = sections.noise_record(analysis)
    look = Look(analysis.names())
    document = document_of(analysis, card, look)
    files = {"report.md": document.markdown(), "report.html": document.page(),
             "summary.svg": forest.summary(analysis, look, footer(analysis, card)),
             "machine.json": json.dumps(card, indent=2) + "\n"}
    for name, text in files.items():
        if text:
            (folder / name).write_text(text, encoding="utf-8")


def document_of(analysis, card, look):
    document = Document(f"Echo servers compared, {card['date'].split()[0]}, kodama "
                        f"{sections.revision(card)}")
    sections.lead(document, analysis, card)
    made = plots.all_plots(analysis, look)
    sections.headlines(document, analysis,
                       {name: svg for name, svg in made if name.startswith("forest-")})
    sections.against_each(document, analysis)
    document.heading("Pictures")
    document.paragraph("Bands are intervals of the median. `kodama-again` is the same binary as "
                       "`kodama`: how far the two lie apart is noise.")
    for name, svg in made:
        if not name.startswith("forest-"):
            document.plot(svg)
    sections.latencies(document, analysis)
    sections.once(document, analysis)
    sections.figures(document, analysis)
    sections.validity(document, analysis)
    sections.machine(document, card)
    sections.method(document, analysis)
    return document


def footer(analysis, card):
    """Below the picture: what a figure must not be told without."""
    blocks = analysis.plan.timing.blocks
    confidences = [one["confidence"] for name in analysis.others() for cell in analysis.cells
                   if (one := analysis.comparison(cell, name, forest.METRICS["server_cpu"]))]
    level = f"{100 * min(confidences):.1f} % " if confidences else ""
    return [f"Medians of paired ratios of {blocks} blocks, with exact {level}intervals; shaded: "
            "the noise floor (A/A control) or 1 %.",
            f"Loopback, {sections.cores(card)}, Linux {card['kernel']}, "
            f"{card['congestion']['name']}; {card['date'].split()[0]}, {sections.revision(card)}"]
