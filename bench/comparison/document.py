"""A document once, as Markdown and as HTML."""

import html
import re

from comparison.svg import STYLE

PAGE_STYLE = """
  :root { color-scheme: light dark; --ink: #1d2330; --faint: #667085; --paper: #ffffff;
    --line: #e3e6ec; --stripe: #f6f7f9; --ahead: #1f7a4d; --behind: #c8321f; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e8eaf0; --faint: #9aa3b5;
    --paper: #161a22; --line: #2c323f; --stripe: #1c212b; --ahead: #5fc794; --behind: #ff7a66; } }
  body { margin: 0 auto; max-width: 900px; padding: 24px 20px 60px; color: var(--ink);
    background: var(--paper); font: 15px/1.55 system-ui, 'Segoe UI', 'DejaVu Sans', Helvetica,
    Arial, sans-serif; }
  h1 { font-size: 26px; line-height: 1.25; } h2 { margin-top: 42px; font-size: 20px;
    border-bottom: 1px solid var(--line); padding-bottom: 6px; } h3 { margin: 28px 0 8px;
    font-size: 16px; }
  .scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px;
    font-variant-numeric: tabular-nums; margin: 8px 0 18px; }
  th, td { padding: 4px 10px; text-align: right; border-bottom: 1px solid var(--line);
    white-space: nowrap; } th { color: var(--faint); font-weight: 600; }
  th:first-child, td:first-child, td.words, th.words { text-align: left; }
  td.words { white-space: normal; } td:first-child.words { white-space: nowrap; }
  tr:nth-child(even) td { background: var(--stripe); }
  .ahead { color: var(--ahead); font-weight: 600; } .behind { color: var(--behind);
    font-weight: 600; } code { font-size: 13px; } svg { max-width: 100%; height: auto;
    display: block; margin: 14px 0; }
"""


class Document:
    def __init__(self, title):
        self.title, self.blocks = title, []

    def heading(self, text, level=2):
        self.blocks.append(("heading", level, text))

    def paragraph(self, text):
        self.blocks.append(("paragraph", text))

    def items(self, texts):
        if texts:
            self.blocks.append(("items", list(texts)))

    def table(self, header, rows):
        if rows:
            self.blocks.append(("table", header, [list(map(str, row)) for row in rows]))

    def plot(self, svg):
        """Only the page shows it."""
        self.blocks.append(("plot", svg))

    def markdown(self):
        lines = [f"# {self.title}", ""]
        for kind, *parts in self.blocks:
            lines += {"heading": md_heading, "paragraph": md_paragraph, "items": md_items,
                      "table": md_table, "plot": lambda svg: []}[kind](*parts)
        return "\n".join(lines).rstrip() + "\n"

    def page(self):
        parts = [f"<h1>{inline(self.title)}</h1>"]
        for kind, *rest in self.blocks:
            parts.append({"heading": html_heading, "paragraph": html_paragraph,
                          "items": html_items, "table": html_table,
                          "plot": lambda svg: svg}[kind](*rest))
        return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
                '<meta name="viewport" content="width=device-width, initial-scale=1">'
                f"<title>{html.escape(self.title)}</title><style>{PAGE_STYLE}{STYLE}</style>"
                "</head><body>\n" + "\n".join(parts) + "\n</body></html>\n")


def md_heading(level, text):
    return [f"{'#' * level} {text}", ""]


def md_paragraph(text):
    return [text, ""]


def md_items(texts):
    return [*(f"- {text}" for text in texts), ""]


def md_table(header, rows):
    marks = ["---" if words(rows, column) else "---:" for column in range(len(header))]
    lines = ["| " + " | ".join(header) + " |", "|" + "|".join(marks) + "|"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return [*lines, ""]


def words(rows, column):
    """Whether a column holds words rather than numbers."""
    return column == 0 or any(re.match(r"[A-Za-z]", row[column]) for row in rows)


def inline(text):
    text = html.escape(text, quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    return re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)


def html_heading(level, text):
    return f"<h{level}>{inline(text)}</h{level}>"


def html_paragraph(text):
    return f"<p>{inline(text)}</p>"


def html_items(texts):
    return "<ul>" + "".join(f"<li>{inline(text)}</li>" for text in texts) + "</ul>"


def html_table(header, rows):
    classes = [' class="words"' if words(rows, column) else "" for column in range(len(header))]
    head = "".join(f"<th{class_}>{inline(text)}</th>" for text, class_ in zip(header, classes))
    body = "".join("<tr>" + "".join(html_cell(text, class_) for text, class_ in
                                    zip(row, classes)) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def html_cell(text, class_):
    if text in {"ahead", "behind"}:
        return f'<td class="words"><span class="{text}">{text}</span></td>'
    return f"<td{class_}>{inline(text)}</td>"
