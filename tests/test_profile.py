"""A trust's profile: what it may hold, and how its faults are told."""

import re
import unicodedata
from datetime import date
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis.core.files import SHIPPED
from qi_analysis.core.schema import AREAS, COLUMNS
from qi_analysis.core.text import lookup_table, match_key, nearest
from qi_analysis.profile import _KEYS, Help, find_faults

LEAST = """
[trust]
name = "A Trust"
short_name = "AT"
[definitions.any]
approach = "doing_to"
# more
"""


def test_the_shipped_profile_is_cnwls():
    profile = qi.load_profile()
    assert profile == qi.load_profile("cnwl")
    assert profile.short_name == "CNWL"
    assert profile.first_month == 4
    assert len(profile.areas) == 9
    assert list(profile.definitions) == ["doing_with", "any", "several_areas", "with_and_several"]
    assert profile.definition().name == "doing_with"
    assert profile.definition("several_areas").areas == 3
    assert [event.label for event in profile.events] == ["QI programme paused"]


@pytest.mark.parametrize(
    ("day", "aim"),
    [
        (date(2018, 9, 26), None),
        (date(2018, 9, 27), Fraction(4, 5)),
        (date(2021, 5, 4), Fraction(4, 5)),
        (date(2023, 12, 31), Fraction(4, 5)),
        (date(2024, 1, 1), Fraction(1)),
    ],
)
def test_the_aim_is_the_one_in_force_on_the_day(day, aim):
    assert qi.load_profile().aim_on(day) == aim


def test_a_profile_needs_only_a_name_and_a_definition(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(LEAST)
    profile = qi.load_profile(file)
    assert (profile.trust, profile.short_name, profile.first_month) == ("A Trust", "AT", 4)
    assert (profile.headline, profile.basis, profile.unclear) == ("any", "active", "quarantine")
    assert (profile.directorates, profile.areas, profile.aims, profile.events) == ({}, {}, (), ())
    assert profile.aim_on(date(2021, 5, 4)) is None


def test_a_profile_saved_by_windows_notepad_is_read(tmp_path):
    file = tmp_path / "own.toml"
    file.write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode())
    assert qi.load_profile(file).short_name == "AT"


def test_a_profile_may_name_headings_for_each_column_of_the_register():
    read = {c.name for c in COLUMNS if c.kind not in ("derived", "provenance")}
    assert set(_KEYS["headings"]) == read | {AREAS.name, "leave_out"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "[trust]",
            "lebels = 1\n[trust]",
            r"own.toml: unknown key 'lebels'. Did you mean 'levels'\?",
        ),
        (
            "[trust]",
            "zzz = 1\n[trust]",
            "unknown key 'zzz'. Known are 'trust', 'headings', ",
        ),
        ("# more", "[rules]\nheadlin = 'any'", "'rules.headlin'. Did you mean 'headline'"),
        ("# more", "[headings]\ntitel = []", "'headings.titel'. Did you mean 'title'"),
        ("# more", "[areas.one]\nlable = 'One'", "'areas.one.lable'. Did you mean 'label'"),
        ("# more", "[levels]\ndoing_wth = []", "'levels.doing_wth'. Did you mean 'doing_with'"),
        ('"A Trust"', "1", "'trust.name' must be text; not 1."),
        (
            "[trust]",
            "directorates = 'Goodall'\n[trust]",
            r"must be a table, \[directorates\]",
        ),
        ("# more", "[directorates]\nGoodall = 'Goodal'", "'directorates.Goodall' must be a list; "),
        ("# more", "[directorates]\nGoodall = [1]", "'directorates.Goodall' must be text; not 1."),
        ("# more", "areas = true", "'definitions.any.areas' must be a whole number; not True."),
        ("# more", "[rules]\nearliest_date = 2005-01-01T00:00:00", "earliest_date' must be a date"),
        (
            "# more",
            "[rules]\ndisclosure = 'gdpr'",
            "'rules.disclosure' must be 'hes', 'mhsds', 'lt10",
        ),
        ("# more", "[rules]\nsnapshot_months = 0", "'rules.snapshot_months' must be 1 or more; "),
        ("# more", "[rules]\nsettle_months = 0", "'rules.settle_months' must be 1 or more; not 0."),
        ("# more", "[[aims]]\nfrom = '2018'\nrate = '80%'", "'aims.from' must be a date; not "),
        ('name = "A Trust"', "", "'trust.name' is missing."),
        ('short_name = "AT"', "", "'trust.short_name' is missing."),
        ("any]\napproach =", "any]\nlabel =", "'definitions.any' needs an approach, a number of"),
        (
            '[definitions.any]\napproach = "doing_to"',
            "",
            "'definitions' is missing: say what counts as meaningful.",
        ),
        (
            "# more",
            "[directorates]\nRehab = ['IAPT']\nTherapies = ['iapt ']",
            "'iapt ' stands under both 'Rehab' and 'Therapies'.",
        ),
        ("# more", "[words]\nyes = ['x']\nunclear = ['X']", "'X' stands under both 'yes' and 'unc"),
        (
            "# more",
            "[areas.one]\nheadings = ['Aim']\n[areas.two]\nlabel = 'AIM'",
            "'AIM' stands under both 'one' and 'two'.",
        ),
        ("# more", "[areas.Big]\nlabel = 'Big'", "'areas.Big' must be named in small letters, "),
        ("# more", "[[aims]]\nfrom = 2018-09-27\nrate = '80'", "an aim needs a 'from' date and a "),
        ("# more", "[[aims]]\nrate = '80%'", "an aim needs a 'from' date and a 'rate' such as"),
        ("# more", "[[aims]]\nfrom = 2018-09-27\nrate = '0%'", "lies above 0% and at most at 100%"),
        ("# more", "[[aims]]\nfrom = 2018-09-27\nrate = '101%'", "at most at 100%; not 101%."),
        ("# more", "[[events]]\nfrom = 2020-03-01", "an event needs a 'from' date and a 'label'."),
        (
            "# more",
            "[[rebases]]\nfrom = 2020-06-01",
            "a rebase needs a 'from' date and a 'reason'.",
        ),
        ("# more", "[[rebases]]\nreason = 'known'", "a rebase needs a 'from' date and a 'reason'."),
        (
            "# more",
            "[[rebases]]\nfrom = 2020-06-01\nreason = ' '",
            "needs a 'from' date and a 'rea",
        ),
        ("# more", "[[rebases]]\nform = 2020-06-01", "'rebases.form'. Did you mean 'from'"),
        ("# more", "[[rebases]]\nfrom = '2020'", "'rebases.from' must be a date; not '2020'."),
        (
            "# more",
            "[[rebases]]\nfrom = 2020-06-01\nreason = 'known'\ndirectorates = ['Godall']\n"
            "[directorates]\nGoodall = []",
            r"'rebases.directorates' names an unknown 'Godall'. Did you mean 'Goodall'\?",
        ),
        (
            "# more",
            "[[rebases]]\nfrom = 2020-06-01\nreason = 'known'\ndirectorates = ['Zzz']\n"
            "[directorates]\nGoodall = []",
            "names an unknown 'Zzz'. Known are 'Goodall'.",
        ),
        ("# more", "[rules]\nheadline = 'all'", "'rules.headline' must be 'any'; not 'all'."),
        ("# more", "[rules]\nbasis = 'open'", "'rules.basis' must be 'active' or 'started'; not "),
        ("# more", "[rules]\ntwo_owners = 'both'", "'rules.two_owners' must be 'first' or 'joint'"),
        ("# more", "[rules]\nunclear = 'yes'", "must be 'quarantine' or 'not_recorded'; not 'yes'"),
        ('"doing_to"', '"none"', "'definitions.any.approach' must be 'doing_to', 'doing_for' or "),
        (
            '"AT"',
            '"AT"\nfinancial_year_starts = "Apr"',
            "'trust.financial_year_starts' must be a month; not 'Apr'.",
        ),
        ("[trust]", "[trust", r"own.toml is not a TOML file that can be read: Expected '\]'"),
    ],
)
def test_a_fault_in_a_profile_is_told_in_words(tmp_path, old, new, message):
    file = tmp_path / "own.toml"
    file.write_text(LEAST.replace(old, new))
    with pytest.raises(qi.RegisterError, match=message):
        qi.load_profile(file)


def test_each_fault_is_told_once_and_the_first_is_raised(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(
        LEAST.replace('"A Trust"', "1").replace("# more", "areas = true\n")
        + "[headings]\ntitel = []\ntitle = [1]\n[[aims]]\nfrom = '2018'\n"
    )
    faults = find_faults(file)
    assert faults == [
        "own.toml: 'trust.name' must be text; not 1.",
        "own.toml: unknown key 'headings.titel'. Did you mean 'title'?",
        "own.toml: 'headings.title' must be text; not 1.",
        "own.toml: 'definitions.any.areas' must be a whole number; not True.",
        "own.toml: 'aims.from' must be a date; not '2018'.",
    ]
    with pytest.raises(qi.RegisterError) as refusal:
        qi.load_profile(file)
    assert str(refusal.value) == faults[0]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le"])
def test_a_profile_in_another_encoding_is_refused(encoding, tmp_path):
    file = tmp_path / "own.toml"
    file.write_bytes(LEAST.replace("A Trust", "Café").encode(encoding))
    said = r"^own\.toml is not saved as UTF-8\. Save it so \(editors ask under Save as\), and run "
    with pytest.raises(qi.RegisterError, match=said):
        qi.load_profile(file)


def test_a_profile_that_is_not_there_is_refused_and_the_shipped_ones_named(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path, "cnwll"):
        with pytest.raises(qi.RegisterError, match=r"no profile '.*Give the path of .*: 'cnwl'"):
            qi.load_profile(path)


def test_an_unknown_definition_is_refused():
    with pytest.raises(ValueError, match=r"`definition` must be one of 'doing_with', .* not 'all'"):
        qi.load_profile().definition("all")


REBASES = """
[[rebases]]
from = 2019-04-01
reason = "everywhere"
[[rebases]]
from = 2020-04-01
reason = "these alone"
directorates = ["Rehab", "Goodall"]
[[rebases]]
from = 2021-04-01
reason = "the whole trust alone"
directorates = []
"""


@pytest.mark.parametrize(
    ("directorate", "reasons"),
    [
        ("", ["everywhere", "the whole trust alone"]),
        ("Rehab", ["everywhere", "these alone"]),
        ("Addictions", ["everywhere"]),
    ],
)
def test_a_rebase_holds_for_all_charts_for_those_named_or_for_the_whole_trust_alone(
    tmp_path, directorate, reasons
):
    file = tmp_path / "own.toml"
    file.write_text(LEAST + REBASES)
    profile = qi.load_profile(file)
    assert [rebase.reason for rebase in profile.rebases_for(directorate)] == reasons
    of_many = profile.rebases_by([directorate, directorate, "Other"])
    assert list(of_many) == [directorate, "Other"]
    assert of_many[directorate] == profile.rebases_for(directorate)


def test_the_shipped_profile_shows_how_to_accept_a_rebase_and_accepts_none(tmp_path):
    shipped = qi.load_profile()
    assert shipped.rebases == ()
    lines = shipped.text.decode().splitlines()
    at = lines.index("# [[rebases]]")
    shown = [line.removeprefix("# ") if at <= i < at + 4 else line for i, line in enumerate(lines)]
    file = tmp_path / "own.toml"
    file.write_text("\n".join(shown), "utf-8")
    (rebase,) = qi.load_profile(file).rebases
    assert (rebase.starts, rebase.directorates) == (date(2020, 6, 1), ("Goodall", "Jameson"))
    assert rebase.reason


def test_every_key_of_a_profile_is_documented_in_the_shipped_one():
    text = qi.load_profile().text.decode()
    for section, keys in _KEYS.items():
        assert re.search(rf"^(# )?\[+{section}[.\]]", text, re.M), section
        for key in keys if isinstance(keys, dict) else ():
            assert re.search(rf"^(# )?{key} = ", text, re.M), key


def test_aims_until_a_day_come_in_the_order_in_which_they_were_set():
    profile = qi.load_profile()
    assert profile.aims_until(date(2018, 9, 26)) == ()
    rates = [aim.rate for aim in profile.aims_until(date(2024, 1, 1))]
    assert rates == [Fraction(4, 5), Fraction(1)]


@given(st.text())
def test_case_accents_form_and_spaces_do_not_matter_to_a_spelling(word):
    key = match_key(word)
    assert match_key(key) == key
    assert match_key(f"  {unicodedata.normalize('NFD', word)}\u00a0") == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Health & Justice", "HEALTH  and justice"),
        ("Children's Services", "Children’s services"),
        ("Co-produced", "co – produced"),
        ("Soins à domicile", "soins a\u0300 domicile"),
        ("Closed - not completed", "closed: not completed."),
        ("QI\u00a0Practicum", "qi_practicum"),
        ("Good\u200ball", "Goodall"),
        ("O\ufb03ce № 2", "Office No 2"),
    ],
)
def test_spellings_that_mean_the_same(one, other):
    assert match_key(one) == match_key(other)


def test_marks_alone_stay_apart():
    assert len({match_key(mark) for mark in ("-", "--", "?", ".", "✓", "✗", "☐")}) == 7


def test_a_name_stands_for_itself_and_for_its_spellings():
    assert lookup_table({"Rehabilitation": ["Rehab"]}) == {
        "rehabilitation": "Rehabilitation",
        "rehab": "Rehabilitation",
    }


def test_the_nearest_names_come_best_first_and_far_ones_not_at_all():
    known = ["Addictions", "Goodall", "Addiction Services"]
    assert nearest("Addictons", known, 2) == ["Addictions", "Addiction Services"]
    assert nearest("Brent Wellbeing Hub", known) == []


# --- given to what takes one ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", [str, Path, qi.load_profile])
def test_whatever_takes_a_profile_takes_a_path_or_a_name_too(kind, tmp_path):
    own = (SHIPPED / "elft.toml").read_text("utf-8")
    (tmp_path / "own.toml").write_text(own, "utf-8")
    register = tmp_path / "register.csv"
    register.write_text(
        "Project ID,Project Title,Group,Start Date,Level of Involvement\n"
        "1,Falls,Newham,01/04/2020,Big I\n2,Meals,Newham,01/04/2020,Little i\n"
    )
    ours = kind(tmp_path / "own.toml")
    own = qi.load_register(register, ours)
    counts = qi.read_register(register, ours).pipe(qi.clean_register, ours).counts
    assert counts == own.cleaning.counts
    wrapped = qi.count_involvement(own.projects, profile=ours, as_of=own.as_of)
    assert wrapped["numerator"].tolist() == [1]
    qi.snapshots.keep_snapshot(own, tmp_path / "kept")
    later = own.as_of + pd.Timedelta(days=1)
    (earlier,) = qi.snapshots.find_earlier(tmp_path / "kept", later, ours)
    again = qi.load_register(register, ours, earlier=earlier)
    assert len(again.earlier) == 1
    assert qi.snapshots.find_changes(again).empty
    assert qi.onboarding.describe_profile(ours).startswith("East London NHS Foundation Trust")


@pytest.mark.parametrize("name", ["elft", "cnwl"])
def test_a_shipped_profile_is_given_by_its_name_and_a_profile_is_given_back_as_it_is(name):
    profile = qi.load_profile(name)
    assert qi.load_profile(profile) is profile
    pd.testing.assert_frame_equal(qi.data_dictionary(name), qi.data_dictionary(profile))


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("involvement@example.org", "mailto:involvement@example.org"),
        ("mailto:involvement@example.org", "mailto:involvement@example.org"),
        ("https://example.org/a?b=c&d#e", "https://example.org/a?b=c&d#e"),
        ("http://intranet:8080/guide", "http://intranet:8080/guide"),
        ("https://example.org/guide_(2).pdf", "https://example.org/guide_%282%29.pdf"),
        ("javascript:alert(1)", ""),
        ("JAVASCRIPT://example.org/%0aalert(1)", ""),
        ("data:text/html,x", ""),
        ("//example.org", ""),
        ("www.example.org", ""),
        ('https://example.org/"onclick="x', ""),
        ("https://example.org/<b>", ""),
        ("https://example.org/a b", ""),
        ("https://me:secret@example.org/", ""),
        ("a@example.org?subject=x", ""),
        ("a@example.org, b@example.org", ""),
        ("ring 0123", ""),
    ],
)
def test_an_address_is_one_that_a_page_can_link_to_or_is_refused(tmp_path, address, link):
    file = tmp_path / "own.toml"
    text = qi.load_profile("cnwl").text.decode().replace("involvement.cnwl@nhs.net", "ADDRESS")
    file.write_text(text.replace('"ADDRESS"', f"'{address}'"), "utf-8")
    if link:
        assert [*qi.load_profile(file).help.links.values()] == [link]
    else:
        sentence = (
            f"own.toml: 'help.contact' must be an email address, or a web address that begins with "
            f"https://; not {address!r}."
        )
        assert find_faults(file) == [sentence]


def test_help_may_be_given_in_part_or_not_at_all(tmp_path):
    assert qi.load_profile("elft").help == Help()
    shipped = qi.load_profile("cnwl").help
    assert (shipped.team, shipped.guide_address) == ("the Involvement Team", "")
    assert not shipped.public
    file = tmp_path / "own.toml"
    text = qi.load_profile("elft").text.decode()
    file.write_text(f'{text}\n[help]\nguide_address = "https://example.org"\n', "utf-8")
    assert find_faults(file) == [
        "own.toml: 'help.guide_address' needs 'help.guide', the guide's title."
    ]
    file.write_text(f'{text}\n[help]\npublic = "yes"\nteam = 3\n', "utf-8")
    assert find_faults(file) == [
        "own.toml: 'help.public' must be true or false; not 'yes'.",
        "own.toml: 'help.team' must be text; not 3.",
    ]
