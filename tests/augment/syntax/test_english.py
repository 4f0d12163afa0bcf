from __future__ import annotations

import pytest

from luthier.augment.syntax import Syntax
from luthier.augment.variant import Variant


def said(text, kind):
    return [
        Variant.of(text, [(0, start), *change.pieces, (end, len(text))]).after
        for start, end, changes in Syntax(kinds=(kind,)).proposed(text, "en")
        for change in changes
    ]


CLAUSES = [
    ("Because it rained, we stayed.", "We stayed because it rained."),
    ("We stayed because it rained.", "Because it rained, we stayed."),
    (
        "Although the room was small, we enjoyed the soup.",
        "We enjoyed the soup, although the room was small.",
    ),
    ("If you like spicy food, you will enjoy the curry.", "You will enjoy the curry if you like spicy food."),
    ("When I called, the hostess was rude!", "The hostess was rude when I called!"),
    ("The hostess was rude when I called.", "When I called, the hostess was rude."),
    ("even though i was late , the waiter was kind .", "the waiter was kind , even though i was late ."),
    (
        "We didn't order dessert, although we were hungry.",
        "Although we were hungry, we didn't order dessert.",
    ),
]
NO_CLAUSES = [
    "We didn't stay because it was cheap.",  # the negation may reach over the reason
    "I know when the kitchen closes.",
    "He asked if we were ready.",
    "I think that we left because it rained.",
    "We left because it rained and they were slow and I was tired and it hurt.",
    "The waiter came when Anna called, but he forgot the bread.",
    "When the waiter came, he was rude.",  # he: only after the waiter was named
    "They were rude because the customers complained.",
    "Its first issue was ready when it was seized.",  # the issue, or what has issues
    "If it is cold, then send it back.",
    "It looks as if it rained.",
    "We ate only because it was free.",
    "If we come back, will you be nicer?",
    "Although small, quiet, and dark, the room was nice.",
    "I remember the day when it rained.",
    "We had moments when it rained.",
    "We met the owner the night before we left.",
    "The place opened in 1999 when we moved here.",
    "We stayed until noon, when it rained.",
    "When it rained, Xavier notices that Cameron becomes nervous.",
    "The manager came two years later when I called.",
    "Anna left because it rained.",  # a name, or a word with a capital: unknown
]
ADVERBIALS = [
    ("Yesterday we ate there.", "We ate there yesterday."),
    ("We ate there yesterday.", "Yesterday we ate there."),
    ("Last night, I ordered the salmon.", "I ordered the salmon last night."),
    ("I ordered the salmon last night.", "Last night, I ordered the salmon."),
    ("Unfortunately, the food was cold.", "The food was cold, unfortunately."),
    ("The food was cold, unfortunately.", "Unfortunately, the food was cold."),
    ("Unfortunately, the food was not warm.", "The food was not warm, unfortunately."),
    ("Despite the long wait, we enjoyed the meal.", "We enjoyed the meal despite the long wait."),
    ("The waiter brought the bill slowly.", "Slowly, the waiter brought the bill."),
    ("today i watched the film .", "i watched the film today ."),
]
NO_ADVERBIALS = [
    "We don't eat there every day.",
    "The show was better than last night.",
    "I want to eat there tomorrow.",
    "Here comes the bill.",
    "For example, the soup was cold.",
    "Yesterday we ate there and today we stayed home.",
    "The show is tonight.",
    "In fact, the food was great.",
    "We have been here since last year.",
    "After the meal, it was cold.",  # it may be the meal
    "Last night's dinner was great.",
    "Did you eat there yesterday?",
    "Before the meal, we promised to wait for an hour.",  # to wait before the meal?
    "Before long, we were hungry.",
]
VOICE = [
    ("The waiter brought the wine list.", "The wine list was brought by the waiter."),
    ("The wine list was brought by the waiter.", "The waiter brought the wine list."),
    ("The chef writes the menus.", "The menus are written by the chef."),
    ("The menus are written by the chef.", "The chef writes the menus."),
    ("She broke the plates.", "The plates were broken by her."),
    ("I was ignored by the hostess.", "The hostess ignored me."),
    ("The waiters ignored me.", "I was ignored by the waiters."),
    ("The dish was chosen by them.", "They chose the dish."),
    ("The owner has ruined the place.", "The place has been ruined by the owner."),
    ("The steak will be prepared by the chef.", "The chef will prepare the steak."),
    ("I was shocked by the price, but the food was great.", "The price shocked me, but the food was great."),
    (
        "The show was long, but a good cast saved the place.",
        "The show was long, but the place was saved by a good cast.",
    ),
    ("We were pleasantly surprised by the menu.", "The menu pleasantly surprised us."),
    ("the director ruins a good story .", "a good story is ruined by the director ."),
]
NO_VOICE = [
    "The film shows its age.",
    "I have a dog.",
    "The waiter served the soup cold.",
    "The waiter brought us the soup.",
    "The waiter did not bring the soup.",
    "Every waiter served a soup.",
    "The soup was served by the window.",
    "We were seated by 8.",
    "The waiter brought the soup quickly.",
    "The staff served the soup and left.",
    "I ate my soup.",
    "The soup was eaten.",
    "The waiter read the menu.",
    "The chef who cooked the soup left.",
    "Who brought the soup?",
    "She broke the plates when we came, and was laughing.",  # she, not the plates
    "They discovered that compassionate owners win.",
    "The menu has changed multiple times.",
    "They were created by combining two colours.",
]
COORDINATION = [
    ("The food was cold and bland.", "The food was bland and cold."),
    ("It is an elegant and quiet place.", "It is a quiet and elegant place."),
    ("The food and service were great.", "The service and food were great."),
    ("Food and service were great.", "Service and food were great."),
    ("We loved the garden and the cheese.", "We loved the cheese and the garden."),
    ("The garden and the cheese were lovely.", "The cheese and the garden were lovely."),
    ("The food was great and the service was slow.", "The service was slow and the food was great."),
    ("The food was great, and the service was slow.", "The service was slow, and the food was great."),
    ("the plot is thin and predictable .", "the plot is predictable and thin ."),
]
NO_COORDINATION = [
    "The fish and chips were great.",
    "The food was nice and warm.",
    "The food was good but the service was slow.",
    "Would you like the soup or the salad?",
    "The more I eat and drink, the better I feel.",
    "He came in and the lights went out.",
    "The taste of the soup and the bread was odd.",
    "We paid 5 dollars and 20 cents.",
    "We tried the soup and the rolls were cold.",
    "We saw Beauty and the Beast.",
    "The food was great and it was cheap.",
    "The room was small and therefore loud.",
    "The soup was cold and getting colder.",
    "The fuel tank holds and the water tank has room.",
    "Not only the food and service but the room.",
]


@pytest.mark.parametrize(("before", "expected"), CLAUSES)
def test_a_clause_stands_on_the_other_side(before, expected):
    assert said(before, "clauses") == [expected]


@pytest.mark.parametrize(("before", "expected"), ADVERBIALS)
def test_an_adverbial_stands_at_the_other_edge(before, expected):
    assert said(before, "adverbials") == [expected]


@pytest.mark.parametrize(("before", "expected"), VOICE)
def test_a_sentence_is_said_in_the_other_voice(before, expected):
    assert said(before, "voice") == [expected]


@pytest.mark.parametrize(("before", "expected"), COORDINATION)
def test_coordinates_stand_the_other_way_round(before, expected):
    assert said(before, "coordination") == [expected]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("clauses", text) for text in NO_CLAUSES),
        *(("adverbials", text) for text in NO_ADVERBIALS),
        *(("voice", text) for text in NO_VOICE),
        *(("coordination", text) for text in NO_COORDINATION),
    ],
)
def test_what_is_unsure_stays(kind, text):
    assert said(text, kind) == []


def test_an_abbreviation_ends_no_sentence():
    assert said("Mr. Smith left. Yesterday we ate there.", "adverbials") == [
        "Mr. Smith left. We ate there yesterday."
    ]
