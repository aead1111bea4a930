"""Personal data never leaves the reading of an export; identifiers that only look like it do."""

from dataclasses import replace

import pandas as pd
import pytest
from conftest import table
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis.cleaning.personal import is_nhs_number, mask_personal
from qi_analysis.cleaning.result import CleaningResult

PROFILE = qi.load_profile()
PERSONAL = (
    "9434765919", "943 476 5919", "943-476-5919", "94 34 76 59 19", "943\u00a0476\u200b 5919",
    "ann.smith@nhs.net", "Ann O'Neil <a.o'neil+qi@cnwl.nhs.uk>", "07700 900123", "07700900123",
    "(020) 7946 0018", "+44 7700 900123", "+44 (0)20 7946 0018", "00447700900123", "7700900123",
    "01632 960 983", "0800 123 4567",
)  # fmt: skip
SECRETS = ("5919", "smith", "neil", "0018", "0123", "983", "4567")


@pytest.mark.parametrize("text", PERSONAL)
def test_numbers_and_addresses_of_people_are_masked_wherever_they_stand(text):
    for cell in (text, f"Ring {text} today", f"see {text}.", f"12 {text}", f"01/02/1950 {text}"):
        masked = mask_personal(" ".join(cell.replace("\u200b", "").split()))
        assert "[removed]" in masked
        assert not any(secret in masked for secret in SECRETS)


@pytest.mark.parametrize(
    "text",
    [
        "2020-04-01 09:30", "01/04/2020 09:30", "01-04-2020 09:30", "1.4.2020 12:00",
        "QI-0001-1599", "9434765918", "12345678901234", "care@home",
        "2019-20 to 2020-21", "0012345678",
        "01/04/2020 to 30/06/2020", "43922", "2.5 - Changes tested", "50% of 200 in 2020/21",
        "cp1252_2021-05-04.csv", "v12 04-05-2020.csv", "17_20210504.csv",
    ],
)  # fmt: skip
def test_dates_scores_and_other_numbers_stay(text):
    assert mask_personal(text) == text


@pytest.mark.parametrize(
    ("number", "valid"),
    [("943 476 5919", True), ("4010232137", True), ("9434765918", False), ("943476591", False)],
)
def test_an_nhs_number_is_told_by_its_last_digit(number, valid):
    assert is_nhs_number(number) is valid


def test_a_column_of_personal_data_is_left_out_whole_and_named():
    cleaned = qi.clean_register(table("""
        ID | Title | Group   | Carers involved | NHS No       | Team              | ann@nhs.net
        1  | a     | Goodall | Y               | 943 476 5919 | ann.smith@nhs.net | b
        2  | a     | Goodall | Y               | 401 023 2137 | b.jones@nhs.net   | c
        3  | a     | Goodall | Y               | none         |                   | d
    """))  # fmt: skip
    assert cleaned.register["service"].isna().all()
    assert cleaned.warnings == (
        "Columns of personal data (NHS numbers, email addresses or phone numbers) were left out: "
        "'Team', 'NHS No'.",
        "Columns that the profile does not know were left out: '[removed]'.",
    )


def test_personal_data_in_a_cell_is_masked_and_counted():
    cleaned = qi.clean_register(table("""
        ID | Title                  | Group        | Carers involved | Start        | Outcome
        1  | Falls: ring 0770090012 | Goodall      | Y               | 01/04/2020   | Better
        2  | Falls: ring 07700900123 | a.b@nhs.net | Y               | 01/04/2020   | Better
        3  | Meals                  | Goodall      | Y               | 9434765919   | Ask x@y.uk
        4  | Meals                  | Goodall      | Y               | 01/04/2020   | Better
        5  | Meals                  | Goodall      | Y               |              |
    """))  # fmt: skip
    assert cleaned.register["title"].tolist()[:2] == ["Falls: ring [removed]"] * 2
    assert cleaned.register["directorate_as_read"].tolist()[1] == "[removed]"
    assert cleaned.quarantine["found"].tolist() == ["[removed]"]
    assert cleaned.rows_to_correct[["start_date", "outcome"]].to_numpy().tolist() == [
        ["[removed]", "Ask [removed]"]
    ]
    personal = [w for w in cleaned.warnings if w.startswith("Personal data")]
    assert personal == [
        "Personal data (NHS numbers, email addresses or phone numbers) were removed from 4 cells: "
        "'Title' (2), 'Group' (1), 'Outcome' (1). Take them out of the register itself.",
        "Personal data (NHS numbers, email addresses or phone numbers) was removed from 1 cell: "
        "'start_date' (1). Take them out of the register itself.",
    ]


def test_an_owner_that_is_an_address_is_no_directorate():
    message = (
        r"The register has NHS numbers, email addresses or phone numbers in most rows of 'Owner', "
        r"which is read as the directorate. Take that column out, or give the directorate's own"
    )
    with pytest.raises(qi.RegisterError, match=message):
        qi.clean_register(table("ID|Title|Owner|Carers involved\n1|a|ann@nhs.net|Y"))


def numbered(*ids: str) -> CleaningResult:
    raw = pd.DataFrame({"ID": ids, "Title": "a", "Group": "Goodall", "Carers involved": "Y"})
    return qi.clean_register(raw)


def test_an_identifier_that_is_an_nhs_number_is_masked_and_its_row_set_aside():
    cleaned = numbered("943 476 5919", "07700 900123", "QI-1", "QI-2", "QI-3")
    assert cleaned.register["project_id"].tolist() == ["QI-1", "QI-2", "QI-3"]
    reason = (
        "This identifier looks like an NHS number, an email address or a phone number; give the "
        "project another."
    )
    assert cleaned.quarantine.fillna("").to_numpy().tolist() == [
        [2, "", "project_id", "[removed]", reason],
        [3, "", "project_id", "[removed]", reason],
    ]
    assert cleaned.rows_to_correct["project_id"].tolist() == ["[removed]"] * 2


def test_a_numbering_of_ten_digits_is_the_trusts_own():
    ids = [str(4010232100 + i) for i in range(40)]
    assert 0 < sum(map(is_nhs_number, ids)) < 10
    assert numbered(*ids).register["project_id"].tolist() == ids
    mobile = [str(7000000000 + i) for i in range(40)]
    assert numbered(*mobile).register["project_id"].tolist() == mobile
    assert numbered("0112-2020-001").register["project_id"].tolist() == ["0112-2020-001"]
    nhs = [i for i in (str(4010232100 + i) for i in range(400)) if is_nhs_number(i)]
    with pytest.raises(qi.RegisterError, match=r"project_id: This identifier looks like an NHS"):
        numbered(*nhs)


PLACES = ["ID", "Title", "Group", "Team", "Start", "State", "SU involved", "Involvement level",
          "Involvement areas", "Why not involved", "Progress", "Programme", "Outcome", "Sponsor",
          "Source fault"]  # fmt: skip


def everything_given_out(cleaned: CleaningResult) -> str:
    """Return all the text that a cleaned register could show to anybody."""
    frames = (
        cleaned.register.drop(columns="source_file"),
        cleaned.quarantine,
        cleaned.rows_to_correct,
    )
    texts = (frame.drop(columns=["source_row"]).to_csv(index=False) for frame in frames)
    return " ".join([*cleaned.warnings, *texts])


def test_a_long_register_is_cleaned_as_a_short_one_is():
    n = 10_500  # of so many rows, several columns are read at once, and personal data searched for
    raw = pd.DataFrame({"ID": [f"QI-{i}" for i in range(n)]}).assign(
        Title=[f"Ring 07700 9{i:05}" if i % 9 else f"Falls {i}" for i in range(n)],
        Group=["Goodall", "Jameson", "Rehab"] * (n // 3),
        Start=["01/04/2020", "31/06/2020", "Apr-20", "2/5/21"] * (n // 4),
        **{"SU involved": ["Y", "N", None, "x", "tbc"] * (n // 5)},
    )
    long, short = (qi.clean_register(rows) for rows in (raw, raw.head(200)))
    assert len(short.register) == 120
    assert len(long.register) == 120 * n // 200
    assert short.register["title"].str.startswith(("Falls", "Ring [removed]")).all()
    for name in ("register", "quarantine", "rows_to_correct"):
        few, many = getattr(short, name), getattr(long, name)
        pd.testing.assert_frame_equal(many.head(len(few)), few)


@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.integers(0, 5), st.sampled_from(PERSONAL),
                  st.sampled_from(["{}", "ring {}", "2.5 - {}", "Practicum {}", "x{}", "{};{}"])),
        min_size=1, max_size=4,
    ),
    st.sampled_from(["quarantine", "not_recorded"]),
)  # fmt: skip
def test_no_personal_data_is_ever_given_out(planted, unknown):
    raw = pd.DataFrame({name: [None] * 14 for name in PLACES}, dtype="str")
    raw = raw.assign(ID=[f"QI-{i}" for i in range(14)], Title="a", Group="Goodall")
    for place, row, secret, pattern in planted:
        if pattern == "x{}" and not secret[0].isdigit():
            continue
        raw.loc[row, place] = pattern.replace("{}", secret)
    raw = raw.rename(columns={"Source fault": "source_fault"})
    raw.attrs["warnings"] = ("Row 3 has 07700 900123 in it.",)
    try:
        out = everything_given_out(qi.clean_register(raw, replace(PROFILE, unknown=unknown)))
    except qi.RegisterError as refusal:  # every column that tells of involvement was personal
        out = str(refusal)
    assert not any(secret in out for secret in SECRETS)
