"""The words of notices: whole in every language, asked with exactly what they take, and short."""

from datetime import timedelta

import pytest
from babel.messages.catalog import Catalog

from activities.catalogues import MESSAGES, WordsError, catalogue_for, catalogues
from activities.catalogues.catalogue import FOLDER, placeholders, problems, read_catalog
from activities.catalogues.messages import SEVERAL
from activities.voices import Voice
from activities.wording import heading
from cases.notice import Purpose
from cases.ticket_note import SENTENCES
from runbooks.grammar.locales import LANGUAGES
from tests.activities.saying import (
    CHANNELS,
    WORDS,
    ZONES,
    Heard,
    announcements,
    cards,
    order,
    said,
    shared,
)
from tests.fakes.clock import START

SLACK_HEADER, SLACK_BUTTON, TEAMS_TITLE, PAGER_SUMMARY, TICKET_SUBJECT = 150, 75, 300, 1024, 160
LONG_TITLE = "Emergency disclosure to an authority, reviewed by a second person"
"""Longer than any title of the library."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_words_every_message(language: str) -> None:
    """None is missing, none is nobody's, none is in doubt, none names what it is not told."""
    assert list(problems(read_catalog(language))) == []
    assert sorted(path.stem for path in FOLDER.glob("*.po")) == sorted(LANGUAGES)


@pytest.mark.parametrize("message", sorted(MESSAGES))
def test_a_message_says_the_same_in_every_language(message: str) -> None:
    """What one language names, every other names as well; in each number of things."""
    named = {
        language: placeholders(catalogue.template(message, count=count))
        for count in ((1, 2) if message in SEVERAL else (None,))
        for language, catalogue in catalogues().items()
    }

    assert len(set(named.values())) == 1
    assert named["en"] <= MESSAGES[message].keys()


def spoilt(*, leaves_out: str = "", **words: str) -> Catalog:
    """The German catalogue with other words, or without some."""
    catalog, german = Catalog(locale="de"), read_catalog("de")
    for entry in german:
        if entry.id and entry.id != leaves_out:
            catalog.add(entry.id, words.get(str(entry.id), entry.string))
    return catalog


def test_a_catalogue_that_is_not_whole_is_not_spoken() -> None:
    """A missing message, an unknown one, an unknown placeholder and an empty one are each named."""
    foreign = spoilt()
    foreign.add("no.such", "x")

    assert list(problems(spoilt(leaves_out="room.due"))) == ["room.due is missing"]
    assert list(problems(foreign)) == ["no.such is nobody's"]
    (unknown,) = problems(spoilt(**{"room.due": "Fällig {wann}."}))
    assert unknown == "room.due names wann, which it is not told"
    (empty,) = problems(spoilt(case=""))
    assert empty == "case is not worded, or in doubt"


@pytest.mark.parametrize(
    "values, says",
    [
        ({}, "without due"),
        ({"due": START, "role": "legal"}, "takes no role"),
        ({"due": "tomorrow"}, "takes a datetime as due"),
    ],
)
def test_a_message_takes_exactly_its_values(values: dict[str, object], says: str) -> None:
    """One too few, one too many, or one of another type is an error, never a hole in a text."""
    with pytest.raises(WordsError, match=says):
        Voice.of("de").say("room.due", **values)  # type: ignore[arg-type]
    with pytest.raises(WordsError, match="no message"):
        Voice.of("de").say("room.tomorrow")


def test_our_words_on_a_ticket_are_those_that_the_case_has_on_record() -> None:
    """A tracker told in English reads the same as before there were other languages."""
    english = catalogue_for("en")
    templates = {name: english.template(f"ticket.{name}") for name in SENTENCES}

    for name, sentence in SENTENCES.items():
        values = {field: f"«{field}»" for field in sentence.fields}
        assert sentence(**values) == templates[name].format_map(values)
        assert sentence.read(sentence(**values)) == values


@pytest.mark.parametrize("locale", ZONES)
@pytest.mark.parametrize("channel", CHANNELS)
def test_a_channel_says_what_was_agreed(channel: str, locale: str) -> None:
    """Every text of every channel, as it was read by a person: `-m tests.activities.saying`."""
    agreed = (WORDS / f"{channel}.{locale}.txt").read_text(encoding="utf-8")

    assert said(channel, locale) == agreed


def test_every_message_is_in_the_texts_that_were_read() -> None:
    """No message is worded that no channel says."""
    Heard.asked.clear()
    for channel in CHANNELS:
        said(channel, "de")

    assert MESSAGES.keys() - Heard.asked == set()


@pytest.mark.parametrize("locale", ZONES)
def test_what_is_said_fits_its_channel(locale: str) -> None:
    """With a long title too, nothing has to be cut off where it is shown."""
    voice = shared(locale)
    for purpose in Purpose:
        line = heading(order(purpose, number="123456", stage_title=LONG_TITLE), voice)
        assert len(f"[SEV1] {line}") <= SLACK_HEADER
        assert len(f"[SEV1] {line} (deputy-counsel)") <= PAGER_SUMMARY
    for card in (*cards(locale), *announcements(locale)):
        assert len(card.heading) <= min(SLACK_HEADER, TEAMS_TITLE)
        labels = [card.link_label, *(button.label for button in card.buttons)]
        assert all(len(label) <= SLACK_BUTTON for label in labels)
    assert len(voice.say("ticket.subject", number="123456")) <= TICKET_SUBJECT


def test_what_nobody_speaks_is_said_in_english() -> None:
    """The nearest is spoken: the country's, the language's, else English."""
    spoken = {tag: Voice.of(tag) for tag in ("de-AT", "de", "fr-CH", "es", "zh-Hant-TW", "en-US")}

    assert {tag: voice.catalogue.language for tag, voice in spoken.items()} == {
        "de-AT": "de", "de": "de", "fr-CH": "fr", "es": "en", "zh-Hant-TW": "en", "en-US": "en",
    }  # fmt: skip
    assert {tag: voice.locale for tag, voice in spoken.items()} == {
        "de-AT": "de-AT", "de": "de", "fr-CH": "fr-CH", "es": "en", "zh-Hant-TW": "en",
        "en-US": "en-US",
    }  # fmt: skip


def test_an_instant_is_written_as_the_locale_has_it() -> None:
    """Twelve hours or twenty-four, day or month first; several readers have it in UTC."""
    evening = START + timedelta(hours=9)

    assert {tag: Voice.of(tag).numeric(evening) for tag in ("en", "en-US", "de", "fr-CA")} == {
        "en": "2026-11-22 19:00 UTC",
        "en-US": "11/22/2026 7:00\u202fPM UTC",
        "de": "22.11.2026, 19:00 Uhr UTC",
        "fr-CA": "2026-11-22 à 19 h 00 UTC",
    }
