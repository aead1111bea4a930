"""Names in any script: letters come from an installed font that has them, or boxes do."""

import logging
import warnings

import matplotlib.pyplot as plt
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager

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
    font.setupNameTable({"familyName": "Trial Sans", "styleName": "Regular"})
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
