"""Whether the words of a message say what failed, or only that something failed, or only with which value."""

from __future__ import annotations

import re

from telemetry.grouping.message_forms import WITHOUT_SPACES

# A word of letters that stands by itself, and letters of a script without spaces.
WORD = re.compile(rf"(?<!\S)[^\W\d_{WITHOUT_SPACES}]{{2,}}(?!\w)|[{WITHOUT_SPACES}]++")
SPACELESS = re.compile(rf"[{WITHOUT_SPACES}]")
LETTERS_A_WORD = 2  # of scripts without spaces: most words of Chinese, and less than one of Thai
# Words of sentences that fit any failure of any operation, as frameworks say them for errors whose details they hide.
ANY_FAILURE = frozenset(
    re.findall(
        r"\w+",
        "a an again and are at be been by call can cannot code completed contact could denied detail details "
        "did do does error errors exception exceptions execute executed executing execution fail failed fails "
        "failure fatal for from function has have hidden in information internal invocation is it later message "
        "more must no non not occurred of omitted on once or please redacted request requested response result "
        "retry returned running server something support system task text that the this to tool try trying "
        "unable unexpected unknown unspecified was went were when while with withheld wrong you your",
    )
)
ENGLISH_WORD = re.compile(r"[A-Za-z']+")
CONSTANT = re.compile(r"[A-Z][A-Z0-9_]+")
FEWEST = 3  # words of a sentence


def word_count(text: str) -> int:
    """Return the number of words in the text that consist of letters."""
    words = WORD.findall(text)
    spaceless = sum(len(word) for word in words if is_spaceless(word[0]))
    return sum(not is_spaceless(word[0]) for word in words) + spaceless // LETTERS_A_WORD


def is_spaceless(letter: str) -> bool:
    """Whether the letter is of a script without spaces."""
    return bool(SPACELESS.match(letter))


def fits_any_failure(text: str) -> bool:
    """Whether each word of the sentence fits any failure: `Error running the tool, details are redacted.`"""
    words = ENGLISH_WORD.findall(text.lower())
    return len(words) >= FEWEST and ANY_FAILURE.issuperset(words) and text.isascii()


def is_one_value(text: str) -> bool:
    """Whether the text is one word that may be a value: no constant as `ECONNRESET`, no code as `card_declined`."""
    return bool(text) and " " not in text and "_" not in text and not CONSTANT.fullmatch(text)
