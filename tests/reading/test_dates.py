"""The order of day and month: a column's dates are its witness, in every kind of file."""

import io
import re
import struct
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime

import hostile
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import assume, given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis.cleaning.checks import count_orders
from qi_analysis.cleaning.encoding import encode
from qi_analysis.cleaning.parsers import EXCEL_EPOCH
from qi_analysis.profile import find_faults, parse_profile
from qi_analysis.quarantine import write_workbook

SHIPPED = qi.load_profile("cnwl")
Cell = str | date


def profile(line: str = ""):
    """Return the shipped profile with a line added to its rules."""
    text = SHIPPED.text.decode().replace("[rules]\n", f"[rules]\n{line}\n")
    return parse_profile(text.encode(), "own.toml")


DAY_FIRST, MONTH_FIRST = (profile(f'dates = "{order} first"') for order in ("day", "month"))
SAID = {"": SHIPPED, "day first": DAY_FIRST, "month first": MONTH_FIRST}


def raw(
    cells: Sequence[str], heading: str = "Start Date", **columns: Sequence[str]
) -> pd.DataFrame:
    """Return a register of text with a column of dates, and others by their headings."""
    n = len(cells)
    fixed = {
        "Project ID": [f"QI-{i}" for i in range(n)], "Project Title": ["Fewer falls"] * n,
        "Group": ["Goodall"] * n, "Carers involved": ["yes"] * n, heading: [*cells],
    }  # fmt: skip
    others = {name.replace("_", " "): [*each] for name, each in columns.items()}
    return pd.DataFrame({**fixed, **others}, dtype="str")


def starts(frame: pd.DataFrame, profile=SHIPPED) -> list[date]:
    return [day.date() for day in qi.clean_register(frame, profile).register["start_date"]]


def refusal(frame: pd.DataFrame, profile=SHIPPED) -> str:
    with pytest.raises(qi.RegisterError) as caught:
        qi.clean_register(frame, profile)
    return str(caught.value)


AMERICAN = ["4/1/2020", "5/2/2020", "6/3/2020", "4/17/2020", "5/23/2020", "6/29/2020"]
MEANT = [date(2020, 4, 1), date(2020, 5, 2), date(2020, 6, 3), date(2020, 4, 17), date(2020, 5, 23),
         date(2020, 6, 29)]  # fmt: skip


def test_month_first_dates_are_refused_with_the_counts_and_how_to_say_their_order():
    assert refusal(raw(AMERICAN)) == (
        "The register cannot be used: under 'Start Date', where dates are read day first, 3 dates "
        "can only be month first (such as '4/17/2020'), none only day first, and 3 could be "
        'either. If all are written month first, say so in the profile: dates = "month first" '
        'under [rules], or dates.start_date = "month first" for this column alone. If not, correct '
        "the 3 in the export."
    )


@pytest.mark.parametrize(
    "line", ['dates = "month first"', 'dates.start_date = "month first"',
             'dates = { start_date = "month first", end_date = "day first" }'],
)  # fmt: skip
def test_the_profile_says_the_order_for_the_register_or_for_a_column(line):
    assert starts(raw(AMERICAN), profile(line)) == MEANT


def test_a_column_with_an_order_of_its_own_leaves_the_others_as_they_are():
    frame = raw(AMERICAN, Updated=["25/07/2020"] * 5 + ["1/7/2020"])
    cleaned = qi.clean_register(frame, profile('dates.start_date = "month first"'))
    assert [day.date() for day in cleaned.register["start_date"]] == MEANT
    assert cleaned.register["updated_date"].dt.month.tolist() == [7] * 6


def test_the_witness_works_the_other_way_round_where_the_profile_says_month_first():
    british = ["1/4/2020", "2/5/2020", "17/4/2020"]
    found = refusal(raw(british), MONTH_FIRST)
    assert "month first, 1 date can only be day first (such as '17/4/2020'), none only" in found
    assert "correct it in the export." in found
    assert 'dates = "day first" under [rules]' in found
    assert starts(raw(british)) == [date(2020, 4, 1), date(2020, 5, 2), date(2020, 4, 17)]


@pytest.mark.parametrize(
    "cells",
    [
        [f"{c}".replace("/", mark) + tail for c in AMERICAN]
        for mark, tail in (("-", " 09:30"), (".", " 10:45"), (" ", ""), ("/", " 9:05 AM"),
                           ("/", ", 10:00:00"))
    ]
    + [[c[:-4] + c[-2:] for c in AMERICAN],
       [f"{day:%a} {c}" for c, day in zip(AMERICAN, MEANT, strict=True)],
       [c.replace("/", "\u00a0") for c in AMERICAN]],
    ids=["hyphens", "dots", "spaces", "with a time", "as a browser writes it", "short years",
         "weekdays", "no-break spaces"],
)  # fmt: skip
def test_month_first_dates_are_known_in_any_spelling(cells):
    assert "3 dates can only be month first" in refusal(raw(cells))
    assert starts(raw(cells), MONTH_FIRST) == MEANT


@pytest.mark.parametrize("heading", ["Start Date", "End Date", "Snapshot Date"])
def test_every_column_that_counts_rest_on_is_refused(heading):
    assert f"under '{heading}', where dates are read day first, 3 dates" in refusal(
        raw(AMERICAN, heading)
    )


@pytest.mark.parametrize("heading", ["Last Updated", "First Involved"])
def test_a_column_that_no_count_rests_on_is_left_out_with_the_same_counts(heading):
    cleaned = qi.clean_register(raw(AMERICAN, heading))
    assert len(cleaned.register) == 6
    assert cleaned.register[["updated_date", "first_involved_date"]].isna().all(axis=None)
    assert {"updated_date", "first_involved_date"}.isdisjoint(cleaned.asked)
    (warning,) = [w for w in cleaned.warnings if w.startswith("A column was left out: ")]
    assert f"under '{heading}', where dates are read day first, 3 dates can only be" in warning


def test_dates_of_both_orders_are_refused_and_are_to_be_written_one_way():
    mixed = [*AMERICAN, "25/04/2020", "26/04/2020"]
    found = (
        "3 dates can only be month first (such as '4/17/2020'), 2 only day first, and 3 could be "
        "either. Write them all one way in the export, such as 2020-04-25."
    )
    assert found in refusal(raw(mixed))
    assert "2 dates can only be day first (such as '25/04/2020'), 3 only month" in refusal(
        raw(mixed), MONTH_FIRST
    )


def test_a_slip_among_many_days_first_is_set_aside_and_said():
    cells = ["25/04/2020"] * 5 + ["01/05/2020"] * 2 + ["04/23/2020"]
    cleaned = qi.clean_register(raw(cells))
    assert cleaned.quarantine["found"].tolist() == ["04/23/2020"]
    assert cleaned.register["start_date"].dt.month.tolist() == [4] * 5 + [5] * 2
    assert (
        "Under 'Start Date' 1 date can only be month first (such as '04/23/2020') and was set "
        "aside. As 5 can only be day first, 2 that could be either were read so."
    ) in cleaned.warnings


def test_a_slip_to_fewer_than_five_is_none():
    cells = ["25/04/2020"] * 4 + ["01/05/2020"] * 2 + ["04/23/2020"]
    assert "1 date can only be month first (such as '04/23/2020'), 4 only day" in refusal(
        raw(cells)
    )


def test_slips_are_known_where_the_profile_says_month_first_too():
    cells = ["04/25/2020"] * 5 + ["05/01/2020"] * 2 + ["23/04/2020"]
    cleaned = qi.clean_register(raw(cells), MONTH_FIRST)
    assert cleaned.quarantine["found"].tolist() == ["23/04/2020"]
    assert cleaned.register["start_date"].dt.month.tolist() == [4] * 5 + [5] * 2


def test_where_no_date_could_be_either_nothing_is_misread_and_few_are_set_aside():
    cells = ["2020-04-25", "1 May 2020", "Apr 2020", "04/23/2020"]
    cleaned = qi.clean_register(raw(cells))
    assert cleaned.quarantine["found"].tolist() == ["04/23/2020"]
    assert len(cleaned.register) == 3
    assert not [w for w in cleaned.warnings if "month first" in w]


def test_a_column_in_which_every_date_is_month_first_is_refused_too():
    assert (
        "4 dates can only be month first (such as '4/17/2020'), none only day first, and none"
        in (refusal(raw(["4/17/2020"] * 4 + ["2020-04-25"])))
    )


def test_few_dates_in_figures_among_certain_ones_cost_no_more_than_themselves():
    certain = [f"{day} April 2020" for day in range(1, 29)]
    cleaned = qi.clean_register(raw([*certain, "04/23/2020", "04/05/2020"]))
    assert len(cleaned.register) == 28
    assert cleaned.quarantine[["found", "reason"]].to_numpy().tolist() == [
        [cell, "Nothing shows which is the day and which the month; write it as 2020-04-01."]
        for cell in ("04/23/2020", "04/05/2020")
    ]


def test_dates_that_show_no_order_are_judged_by_the_other_columns():
    frame = raw(["4/1/2020"] * 6, **{"End_Date": AMERICAN})
    assert refusal(frame) == (
        "The register cannot be used: no date under 'Start Date' shows whether it is day first (6 "
        "could be either), and under other headings 3 dates can only be month first (such as "
        "'4/17/2020') and none only day first. If all are written month first, say so in the "
        'profile: dates = "month first" under [rules], or dates.start_date = "month first" for '
        'this column alone. If not, give this column dates.start_date = "day first" there.'
    )
    assert starts(frame, MONTH_FIRST) == [date(2020, 4, 1)] * 6
    own = profile('dates = { start_date = "day first", end_date = "month first" }')
    assert starts(frame, own) == [date(2020, 1, 4)] * 6


@pytest.mark.parametrize("cells", [["04/05/2020"] * 4, ["01/04/2020", "tbc", "", "Apr-20"]])
def test_where_nothing_shows_the_order_dates_are_day_first(cells):
    assert starts(raw(cells))[0].month in (4, 5)


@pytest.mark.parametrize("cell", ["31/06/2020", "13/13/2020", "00/04/2020", "30/02/2020"])
def test_what_is_no_date_in_either_order_shows_none(cell):
    found = count_orders(encode(pd.Series([cell])))
    assert (found.day_first, found.month_first, found.either) == (0, 0, 0)


def test_a_columns_orders_are_counted_by_rows():
    cells = (
        ["04/25/2020"] * 3 + ["25/04/2020"] * 2 + ["04/05/2020", None, "2020-04-05", "43922", "Q1"]
    )
    found = count_orders(encode(pd.Series([*cells, "2020-04-25 00:00:00"], dtype="str")))
    assert (found.month_first, found.day_first, found.either) == (3, 2, 1)
    assert (found.early, found.late, found.early_days, found.filled) == (2, 1, 2, 10)
    assert found.example == {"day first": "25/04/2020", "month first": "04/25/2020"}


# --- what a spreadsheet of another country made of them -------------------------------------------


def opened(days: Sequence[date], own: str, order: str) -> list[Cell]:
    """Return what a spreadsheet that reads dates in its own order makes of those of an order."""
    cells: list[Cell] = []
    for day in days:
        first, second = (day.day, day.month) if order == "day first" else (day.month, day.day)
        as_day, as_month = (first, second) if own == "day first" else (second, first)
        text = f"{first:02}/{second:02}/{day.year}"
        cells.append(date(day.year, as_month, as_day) if as_month <= 12 else text)
    return cells


def as_xlsx(rows: Sequence[Sequence[Cell]]) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                sheet.write(i, j, cell, *([] if isinstance(cell, str) else [day]))
    return made.getvalue()


def as_xls(rows: Sequence[Sequence[Cell]]) -> bytes:
    """Write real dates as the numbers that they are to Excel."""
    numbers = b"".join(
        hostile.record(0x203, struct.pack("<HHHd", i, j, 0, (cell - EXCEL_EPOCH).days))
        for i, row in enumerate(rows)
        for j, cell in enumerate(row)
        if isinstance(cell, date)
    )
    texts = [["" if isinstance(cell, date) else cell for cell in row] for row in rows]
    return hostile.xls(texts, extra=numbers)


def as_csv(rows: Sequence[Sequence[Cell]]) -> bytes:
    """Write what a program makes of a workbook that it turns into CSV."""
    return "".join(",".join(map(str, row)) + "\n" for row in rows).encode()


FILES = {"r.xlsx": as_xlsx, "r.ods": hostile.ods, "r.xls": as_xls, "r.csv": as_csv}


def read(folder, file: str, cells: Sequence[Cell], profile=SHIPPED):
    headings = ["Project ID", "Project Title", "Group", "Carers involved", "Start Date"]
    rows = [(f"QI-{i}", "Fewer falls", "Goodall", "yes", cell) for i, cell in enumerate(cells)]
    (folder / file).write_bytes(FILES[file]([headings, *rows]))
    return qi.clean_register(qi.read_register(folder / file, profile), profile)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("said", [SHIPPED, MONTH_FIRST], ids=["nothing said", "month first"])
def test_real_dates_that_a_spreadsheet_swapped_are_never_read(tmp_path, file, said):
    cells = opened(MEANT, "day first", "month first")
    assert sorted(map(type, cells), key=str) == [date] * 3 + [str] * 3
    sentence = (
        f"{file} cannot be used: under 'Start Date' 3 dates can only be month first (such as "
        "'04/17/2020') and 3 are real dates, none of them after the 12th of a month: a spreadsheet "
        "of another country seems to have read those with day and month swapped. Give the export "
        "as it was before a spreadsheet opened it, or have it write dates like 2020-04-25."
    )
    with pytest.raises(qi.RegisterError, match=f"^{re.escape(sentence)}$"):
        read(tmp_path, file, cells, said)


@pytest.mark.parametrize("file", FILES)
def test_british_dates_that_an_american_spreadsheet_swapped_are_never_read(tmp_path, file):
    cells = opened(MEANT, "month first", "day first")
    with pytest.raises(
        qi.RegisterError, match=r"3 dates can only be day first .* 3 are real dates"
    ):
        read(tmp_path, file, cells)


@pytest.mark.parametrize("file", FILES)
def test_real_dates_beside_text_of_the_same_order_are_read(tmp_path, file):
    cells = [*MEANT, "01/07/2020", "25/07/2020"]
    cleaned = read(tmp_path, file, cells)
    found = [day.date() for day in cleaned.register["start_date"]]
    assert found == [*MEANT, date(2020, 7, 1), date(2020, 7, 25)]


def test_real_dates_on_the_first_of_each_month_are_not_taken_for_swapped(tmp_path):
    cells = [date(2020, month, 1) for month in range(1, 9)] + ["25/07/2020"] * 3
    assert len(read(tmp_path, "r.xlsx", cells).register) == 11


def test_real_dates_later_in_the_month_show_that_a_text_is_a_slip(tmp_path):
    cells = [date(2020, 5, day) for day in (3, 5, 9, 14, 17, 20, 25, 28)]
    cleaned = read(tmp_path, "r.xlsx", [*cells, "04/25/2020"])
    assert cleaned.quarantine["found"].tolist() == ["04/25/2020"]
    with pytest.raises(qi.RegisterError, match=r"are real dates, only 4 of them after the 12th"):
        read(tmp_path, "r.xlsx", [*cells[:-1], "04/25/2020"])


@pytest.mark.parametrize("file", FILES)
def test_where_one_column_was_swapped_another_of_early_days_alone_is_not_trusted(tmp_path, file):
    headings = ["Project ID", "Project Title", "Group", "Carers involved", "Start Date", "Updated"]
    updated = opened(MEANT, "day first", "month first")
    starts = [
        date(2020, month, day) for month, day in ((3, 4), (1, 5), (2, 9), (1, 2), (3, 1), (3, 3))
    ]
    rows = [
        (f"QI-{i}", "Fewer falls", "Goodall", "yes", *days)
        for i, days in enumerate(zip(starts, updated, strict=True))
    ]
    (tmp_path / file).write_bytes(FILES[file]([headings, *rows]))
    with pytest.raises(
        qi.RegisterError,
        match=r"under 'Start Date' 6 dates are real and none lies after the 12th of a month, while "
        r"a spreadsheet of another country seems to have swapped day and month under 'Updated'\.",
    ):
        qi.clean_register(qi.read_register(tmp_path / file))


def test_many_days_of_which_none_lies_late_in_a_month_are_warned_of():
    days = [date(2020, month, day) for month in (1, 2, 3, 4, 5) for day in (2, 5, 8, 12)]
    warning = (
        "None of the 20 days under 'Start Date' lies after the 12th of a month, as if day and "
        "month had been swapped. Compare some with the register itself."
    )
    for style in ("%Y-%m-%d", "%d/%m/%Y"):
        cells = [day.strftime(style) for day in days]
        assert warning in qi.clean_register(raw(cells)).warnings
        for fewer in (cells[1:] + cells[-1:], [*cells[1:], "13 May 2020"]):
            assert not [w for w in qi.clean_register(raw(fewer)).warnings if "None of the" in w]


def test_days_that_all_begin_a_month_are_not_warned_of():
    cells = [f"01/{month:02}/{year}" for year in (2019, 2020) for month in range(1, 13)]
    assert not [w for w in qi.clean_register(raw(cells)).warnings if "None of the" in w]


@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "America/New_York"])
def test_times_with_a_zone_in_a_table_of_types_are_read_on_their_day_in_london(tmp_path, zone):
    times = pd.Series(pd.to_datetime(["2020-03-31 23:30", "2020-12-01 23:30"], utc=True))
    frame = raw(["x", "y"]).assign(**{"Start Date": times.dt.tz_convert(zone)})
    frame.to_parquet(tmp_path / "register.parquet")
    for each in (frame, qi.read_register(tmp_path / "register.parquet")):
        assert starts(each) == [date(2020, 4, 1), date(2020, 12, 1)]


@pytest.mark.parametrize("file", FILES)
def test_certain_spellings_are_read_from_every_kind_of_file(tmp_path, file):
    cells = ["April 1 2020", "1st of April 2020", "20200401", "2020.04.01", "2020-04",
             "2020-04-01 00:00:00.0000000 +01:00", "Wed\u00a01 April\u00a02020"]  # fmt: skip
    cleaned = read(tmp_path, file, cells)
    assert [day.date() for day in cleaned.register["start_date"]] == [date(2020, 4, 1)] * 7
    assert cleaned.register["start_precision"].tolist() == [*["day"] * 4, "month", "day", "day"]


@pytest.mark.parametrize("file", FILES)
def test_month_first_text_is_read_from_every_kind_of_file_once_the_profile_says_so(tmp_path, file):
    with pytest.raises(qi.RegisterError, match="3 dates can only be month first"):
        read(tmp_path, file, AMERICAN)
    cleaned = read(tmp_path, file, AMERICAN, MONTH_FIRST)
    assert [day.date() for day in cleaned.register["start_date"]] == MEANT


# --- both orders, in any spelling -----------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["04-01-2020 09:30", "12-31-2020 09:30", "20200401 09:30", "2020.04.01 09:30"]
)
def test_a_date_with_its_hour_is_no_number_of_a_person(cell):
    read = qi.clean_register(raw([cell]), MONTH_FIRST)
    assert read.register["start_date"].notna().all()
    assert not [w for w in read.warnings if "ersonal" in w]


DAYS = st.dates(date(2018, 1, 1), date(2022, 12, 31))
SPELLINGS = (
    "{:%d/%m/%Y}",
    "{:%d.%m.%y}",
    "{:%d-%m-%Y %H:%M}",
    "{:%Y-%m-%d}",
    "{:%d %B %Y}",
    "{:%b %d, %Y}",
)


def spell(day: date, style: str, order: str) -> str:
    swapped = {"d/%m": "m/%d", "d.%m": "m.%d", "d-%m": "m-%d"}
    if order == "month first":
        for old, new in swapped.items():
            style = style.replace(f"%{old}", f"%{new}")
    return style.format(datetime(day.year, day.month, day.day, 9, 30))


def read_or_refused(cells: Sequence[str], said: str) -> dict[int, date]:
    """Return the dates that are read, by their row; none of a register that is refused."""
    with suppress(qi.RegisterError):
        register = qi.clean_register(raw(cells), SAID[said]).register
        rows = register["project_id"].str.removeprefix("QI-").astype(int)
        return {i: day.date() for i, day in zip(rows, register["start_date"], strict=True)}
    return {}


@given(
    st.lists(st.tuples(DAYS, st.sampled_from(SPELLINGS)), min_size=1, max_size=30),
    st.sampled_from(["day first", "month first"]),
    st.sampled_from([*SAID]),
)
def test_dates_of_one_order_are_read_in_that_order_or_not_at_all(dates, order, said):
    cells = [spell(day, style, order) for day, style in dates]
    shown = any(day.day > 12 for day, style in dates if style in SPELLINGS[:3])
    either = any(day.day != day.month for day, style in dates if style in SPELLINGS[:3])
    assume((said or "day first") == order or shown or not either)  # else nothing could tell
    for i, day in read_or_refused(cells, said).items():
        assert day == dates[i][0]


@given(st.lists(DAYS, min_size=1, max_size=30), st.sampled_from(["", "month first"]))
def test_what_a_spreadsheet_swapped_is_never_read(days, said):
    assume(any(day.day > 12 for day in days))
    cells = [str(cell) for cell in opened(days, "day first", "month first")]
    for i, day in read_or_refused(cells, said).items():
        assert day == days[i]


@given(st.lists(DAYS, min_size=1, max_size=30), st.sampled_from(["day first", "month first"]))
def test_no_date_in_figures_is_lost_where_the_order_is_said(days, order):
    cells = [f"{day:%d/%m/%Y}" if order == "day first" else f"{day:%m/%d/%Y}" for day in days]
    assert [*read_or_refused(cells, order).values()] == days


# --- what else has an order -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('dates = "american"',
         "own.toml: 'rules.dates' must be 'day first' or 'month first'; not 'american'."),
        ("dates = true", "own.toml: 'rules.dates' must be 'day first' or 'month first'; not True."),
        ("dates = []", "own.toml: 'rules.dates' must be 'day first' or 'month first'; not []."),
        ('dates.start_date = "us"',
         "own.toml: 'rules.dates.start_date' must be 'day first' or 'month first'; not 'us'."),
        ('dates.start = "month first"',
         "own.toml: unknown key 'rules.dates.start'. Did you mean 'start_date'?"),
        ('dates.title = "month first"',
         "own.toml: unknown key 'rules.dates.title'. Known are 'start_date', 'end_date', "
         "'updated_date', 'first_involved_date' or 'snapshot_date'."),
    ],
)  # fmt: skip
def test_an_order_that_there_is_not_is_a_fault_of_the_profile(tmp_path, line, fault):
    file = tmp_path / "own.toml"
    file.write_text(SHIPPED.text.decode().replace("[rules]\n", f"[rules]\n{line}\n"))
    assert find_faults(file) == [fault]


@pytest.mark.parametrize("above", ["", "[trust]\n"])
def test_an_order_in_another_section_is_said_to_belong_under_rules(tmp_path, above):
    file = tmp_path / "own.toml"
    line = 'dates = "month first"\n'
    text = SHIPPED.text.decode()
    file.write_text(text.replace(above, above + line) if above else line + text)
    name = "trust.dates" if above else "dates"
    assert find_faults(file) == [f"own.toml: '{name}' belongs under [rules]; move it there."]


def test_the_day_above_the_headings_has_the_order_of_the_register(tmp_path):
    file = tmp_path / "register.csv"
    file.write_bytes(
        b"Extracted on 04/05/2021\n" + as_csv([[*raw(AMERICAN)], *raw(AMERICAN).to_numpy()])
    )
    days = [qi.read_register(file, each).attrs["snapshot_date"] for each in (SHIPPED, MONTH_FIRST)]
    assert days == ["2021-05-04", "2021-04-05"]


def test_a_day_given_is_certain_or_day_first_and_certain_for_a_month_first_register():
    projects = qi.clean_register(raw(AMERICAN), MONTH_FIRST).register
    day = pd.Timestamp("2021-04-25")
    for given_day in ("25/04/2021", "2021-04-25", "25 April 2021", "April 25, 2021"):
        assert qi.Register(projects, profile=SHIPPED, as_of=given_day).as_of == day
    assert qi.Register(projects, profile=MONTH_FIRST, as_of="25 April 2021").as_of == day
    with pytest.raises(
        ValueError, match="`as_of` must be a date such as '2021-05-04'; not '04/05/2021'"
    ):
        qi.Register(projects, profile=MONTH_FIRST, as_of="04/05/2021")


def test_rows_that_come_back_corrected_show_no_order():
    frame = raw(["04/23/2020", "04/05/2020"])
    frame.attrs["corrections"] = True
    cleaned = qi.clean_register(frame)
    assert cleaned.quarantine["found"].tolist() == ["04/23/2020"]


@pytest.mark.parametrize(
    ("said", "way"),
    [(SHIPPED, "day first, such as 01/04/2020"), (MONTH_FIRST, "year first, such as 2020-04-01")],
)
def test_whoever_corrects_rows_is_told_how_dates_are_written(tmp_path, said, way):
    frame = raw([*AMERICAN, "soon"]) if said is MONTH_FIRST else raw(["25/04/2020", "soon"])
    write_workbook(qi.clean_register(frame, said), tmp_path / "rows.xlsx", said)
    text = pd.read_excel(tmp_path / "rows.xlsx", sheet_name="Read me", engine="calamine")
    assert text.iloc[:, 0].str.fullmatch(rf"4\. Write dates {way}\.").any()


def test_a_clean_register_is_read_back_whatever_the_order(tmp_path):
    register = qi.clean_register(raw(AMERICAN), MONTH_FIRST).register
    register.to_csv(tmp_path / "clean.csv", index=False)
    for said in (SHIPPED, MONTH_FIRST):
        back = qi.clean_register(qi.read_register(tmp_path / "clean.csv", said), said)
        assert [day.date() for day in back.register["start_date"]] == MEANT


@pytest.mark.parametrize("written", ["%d-%b-%y", "%d-%B-%Y", "%Y/%m/%d", "%Y.%m.%d"])
@pytest.mark.parametrize("text", ["{:%m/%d/%Y}", "{:%d/%m/%Y}"])
def test_real_dates_are_known_as_a_spreadsheet_shows_them_beside_swapped_text(written, text):
    real = [date(2020, month, month + 1).strftime(written) for month in range(3, 9)]
    left = [text.format(date(2020, month, 17)) for month in range(3, 7)]
    assert "6 are real dates, none of them after the 12th" in refusal(raw([*real, *left]))
    late = [date(2020, 1, day).strftime(written) for day in range(13, 31)]
    assert len(qi.clean_register(raw([*real, *late, left[0]])).register) >= 24


def test_a_day_that_bears_another_weekdays_name_may_be_in_the_other_order():
    cells = ["Sun 04/05/2020", "Monday, 04/05/2020", "Mon 4 May 2020", "Sun 4 May 2020"]
    cleaned = qi.clean_register(raw(cells))
    assert cleaned.register["project_id"].tolist() == ["QI-1", "QI-2"]
    reason = "Read day first, this is a Monday, not the weekday that stands before it."
    assert cleaned.quarantine["reason"].tolist() == [reason] * 2
    assert starts(raw(cells[:1]), MONTH_FIRST) == [date(2020, 4, 5)]


@pytest.mark.parametrize("mark", ["-", "/", "."])
def test_a_year_with_the_day_before_the_month_is_not_read_month_first(mark):
    cells = ["2020-25-04", "2020-05-04", "2020-06-03", "2020-02-11"]
    found = refusal(raw([cell.replace("-", mark) for cell in cells]))
    assert "1 date has the year first and then a day" in found
    assert "and 3 could have either order. Write them as 2020-04-25" in found
    late = [f"2020-03-{day}" for day in range(13, 29)]
    assert len(qi.clean_register(raw([*cells, *late])).register) == 19  # a slip


def test_short_years_that_seem_to_come_first_are_warned_of():
    first = ["20-05-04", "20-06-25", "21-07-08", "20-12-30", "19-10-31"]
    last = ["04-05-20", "25-06-20", "08-07-21", "30-12-20", "31-10-19"]
    warning = "Dates under 'Start Date' look as if the year came first, in two figures"
    assert any(w.startswith(warning) for w in qi.clean_register(raw(first)).warnings)
    assert not any(w.startswith(warning) for w in qi.clean_register(raw(last)).warnings)


def test_figures_of_another_script_escape_no_witness():
    cells = ["\u0664/\u0665/\u0662\u0660\u0662\u0660", "\uff10\uff14/05/2020"]
    assert len(qi.clean_register(raw([*cells, "2020-05-04", "2020-05-05"])).quarantine) == 2
