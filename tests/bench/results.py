# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""From samples to what is read: medians, spread, ratios, tables. Pure: no clock, no files."""
import statistics


def spread(samples):
    """The distance of the quartiles; of two samples, theirs; of one, none."""
    if len(samples) < 2:
        return None
    lower, _, upper = statistics.quantiles(samples, n=4, method="inclusive")
    return upper - lower


def note_of(samples):
    """Of numbers the median, of words the last."""
    numbers = all(isinstance(sample, (int, float)) for sample in samples)
    return statistics.median(samples) if numbers else samples[-1]


def work_out(rows):
    """Adds to each row its median, spread and its ratio to the row that it is compared with."""
    for row in rows:
        row["note_samples"] = row["notes"]
        row["notes"] = {note: note_of(samples) for note, samples in row["notes"].items()}
        row["median"] = statistics.median(row["samples"]) if row["samples"] else None
        row["spread"] = spread(row["samples"])
    for row in rows:
        row["ratio"] = ratio(rows, row["group"], row["name"], row["base"])


def median_of(rows, group, name, note=None):
    """Of what was measured, or of a number noted beside it."""
    for row in rows:
        if (row["group"], row["name"]) == (group, name):
            return row["notes"].get(note) if note else row["median"]
    return None


def ratio(rows, group, name, base):
    """How many times `base`, or None where either has no figure."""
    value, other = median_of(rows, group, name), median_of(rows, group, base)
    return value / other if value is not None and other else None


def goals_of(subject, rows):
    """What was asked for and what was found, of a subject that has goals."""
    if not hasattr(subject, "goals"):
        return []
    asked = subject.goals(lambda group, name, base: ratio(rows, group, name, base),
                          lambda group, name, note=None: median_of(rows, group, name, note))
    return [{"what": words, "found": found, "sense": sense, "bound": bound,
             "met": None if found is None else met(found, sense, bound)}
            for words, found, sense, bound in asked]


def met(found, sense, bound):
    return found <= bound if sense == "at most" else found >= bound


def thousands(number):
    return f"{number:,}".replace(",", " ")


def significant(value, digits=3):
    """Three digits, no exponent, thousands apart: 12 345, 1.23, 0.0123."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}"
    if "e" in text:
        text = f"{float(text):.10f}".rstrip("0").rstrip(".")
    if abs(float(text)) >= 10 ** digits:
        text = thousands(round(value))
    return text


def cell(value):
    if isinstance(value, float):
        return significant(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return thousands(value)
    return str(value).replace("|", "\\|").replace("\n", " ")


def line(cells):
    return "| " + " | ".join(cells) + " |"


def table(rows, notes):
    """The rows of one group in Markdown. Columns that nobody filled are left out."""
    notes = [note for note in notes if any(note in row["notes"] for row in rows)]
    base = rows[0]["base"]
    head = ["", f"median, {rows[0]['unit']}", "spread"] + ([f"/ {base}"] if base else []) + notes
    text = [line(head), line(["---"] + ["--:"] * (2 + bool(base)) + ["---"] * len(notes))]
    for row in rows:
        extra = [cell(row["notes"].get(note, "")) for note in notes]
        if not row["samples"]:
            cells = [row["name"], f"none: {cell(row['failed'] or 'not tried')}", ""]
            text.append(line(cells + [""] * (len(head) - 3)))
            continue
        cells = [row["name"], significant(row["median"]), significant(row["spread"])]
        text.append(line(cells + ([significant(row["ratio"])] if base else []) + extra))
    return "\n".join(text)


def goal_lines(goals):
    text = []
    for goal in goals:
        verdict = {True: "met", False: "**not met**", None: "not measured"}[goal["met"]]
        found = significant(goal["found"]) or "none"
        text.append(f"* {goal['what']}: {found} (asked for: {goal['sense']} {goal['bound']:g}; "
                    f"{verdict})")
    return "\n".join(text)


def subject_text(result, notes):
    """A subject in Markdown, without its heading."""
    if result.get("failed"):
        return f"Not measured: {result['failed']}"
    parts = []
    for group in dict.fromkeys(row["group"] for row in result["rows"]):
        rows = [row for row in result["rows"] if row["group"] == group]
        parts.append(f"{group}\n\n{table(rows, notes)}")
    if result["goals"]:
        parts.append(goal_lines(result["goals"]))
    return "\n\n".join(parts)
