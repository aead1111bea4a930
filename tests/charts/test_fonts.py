"""Names in any script: letters come from an installed font that has them, or boxes do."""

import logging
import os
import re
import subprocess
import sys
import warnings

import matplotlib
import matplotlib.pyplot as plt
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from processes import linux

from qi_analysis.charts import style


def write_font(path, letters: str) -> None:
    """Write a font in which each letter is a square."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0)), pen.lineTo((0, 500)), pen.lineTo((500, 500)), pen.lineTo((500, 0))
    pen.closePath()
    names = [".notdef", *(f"u{ord(c):x}" for c in letters)]
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap({ord(c): f"u{ord(c):x}" for c in letters})
    font.setupGlyf(dict.fromkeys(names, pen.glyph()))
    font.setupHorizontalMetrics(dict.fromkeys(names, (600, 0)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Trial Sans", "styleName": "Regular", "psName": "TrialSans"})
    font.setupOS2(), font.setupPost(), font.save(path)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return a function that installs a font with letters, and no other but ours."""
    paths = []
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda *args, **options: paths)
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [*font_manager.fontManager.ttflist])

    def install(letters: str) -> None:
        paths.append(str(tmp_path / "trial.ttf"))
        write_font(paths[0], letters)

    for kept in (style._font_with, style._say):
        kept.cache_clear()
    yield install
    for kept in (style._font_with, style._say):
        kept.cache_clear()
    plt.close("all")


def draw(name: str) -> str:
    """Draw a chart with a name, in both ways, and return the SVG."""
    axes = style.make_axes(None, 2)
    axes.barh([name, "Ward"], [1, 2])
    figure = style.figure_of(style.set_alt_text(axes, "A chart."))
    style.draw_png(figure)
    return style.draw_svg(figure)


NAMES = ["データ分析", "हिन्दी वार्ड", "ward 🏥", "病棟"]


@pytest.mark.parametrize("name", NAMES)
def test_letters_come_from_an_installed_font_that_has_them(name, installed, caplog):
    installed("".join(sorted({c for c in name if ord(c) > 0x24F})))
    picture = draw(name)
    assert name in picture
    assert "Trial Sans" in picture
    assert caplog.text == ""


@pytest.mark.parametrize("name", NAMES)
def test_boxes_stand_for_letters_that_no_font_has_and_one_sentence_says_so(name, installed, caplog):
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        assert name in draw(name)
        draw(name)
    assert [record.message for record in caplog.records] == [style.NO_FONT]


@pytest.mark.parametrize("name", ["العربية", "Ελληνικά", "Отделение", "Older people – north…"])
def test_letters_of_our_own_font_need_no_other(name, installed, caplog):
    installed("x")
    picture = draw(name)
    assert "Trial Sans" not in picture
    assert caplog.text == ""


DRAW = """import io
from qi_analysis.charts import style
axes = style.make_axes(None, 2)
axes.barh(["デー", "Ward"], [1, 2])
figure = style.figure_of(style.set_alt_text(axes, "A chart."))
style.draw_png(figure)
text, paths = style.draw_svg(figure), io.StringIO()
figure.savefig(paths, format="svg")
print(text, paths.getvalue())
"""


@linux
def test_a_font_that_a_user_installed_is_found_by_the_search_itself(tmp_path):
    folder = tmp_path / "data" / "fonts"
    folder.mkdir(parents=True)
    write_font(folder / "trial.ttf", "デー")
    places = {"XDG_DATA_HOME": str(tmp_path / "data"), "MPLCONFIGDIR": matplotlib.get_cachedir()}
    drawn = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", DRAW], env={**os.environ, **places},
        capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert drawn.stderr == ""
    text, paths = re.findall(r"<svg.*?</svg>", drawn.stdout, re.DOTALL)
    assert "Trial Sans" in text
    assert "デー" in text
    assert len(re.findall(r'<path id="TrialSans-', paths)) == 2
    assert not re.findall(r'<path id="(?:LastResort|DejaVuSans-0")', paths)
