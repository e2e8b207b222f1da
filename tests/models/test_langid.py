"""The identifiers: label tables against the models' own labels, odd texts, both backends on many languages."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelics_like.errors import DataError, MissingPiece, UnknownName
from obelics_like.models import langid, registry
from obelics_like.models.langid import FastText, Identifier, Labels, clean, load, read_labels
from obelics_like.rooms import room

SENTENCES = {
    "ar": "لكل طفل الحق في أن يتعلم وأن يلعب مع أصدقائه في أمان.",
    "bg": "Всяко дете има право да учи, да играе и да расте на спокойствие.",
    "bn": "প্রতিটি শিশুর শেখার, খেলার এবং নিরাপদে বেড়ে ওঠার অধিকার আছে।",
    "cs": "Každé dítě má právo učit se, hrát si a vyrůstat v bezpečí.",
    "de": "Jedes Kind hat das Recht, zu lernen, zu spielen und in Sicherheit aufzuwachsen.",
    "el": "Κάθε παιδί έχει δικαίωμα να μαθαίνει, να παίζει και να μεγαλώνει με ασφάλεια.",
    "en": "Every child has the right to learn, to play and to grow up in safety.",
    "es": "Todos los niños tienen derecho a aprender, a jugar y a crecer seguros.",
    "fa": "هر کودکی حق دارد بیاموزد، بازی کند و در امنیت بزرگ شود.",
    "fi": "Jokaisella lapsella on oikeus oppia, leikkiä ja kasvaa turvassa.",
    "fr": "Chaque enfant a le droit d'apprendre, de jouer et de grandir en sécurité.",
    "he": "לכל ילד יש זכות ללמוד, לשחק ולגדול בביטחון.",
    "hi": "हर बच्चे को सीखने, खेलने और सुरक्षित बड़े होने का अधिकार है।",
    "hu": "Minden gyermeknek joga van tanulni, játszani és biztonságban felnőni.",
    "it": "Ogni bambino ha il diritto di imparare, di giocare e di crescere al sicuro.",
    "ja": "すべての子どもには、学び、遊び、安心して育つ権利があります。",
    "ko": "모든 어린이는 배우고 놀며 안전하게 자랄 권리가 있습니다.",
    "nl": "Ieder kind heeft het recht om te leren, te spelen en veilig op te groeien.",
    "pl": "Każde dziecko ma prawo uczyć się, bawić i dorastać w poczuciu bezpieczeństwa.",
    "pt": "Todas as crianças têm o direito de aprender, de brincar e de crescer em segurança.",
    "ru": "Каждый ребёнок имеет право учиться, играть и расти в безопасности.",
    "sw": "Kila mtoto ana haki ya kujifunza, kucheza na kukua kwa usalama.",
    "ta": "ஒவ்வொரு குழந்தைக்கும் கற்கவும் விளையாடவும் பாதுகாப்பாக வளரவும் உரிமை உண்டு.",
    "th": "เด็กทุกคนมีสิทธิที่จะเรียนรู้ เล่น และเติบโตอย่างปลอดภัย",
    "tr": "Her çocuğun öğrenmeye, oynamaya ve güven içinde büyümeye hakkı vardır.",
    "uk": "Кожна дитина має право вчитися, гратися і зростати в безпеці.",
    "vi": "Mọi trẻ em đều có quyền được học hành, vui chơi và lớn lên an toàn.",
    "zh": "每个孩子都有权学习、玩耍，并在安全的环境中长大。",
}
ODD = ["", " \n\t", "\0", "12:30 — 45 %", "🙂🙃🎉", "...", "\u200b\u200d", "٣٤٥", "²³"]


@pytest.fixture(scope="module", params=["lid176", "py3langid"])
def model(request: pytest.FixtureRequest) -> Identifier:
    return _load(request.param)


def _load(name: str) -> Identifier:
    try:
        return load(name)
    except MissingPiece as error:
        pytest.skip(str(error))


def _tiny(folder: Path, labels: list[str]) -> Path:
    """A fastText model trained here on a few words; it answers with the labels given."""
    import fasttext

    lines = folder / "lines.txt"
    said = [f"__label__{label} {word} {word}{word} {word}" for label, word in zip(labels, ("abba", "cddc", "effe"))]
    lines.write_text("\n".join(said * 20) + "\n")
    # training reports on the C level, past sys.stderr
    with open(os.devnull, "w") as null, contextlib.redirect_stderr(null):
        trained = fasttext.train_supervised(str(lines), dim=4, epoch=20, lr=1.0, minn=1, maxn=2, bucket=50, verbose=0)
    trained.save_model(str(folder / "tiny.bin"))
    return folder / "tiny.bin"


def test_many_languages(model: Identifier) -> None:
    found = [answers[0][0] for answers in model.identify(list(SENTENCES.values()))]
    assert dict(zip(SENTENCES, found)) == {code: code for code in SENTENCES}


def test_answers_are_probabilities_best_first(model: Identifier) -> None:
    for answers in model.identify(list(SENTENCES.values()), 5):
        assert 1 <= len(answers) <= 5  # fastText leaves out what has next to no chance
        assert len({code for code, _ in answers}) == len(answers)
        scores = [p for _, p in answers]
        assert scores == sorted(scores, reverse=True)
        assert all(type(p) is float and 0 <= p <= 1 for p in scores)
        assert sum(scores) <= 1.001


def test_first_answer_does_not_depend_on_k(model: Identifier) -> None:
    texts = list(SENTENCES.values())
    assert [a[:1] for a in model.identify(texts, 5)] == model.identify(texts)


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_texts_without_letters_have_no_answer(model: Identifier, text: str) -> None:
    assert model.identify([text, SENTENCES["de"], text], 3)[::2] == [[], []]


def test_newlines_nul_and_lone_surrogates(model: Identifier) -> None:
    plain = SENTENCES["fr"]
    whole = model.identify([plain])
    for broken in (plain.replace(" ", "\n"), plain.replace(" ", "\r\n"), plain.replace(" ", "\0"), plain + "\udcff"):
        assert model.identify([broken]) == whole


@given(st.text(alphabet="aB\u00e9\u00c9\u732b1- \n\t\0\x1f\x85\u00a0\u2028\u3000\ud800\u200b"))
def test_a_clean_line_has_single_spaces_and_can_be_encoded(text: str) -> None:
    plain = text.replace("\0", " ").encode("utf-8", "ignore").decode()
    line = " ".join(plain.split())
    wanted = line.lower() if line.isupper() else line
    # half a surrogate pair between two spaces leaves both of them
    assert clean(text).split() == (wanted.split() if any(map(str.isalpha, text)) else [])
    assert "\n" not in clean(text)
    assert clean(text).encode() is not None


def test_very_long_text(model: Identifier) -> None:
    assert model.identify([SENTENCES["en"] * 3_000])[0][0][0] == "en"


def test_capitals(model: Identifier) -> None:
    for code in ("de", "fr", "ru", "el"):
        assert model.identify([SENTENCES[code].upper()])[0][0][0] == code


def test_nothing_is_asked_of_high_level_predict(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plain binding's `predict(str)` raises under numpy 2, and another one's list form has no probabilities."""
    fasttext: Any = pytest.importorskip("fasttext")
    monkeypatch.setattr(fasttext.FastText._FastText, "predict", lambda *_: pytest.fail("high-level predict was called"))
    assert _load("lid176").identify([SENTENCES["es"]])[0][0][0] == "es"


def test_both_libraries_give_the_same_answers_to_the_bit() -> None:
    """So that a corpus does not depend on which is installed."""
    pytest.importorskip("fasttext_new")
    pytest.importorskip("fasttext")
    try:
        file = registry.path("lid176")
    except MissingPiece as error:
        pytest.skip(str(error))
    sentences = [text[at : at + 40] for text in SENTENCES.values() for at in range(0, 60, 7)]
    lines = [
        line
        for text in (*sentences, "</s> a", "a __label__en b", "12 %", "x " * 3000, "\u0301a")
        if (line := clean(text))
    ]
    by_rust, by_fasttext = (langid._open_fasttext("lid176", file, [name]) for name in ("fasttext_new", "fasttext"))
    for k in (1, 3, 200):
        assert by_rust(lines, k) == by_fasttext(lines, k)


def test_loading_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    _load("lid176")
    assert capfd.readouterr() == ("", "")


def test_label_tables_are_complete() -> None:
    """Each label that the models themselves list has a row, and no row is for a label that they have not."""
    fasttext: Any = pytest.importorskip("fasttext")
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    try:
        native = fasttext.load_model(str(registry.path("lid176"))).get_labels()
    except MissingPiece as error:
        pytest.skip(str(error))
    assert {label.removeprefix("__label__") for label in native} == set(read_labels("lid176"))
    assert set(LanguageIdentifier.from_model_file(MODEL_FILE).labels) == set(read_labels("py3langid"))


@pytest.mark.parametrize("scheme", ["lid176", "py3langid", "flores"])
def test_label_tables_are_well_formed(scheme: str) -> None:
    lines = (room("langid_models") / "labels" / f"{scheme}.tsv").read_text("utf-8").splitlines()
    assert lines[0] == "label\tcode\tnote"
    rows = [line.split("\t") for line in lines[1:]]
    assert all(len(row) == 3 for row in rows)
    labels = [row[0] for row in rows]
    assert labels == sorted(set(labels))
    assert all(re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?", row[1]) for row in rows)


@pytest.mark.parametrize(
    ("scheme", "label", "code"),
    [
        ("lid176", "als", "gsw"),
        ("lid176", "zh", "zh"),
        ("lid176", "bh", "bho"),
        ("py3langid", "kik", "ki"),
        ("flores", "eng_Latn", "en"),
        ("flores", "zho_Hans", "zh"),
        ("flores", "zho_Hant", "zh-Hant"),
        ("flores", "srp_Cyrl", "sr"),
        ("flores", "srp_Latn", "sr-Latn"),
        ("flores", "als_Latn", "sq"),
        ("flores", "arb_Arab", "ar"),
        ("flores", "nob_Latn", "no"),
        ("flores", "pes_Arab", "fa"),
        ("flores", "quc_Latn", "quc-Latn"),  # not in the table: derived
        ("flores", "deu_Runr", "de-Runr"),
        ("flores", "und_Grek", "und"),
    ],
)
def test_codes(scheme: str, label: str, code: str) -> None:
    assert Labels(scheme).code(label) == code


def test_same_language_has_one_code_in_every_scheme() -> None:
    flores = set(read_labels("flores").values())
    others = set(read_labels("lid176").values()) | set(read_labels("py3langid").values())
    assert others - flores == {"nah"}  # a collection, which has no ISO 639-3 label


def test_labels_of_one_code_are_merged() -> None:
    labels = Labels("flores")
    pairs = [("eng_Latn", 0.4), ("arb_Arab", 0.35), ("ara_Arab", 0.2), ("fra_Latn", 0.05)]
    assert labels.ranked(pairs, 2) == [("ar", pytest.approx(0.55)), ("en", 0.4)]
    assert labels.merged > 0
    assert Labels("lid176").merged == 0


@pytest.mark.parametrize(
    ("labels", "scheme", "code"),
    [(["eng_Latn", "zho_Hant", "srp_Cyrl"], "flores", "zh-Hant"), (["en", "als", "sr"], "lid176", "gsw")],
)
def test_any_fasttext_file(tmp_path: Path, labels: list[str], scheme: str, code: str) -> None:
    pytest.importorskip("fasttext")
    file = _tiny(tmp_path, labels)
    found = load(str(file))
    assert isinstance(found, FastText)
    assert found.scheme == scheme
    assert found.name == "tiny.bin"
    assert found.identify(["cddc cddc", ""])[0][0][0] == code


def test_what_is_no_model(tmp_path: Path) -> None:
    broken = tmp_path / "broken.bin"
    broken.write_bytes(b"nothing of the kind" * 10)
    with pytest.raises(DataError, match="fastText"):
        load(str(broken))
    with pytest.raises(MissingPiece, match="no such file"):
        load(str(tmp_path / "gone.bin"))
    with pytest.raises(UnknownName, match="did you mean lid176"):
        load("lid167")


def test_no_binding_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.bin").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "fasttext_new", None)
    monkeypatch.setitem(sys.modules, "fasttext", None)
    with pytest.raises(MissingPiece, match="pip install fasttext-community"):
        load(str(tmp_path / "m.bin"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nb\r\n  c", "a b c"),
        ("UNE PHRASE", "une phrase"),
        ("Eine Zeile", "Eine Zeile"),
        ("1 2 3", ""),
        ("a\0b", "a b"),
        ("x\ud800", "x"),
    ],
)
def test_clean(text: str, line: str) -> None:
    assert clean(text) == line
