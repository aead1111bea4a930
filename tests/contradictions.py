"""Read a folder of internal reports, and list what its pages say that the findings do not.

    python tests/contradictions.py data/processed/example/reports

Every page, the index, every workbook and every file of data is read as a reader would: by its
sentences and tables. What they say of a group is held against its row of `data/findings.csv`.
"""

import re
import sys
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
from python_calamine import CalamineWorkbook

BLOCKS = {"p", "li", "figcaption", "th", "td", "h2", "h3", "dd", "title"}
NO_DIRECTORATES = ("Joint", "Not recorded", "Unrecognised")
SHARE = re.compile(
    r"([\d,]+) of ([\d,]+)(?: [a-z]+)?(?: live on [^()]*?)? \((under |over )?([\d.]+)%"
)
TURNED = re.compile(r"(under |over )?([\d.]+)% \(([\d,]+) of ([\d,]+)(?:, rounded)?\)")
MONTH = r"([JFMASOND][a-z]+ \d{4})"

# What a sentence of a group's own page says, and of which column; a group in it is the value.
SAID = [
    (r"^(?:In )?([\d,]+) of [\d,]+ projects (?:live on|on the)", "numerator"),
    (r"^(?:In )?[\d,]+ of ([\d,]+) projects (?:live on|on the)", "denominator"),
    (r"^All ([\d,]+) projects (?:live on|on the)", "denominator", "numerator"),
    (r"^None of ([\d,]+) projects (?:live on|on the)", "denominator"),
    (r"it would take ([\d,]+) more of these projects", "needed"),
    (r"yet: ([\d,]+) more of these projects would need to", "needed"),
    (r"takes ([\d,]+) more of (?:these|all) projects", "needed"),
    (r"If ([\d,]+) of these [\d,]+ get there", "needed"),
    (r"If all ([\d,]+) get there", "needed"),
    (r"Of [\d,]+ recent projects, ([\d,]+) involve", "recent_numerator"),
    (r"Of ([\d,]+) recent projects, [\d,]+ involve", "recent_denominator"),
    (r"^All ([\d,]+) recent projects", "recent_numerator", "recent_denominator"),
    (r"the register said ([\d,]+) of [\d,]+", "earlier_numerator"),
    (r"the register said [\d,]+ of ([\d,]+)", "earlier_denominator"),
    (r"of people in ([\d,]+)(?: projects?)? that involves? them less", "work_to_or_for"),
    (r"[Ii]nvolve people in ([\d,]+)(?: projects?)? that involves? nobody", "involve_nobody"),
    (r"ask ([\d,]+)(?: projects?)? that do(?:es)? not say", "not_recorded_actions"),
    (r"^The rate has (?:risen|fallen) by more.*? before " + MONTH, "changed_at"),
    (r"^The rate has (?:risen|fallen) step by step.* since " + MONTH, "changed_at"),
    (r"^The rate (?:rose|fell) from .* in " + MONTH + ", each time", "changed_at"),
    (r"the latest time, in " + MONTH, "changed_at"),
    (r"^The rate is lower so far for projects that started since " + MONTH, "changed_at"),
    (r"before " + MONTH + r" to [\d.]+% \(", "changed_at"),
    (r" to [\d.]+% \(([\d,]+) of [\d,]+\) since\.", "after_numerator"),
    (r" to [\d.]+% \([\d,]+ of ([\d,]+)\) since\.", "after_denominator"),
]  # fmt: skip

# Words that leave one answer only.
WORDS = [
    (r"Our aim is [\d.]+%\. We have reached it", "met_now", "yes"),
    (r"We are not there yet", "met_now", "no"),
    (r"Too much is left blank to say if we are there", "met_now", "blanks_decide"),
    (r"The aim of [\d.]+% is met(?: today)?\.", "met_now", "yes"),
    (r"The aim of [\d.]+% is not met:", "met_now", "no"),
    (r"Whether the aim of [\d.]+% is met is open", "met_now", "blanks_decide"),
    (r"^Is the aim met today\? Yes\.", "met_now", "yes"),
    (r"^Is the aim met today\? No\.", "met_now", "no"),
    (r"^Is the aim met today\? The blanks decide\.", "met_now", "blanks_decide"),
    (r"^Do recent projects reach it\? Yes\.", "sustained", "yes"),
    (r"^Do recent projects reach it\? No\.", "sustained", "no"),
    (r"^Do recent projects reach it\? Nobody can tell yet\.", "sustained", "cannot_tell"),
    (r"^Do recent projects reach it\? Too few to tell\.", "sustained", "too_few"),
    (r"^Recent projects reach the aim", "sustained", "yes"),
    (r"^Recent projects fall short of the aim", "sustained", "no"),
    (r"^Nobody can tell yet if recent", "sustained", "cannot_tell"),
    (r"^Only .* recent: too few|^No project is recent,", "sustained", "too_few"),
    (r"^The rate has risen", "change", "rise"),
    (r"^The rate has fallen", "change", "fall"),
    (r"^The rate (?:rose|fell) from .* and rose to", "change", "rise"),
    (r"^The rate (?:rose|fell) from .* and fell to", "change", "fall"),
    (r"^The rate has not changed|^As recorded the rate|^The rate seems", "change", "none"),
    (r"^The rate is lower so far", "change", "too_early"),
    (r"^Projects started in .*too few to tell whether the rate", "change", "too_few"),
    (r"^Our rate .* is higher than the whole trust's", "position", "higher"),
    (r"^Our rate .* is lower than the whole trust's", "position", "lower"),
    (r"^Our rate .* differs from the whole trust's by no more", "position", "within"),
    (r"^Our rate .* too few to compare", "position", "too_few"),
]  # fmt: skip


class Blocks(HTMLParser):
    """Gathers a page's text block by block, its tables row by row, and what stands in its code."""

    def __init__(self, path: Path):
        super().__init__()
        self.blocks, self.rows, self.silent, self.in_cell = [], [], 0, False
        self.feed(
            re.sub(r"<(style|script|title)>.*?</\1>", "", path.read_text("utf-8"), flags=re.S)
        )
        self.blocks = [text for block in self.blocks if (text := " ".join(block.split()))]
        self.rows = [[" ".join(cell.split()) for cell in row] for row in self.rows]

    def handle_starttag(self, tag, attrs):
        self.silent += tag == "pre"
        if tag == "tr":
            self.rows.append([])
        if tag in BLOCKS:
            self.blocks.append("")
        if tag in ("th", "td"):
            self.rows[-1].append("")
            self.in_cell = True
        alt = dict(attrs).get("alt")
        if tag == "img" and alt:
            self.blocks.append(alt)

    def handle_endtag(self, tag):
        self.silent -= tag == "pre"
        self.in_cell = self.in_cell and tag not in ("th", "td")
        if tag in BLOCKS:
            self.blocks.append("")

    def handle_data(self, data):
        if self.silent:
            return
        if self.blocks:
            self.blocks[-1] += data
        if self.in_cell:
            self.rows[-1][-1] += data


def read_findings(out: Path) -> pd.DataFrame:
    """Return what was found, by group; the trust's name is empty."""
    words = dict.fromkeys(["group", "met_now", "sustained", "change", "position"], "str")
    found = pd.read_csv(
        out / "data" / "findings.csv", keep_default_na=False, na_values=[""], dtype=words
    )
    return found.fillna(dict.fromkeys(words, "")).set_index("group", drop=False)


def find_contradictions(out: Path) -> list[str]:
    """Return what pages, index, workbooks and data say that differs, each with its place."""
    found = read_findings(out)
    pages = {"": out / "trust.html"} | {
        read_title(path): path for path in sorted((out / "directorates").glob("*.html"))
    }
    assert set(pages) == set(found.index)
    said = []
    for name, path in pages.items():
        blocks = Blocks(path).blocks
        said += [f"{path.name}: {fault}" for fault in check_page(blocks, found.loc[name])]
        said += [f"{path.name}: {fault}" for fault in check_shares(blocks)]
        book = CalamineWorkbook.from_path(path.with_suffix(".xlsx"))
        said += [f"{path.stem}.xlsx: {fault}" for fault in check_workbook(book, name, found)]
    said += [f"trust.html: {fault}" for fault in check_groups(Blocks(pages[""]).blocks, found)]
    index = Blocks(out / "index.html")
    said += [f"index.html: {fault}" for fault in check_page(index.blocks, found.loc[""])]
    said += [f"index.html: {fault}" for fault in check_shares(index.blocks)]
    said += [f"index.html: {fault}" for fault in check_rows(index.rows, found)]
    said += [f"index.html: {fault}" for fault in check_groups(index.blocks, found)]
    easy = Blocks(out / "easy.html").blocks
    said += [f"easy.html: {fault}" for fault in check_easy(easy, found.loc[""])]
    return said + [f"data: {fault}" for fault in check_data(out, found)]


def read_title(path: Path) -> str:
    """Return the name of a page's group."""
    return unescape(re.search(r"<h1><bdi>(.*?)</bdi></h1>", path.read_text("utf-8"))[1])


def number(text: str) -> int:
    return int(text.replace(",", ""))


def check_page(blocks: list[str], row: pd.Series) -> Iterator[str]:
    """Check what the sentences of a group's page say against its row."""
    for block in blocks:
        for pattern, *columns in SAID:
            for each in re.finditer(pattern, block):
                for column in columns:
                    yield from differ(column, read_value(column, each[1]), row[column], block)
        for pattern, column, value in WORDS:
            if re.search(pattern, block):
                yield from differ(column, value, row[column], block)


def read_value(column: str, text: str):
    return f"{pd.Timestamp(f'1 {text}'):%Y-%m-%d}" if column == "changed_at" else number(text)


def differ(what: str, said, found, where: str) -> Iterator[str]:
    found = str(found)[:10] if what == "changed_at" else found
    if said != found:
        yield f"{what} is said to be {said}, and found {found}: {where[:150]}"


def check_shares(blocks: list[str]) -> Iterator[str]:
    """Check that each percentage is that of the counts that stand beside it."""
    for block in blocks:
        shares = [(k, n, rate) for k, n, _, rate in SHARE.findall(block)]
        shares += [(k, n, rate) for _, rate, k, n in TURNED.findall(block)]
        for k, n, rate in shares:
            digits = len(rate.partition(".")[2])
            share = 100 * number(k) / number(n)
            if abs(share - float(rate)) > 0.5 * 10**-digits + 1e-9:
                yield f"{k} of {n} is not {rate}%: {block[:150]}"


# What the easy-read summary says, and of which column; as above.
EASY = [
    (r"^We looked at ([\d,]+) projects?", "denominator"),
    (r"^We had (no) projects", "denominator"),
    (r"^([\d,]+) do(?:es)? not say\. We count", "not_recorded"),
    (r"^([\d,]+) of the [\d,]+ projects do(?:es)? this", "numerator"),
    (r"^[\d,]+ of the ([\d,]+) projects do(?:es)? this", "denominator"),
    (r"^([\d,]+) of these [\d,]+ do(?:es)? this", "numerator"),
    (r"^[\d,]+ of these ([\d,]+) do(?:es)? this", "denominator"),
    (r"^(None) of them do this|^We know of (none) that do this", "numerator"),
    (r"^([\d,]+) more projects? needs? to do this", "needed"),
    (r"^([\d,]+) of [\d,]+ recent projects? do(?:es)? this", "recent_numerator"),
    (r"^[\d,]+ of ([\d,]+) recent projects? do(?:es)? this", "recent_denominator"),
    (r"^([\d,]+) projects? involves? people, but", "work_to_or_for"),
    (r"^([\d,]+) projects? involves? nobody", "involve_nobody"),
    (r"^([\d,]+) projects? needs? to tell us", "not_recorded_actions"),
    (r"^Projects started before " + MONTH, "changed_at"),
]  # fmt: skip
EASY_WORDS = [
    (r"^We have reached that today", "met_now", "yes"),
    (r"^We are not there yet", "met_now", "no"),
    (r"^We cannot say if we are there", "met_now", "blanks_decide"),
    (r"enough for our aim to last", "sustained", "yes"),
    (r"too few for our aim", "sustained", "no"),
    (r"^We cannot tell yet if our aim would last", "sustained", "cannot_tell"),
    (r"to tell what lasts", "sustained", "too_few"),
    (r"^Newer projects do this more often", "change", "rise"),
    (r"^Newer projects do this less often", "change", "fall"),
    (r"^We see no clear change|^We cannot be sure if this has changed", "change", "none"),
    (r"^We cannot tell yet if this has changed", "change", "too_few"),
]
IN_EVERY = re.compile(r"(about |nearly |just over |more than |fewer than |)(\d+) in every (\d+)")


def check_easy(blocks: list[str], row: pd.Series) -> Iterator[str]:
    """Check what the easy-read summary says against the trust's row, its rounded shares too."""
    shares = {
        "That is": "",
        "Projects started before": "before_",
        "Projects started since": "after_",
    }
    for block in blocks:
        for pattern, column in EASY:
            for each in re.finditer(pattern, block):
                text = next(filter(None, each.groups()))
                said = "0" if text.lower() in ("no", "none") else text
                yield from differ(column, read_value(column, said), row[column], block)
        for pattern, column, value in EASY_WORDS:
            if re.search(pattern, block):
                yield from differ(column, value, row[column], block)
        if block.startswith("All of them"):
            yield from differ("numerator", row["denominator"], row["numerator"], block)
        if block.startswith("It looks lower"):
            lower = row["change"] == "too_early" or str(row["lower_since"])[:1] == "2"
            yield from differ("lower so far", True, lower, block)
        for start, side in shares.items():
            found = IN_EVERY.search(block)
            if block.startswith(start) and found:
                rate = row[f"{side}numerator"] / row[f"{side}denominator"]
                yield from check_every(*found.groups(), rate, block)
        if wanted := re.match(r"We want (all|([\d.]+) in every (\d+)) projects", block):
            aim = 1 if wanted[1] == "all" else float(wanted[2]) / int(wanted[3])
            yield from differ("aim", round(aim, 9), round(row["aim"], 9), block)


def check_every(word: str, shown: str, of: str, rate: float, block: str) -> Iterator[str]:
    """Check a share told as so many in every ten."""
    apart = rate - int(shown) / int(of)
    most = 0.5 / int(of) + 1e-9
    right = {
        "": abs(apart) < 1e-9, "about ": abs(apart) <= most, "nearly ": -most <= apart < 0,
        "just over ": 0 < apart <= most, "more than ": 0 < apart <= 2 * most and rate < 1,
        "fewer than ": apart < 0 < rate,
    }  # fmt: skip
    if not right[word]:
        yield f"{rate:.3f} is said to be {word}{shown} in every {of}: {block}"


def check_groups(blocks: list[str], found: pd.DataFrame) -> Iterator[str]:
    """Check how many directorates are said to meet the aim, to differ, and to have changed."""
    rows = found[(found["level"] != "trust") & ~found["group"].isin(NO_DIRECTORATES)]
    met, lasts = rows["met_now"].value_counts(), rows["sustained"].value_counts()
    changes, lies = rows["change"].value_counts(), rows["position"].value_counts()
    count = r"(\d+|none|no|No)"
    patterns = [
        (rf"^Of \d+ groups, {count} meets? the aim", met.get("yes", 0)),
        (rf"risen by more than chance does in {count}\b", changes.get("rise", 0)),
        (rf"fallen in {count}\b", changes.get("fall", 0)),
        (rf"projects {count} would keep it", lasts.get("yes", 0)),
        (rf"and {count} falls? short", lasts.get("no", 0)),
        (rf"^{count} of \d+ directorates? meets? the aim", met.get("yes", 0)),
        (r"the aim today.*; for (\d+) the blanks decide", met.get("blanks_decide", 0)),
        (rf"{count} directorates? (?:is|are) higher than the trust", lies.get("higher", 0)),
        (rf"higher than the trust.*; {count} (?:is|are) lower", lies.get("lower", 0)),
        (rf", {count} (?:is|are) higher than the overall", lies.get("higher", 0)),
        (rf", {count} (?:is|are) lower than the overall", lies.get("lower", 0)),
        (rf"{count} has risen|{count} have risen", changes.get("rise", 0)),
        (rf"{count} has fallen|{count} have fallen", changes.get("fall", 0)),
        (r"^Of (\d+) directorates? with enough projects to tell",
         len(rows) - changes.get("too_few", 0)),
        (rf"; {count} (?:is|are) lower so far", changes.get("too_early", 0)),
        (rf"{count}(?: directorates?)? (?:is|are) likely",
         int((rows["shrunken_upper"] < rows["aim"] / 2).sum())),
        (rf"^{count} directorates? (?:has|have) all of (?:its|their) likely rate",
         int((rows["shrunken_upper"] < rows["aim"] / 2).sum())),
    ]  # fmt: skip
    end = blocks.index("And programmes?") if "And programmes?" in blocks else len(blocks)
    for block in blocks[:end]:
        for pattern, right in patterns:
            for each in re.finditer(pattern, block):
                word = next(filter(None, each.groups()))
                said = 0 if word.lower() in ("none", "no") else int(word)
                yield from differ("how many", said, int(right), block)


MET = {"yes": "Met", "no": "Not met", "blanks_decide": "Blanks decide"}
LASTS = {"yes": "Yes", "no": "No", "cannot_tell": "Nobody can tell yet",
         "too_few": "Too few to tell", "": "Not tested"}  # fmt: skip
CHANGES = {"rise": "Rise since", "fall": "Fall since", "none": "No more than chance",
           "too_early": "Too early to tell", "too_few": "Too few to tell",
           "": "Not tested"}  # fmt: skip


def check_rows(rows: list[list[str]], found: pd.DataFrame) -> Iterator[str]:
    """Check each row of the index's table against what was found."""
    table = {re.sub(r" \(.*", "", row[0]): row[1:] for row in rows if len(row) > 5}
    assert set(table) == {"Directorate", "The whole trust", *found.index} - {""}
    for name, row in found.iterrows():
        cells = table[str(name) or "The whole trust"]
        k, n = int(row["numerator"]), int(row["denominator"])
        was = [row["earlier_numerator"], row["earlier_denominator"]]
        before = "" if was[1] != was[1] else f" was {int(was[0]):,} of {int(was[1]):,}"
        yield from differ("counts", cells[0], f"{k:,} of {n:,}{before}", str(name))
        if n and row["aim"] == row["aim"]:
            more = f" {int(row['needed']):,} more" if row["needed"] else ""
            yield from differ("met", cells[2], MET[row["met_now"]] + more, str(name))
            of = int(row["recent_denominator"])
            recent = f" {int(row['recent_numerator'])} of {of}" if of else " none recent"
            yield from differ("lasts", cells[3], LASTS[row["sustained"]] + recent, str(name))
        change = cells[4 if row["aim"] == row["aim"] else 2]
        if not change.startswith(CHANGES[row["change"]]):
            yield f"change is said to be {change}, and found {row['change']}: {name}"
        if row["change"] in ("rise", "fall"):
            since = f"{pd.Timestamp(row['changed_at']):%B %Y}"
            if f"since {since}:" not in change:
                yield f"change is said to be {change}, and found since {since}: {name}"
        for way in ("higher", "lower"):
            shown = any(f"{way} than the trust" in cell for cell in cells)
            yield from differ(f"{way} than the trust", shown, row["position"] == way, str(name))


REASONS = {  # of the list of actions
    "work_to_or_for": "Make partners of people",
    "involve_nobody": "Involve people",
    "not_recorded_actions": "Record how people",
}


def check_workbook(book, name: str, found: pd.DataFrame) -> Iterator[str]:
    """Check the tables of a report's workbook against what was found."""
    row = found.loc[name]
    for sheet in book.sheet_names:
        lines = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        heads, body = lines[3], lines[4:]
        at = {head: i for i, head in enumerate(heads)}
        if "Answer" in at:
            for line in body:
                yield from check_page([f"{line[0]} {line[1]}"], row)
        if heads[0] == "Directorate" and {"Meaningful", "Projects"} <= {*at}:
            for line in body:
                k, n = line[at["Meaningful"]], line[at["Projects"]]
                group = found.loc[line[0]]
                yield from differ("counts", (k, n), tuple(group[["numerator", "denominator"]]),
                                  f"{sheet}, {line[0]}")  # fmt: skip
        if "What to do" in at:
            for column, words in REASONS.items():
                listed = sum(words in str(line[at["What to do"]]) for line in body)
                yield from differ(column, listed, row[column], sheet)
        if heads[0] == "Definition" and "Meaningful" in at and "Rate" in at:
            k, n = body[0][at["Meaningful"]], body[0][at["Projects"]]
            yield from differ("counts", (int(k), int(n)),
                              (row["numerator"], row["denominator"]), sheet)  # fmt: skip


def check_data(out: Path, found: pd.DataFrame) -> Iterator[str]:
    """Check the other files of data against what was found."""
    trust = pd.read_csv(out / "data" / "trust.csv").assign(directorate="")
    groups = pd.read_csv(out / "data" / "directorates.csv", keep_default_na=False, na_values=[""])
    for _, line in pd.concat([trust, groups]).iterrows():
        row = found.loc[line["directorate"]]
        for column in ("numerator", "denominator", "not_recorded", "needed", "met_now"):
            if column in line and line[column] == line[column]:
                yield from differ(column, line[column], row[column], line["directorate"])


def find_public_contradictions(out: Path) -> list[str]:
    """Return what public pages and their index say that the published counts do not."""
    counts = pd.read_csv(out / "data" / "public_counts.csv", dtype=str, keep_default_na=False)
    index, said = Blocks(out / "index.html"), []
    for path in (out / "trust.html", *sorted((out / "directorates").glob("*.html"))):
        said += [f"public {path.name}: {fault}" for fault in check_shares(Blocks(path).blocks)]
    said += [f"public index.html: {fault}" for fault in check_shares(index.blocks)]
    for row in index.rows:
        of_year = counts[counts["directorate"].eq(row[0]) & counts["year"].eq(row[1])]
        for line in of_year.to_dict("records"):
            figures, shown = [line["numerator"], line["denominator"]], row[2:4]
            shown = [figure.replace(",", "") for figure in shown]
            said += differ("public counts", shown, figures, f"{row[0]}, {row[1]}")
    return said


if __name__ == "__main__":
    faults = find_contradictions(Path(sys.argv[1]))
    sys.stdout.write("\n".join([*faults, f"{len(faults)} contradictions", ""]))
    sys.exit(bool(faults))
