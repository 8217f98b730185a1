"""The keys by which Streamlit and the session know fields, buttons and jobs: each is made here and nowhere else."""

from __future__ import annotations

from toolkit.drafts.kept import content

SURFACE = content.SURFACE
OBJECTIVE = content.OBJECTIVE
AUDIENCE = content.AUDIENCE
CAMPAIGN_NAME = content.NAME
GOAL = content.GOAL
TONE = content.TONE
MUST_HAVES = content.MUST_HAVES
BRAND = content.BRAND
AVATAR = content.AVATAR
AVATAR_FILE = "brief-avatar-file"
MANY = content.MANY
SCREENED = content.SCREENED
FOUND = content.FOUND
MANY_BOX = "paste-many"
MANY_WORDS = "many-words"
MANY_TAKE = "take-many"
MANY_UPLOAD = "screen-upload"
MANY_PART = "screening-part"
MANY_PEOPLE = "ask-many-people"
MANY_KEEP = "ask-many-keep"
MANY_START = "start-screening"
MANY_TEST = "test-shortlist"
MANY_DROP = "drop-many"
MANY_FORGET = "forget-screening"
PART = "campaign-part"
HEAD = "campaign-head"
CHANGES = "round-changes"
HOME_WORDS = "home-words"
HOME_ARCHIVED = "home-archived"
HOME_PAGE = "home-page"
NEW = "new-campaign"
ALL = "all-campaigns"
UNDO = "undo"
REDO = "redo"
MORE = "campaign-more"
DEVICE = "ask-device"
HEAD_TO_HEAD = "ask-head-to-head"
FORECAST = "ask-forecast"
OWN_QUESTIONS = "ask-own-questions"
OWN_QUESTIONS_PART = "ask-own-part"
OWN_WORDS = "ask-own-words"
OWN_KIND = "ask-own-kind"
OWN_EVERYONE = "ask-own-everyone"
OWN_LOW = "ask-own-low"
OWN_HIGH = "ask-own-high"
OWN_OPTIONS = "ask-own-options"
OWN_LEAST = "ask-own-least"
OWN_MOST = "ask-own-most"
OWN_UNIT = "ask-own-unit"
OWN_ADD = "add-own-question"
ENGINE = "ask-engine"
URL = "ask-url"
MODEL = "ask-model"
API_KEY = "ask-key"
SEED = "ask-seed"
MAX_COST = "ask-max-cost"
CONCURRENCY = "ask-concurrency"
PRICE_IN = "ask-price-in"
PRICE_OUT = "ask-price-out"
EXAMPLES = "start-from"
PICTURED = "examples-in-pictures"
FORGET_KIND = "forget-kind"
FORGET_NAME = "forget-name"
FORGET_DAYS = "forget-days"
LEAVING = "leaving"
LEAVING_PART = "leaving-page"
UPLOAD = "upload"
START = "start"
START_BAR = "start-bar"
ASK_BAR = "ask-bar"
PEOPLE_ROOM = "ask-people-room"
SIDE_BY_SIDE = "drafts-side-by-side"
LIVE_ROOM = "ask-live-room"
ROOM = "ask-room"
ROOM_DRAFT = "ask-room-draft"
SUBJECT = "ask-subject"
WHOM = "ask-whom"
WHY_DRAFT = "ask-why-draft"
WHY_PERSONA = "ask-why-persona"
EVERYBODY = "ask-everybody"
START_EVERYBODY = "start-everybody"
EARLIER = "ask-earlier"
IMPROVE_DRAFT = "ask-improve-draft"
WISH = "ask-wish"
VERSION = "ask-version"
RETEST_SAME = "retest-same"
RETEST_FRESH = "retest-fresh"
VIEW = "ask-audience-view"
EDITED = "ask-edited"
CARD_WORDS = "ask-cards-words"
CARD_PAGE = "ask-cards-page"
WANTED = "ask-wanted-key"
ROWS = "rows"
IMPORTED = "import-of"
RESULTS = "upload-results"
KEEP_RESULTS = "keep-results"
SHELF = "ask-shelf"
SHELF_WORDS = "ask-shelf-words"
SAID_WORDS = "said-words"
SAID_DRAFTS = "said-drafts"
SAID_ACTIONS = "said-actions"
METHOD = "whole-method"
RESULT_TOP = "result-top"
RECOMMENDATION = "recommendation"
ARRIVING = "arriving"
PRESSED = "pressed-on-cards"
REMARK = "remark-on-quote"
QUIET_TITLE = "quiet-title"
PARTS = "result-parts"
TAKE_BACK = "take-back"
SHARE_TITLE = "ask-share-title"
SHARE_REPLY_TO = "ask-share-reply-to"
SHARE_COMMENTS = "ask-share-comments"
SHARE_LOGO = "share-logo"
SHARE_LINK = "share-link"
SHARE_CLIENT = "share-client"
SHARE_ANSWER = "share-answer"
_OF_ASKING = {
    SURFACE, OBJECTIVE, AUDIENCE, HEAD_TO_HEAD, FORECAST, ENGINE, URL, MODEL, SEED, MAX_COST, CONCURRENCY, PRICE_IN,
    PRICE_OUT,
}  # fmt: skip


def is_about_asking(key: str) -> bool:
    """Whether a choice decides whom a run asks, what, or how."""
    return key in _OF_ASKING or key.startswith(("ask-sample-", "ask-only-", "ask-contacts-"))


def is_of_one_tab(key: str) -> bool:
    """Whether a choice says what is looked at, and is no part of the campaign."""
    return key in {PART, HOME_WORDS, HOME_ARCHIVED, HOME_PAGE} or key.startswith(name_round(""))


def name_draft(number: int, what: str) -> str:
    """Return the key of something that belongs to a draft on the page: its "name", "edit", "remove", "draft"."""
    return f"{what}-{number}"


def name_part(number: int, part: str) -> str:
    """Return the key of the field of a part of a draft on the page."""
    return f"part-{number}-{part}"


def name_example(stem: str) -> str:
    """Return the key of the button that opens an example."""
    return f"example-{stem}"


def name_kept(identity: str) -> str:
    """Return the key of the button that opens a kept campaign."""
    return f"kept-{identity}"


def name_campaign(identity: str, what: str) -> str:
    """Return the key of something about a kept campaign in the list: "more", "name", "tags", "archive", ..."""
    return f"{what}-of-{identity}"


def name_picture(stem: str) -> str:
    """Return the key of the button under the picture of an example."""
    return f"picture-{stem}"


def name_round(identity: str) -> str:
    """Return the key of the choice of a round of a campaign."""
    return f"round-of-{identity}"


def name_rival(number: int, choice: str) -> str:
    """Return the key of a button that settles what two people made of a draft."""
    return f"rival-{choice}-{number}"


def name_remark(draft: str, what: str) -> str:
    """Return the key of a field of the form for comments on a draft: "words", "quote", "change", "name"."""
    return f"remark-{what}-{draft}"


def name_settling(number: int) -> str:
    """Return the key of the button that settles a comment, or opens it again."""
    return f"settle-{number}"


def name_sample(audience: str) -> str:
    """Return the key of the number of people to draw."""
    return f"ask-sample-{audience}"


def name_contacts(audience: str) -> str:
    """Return the key of what to do with the contacts in an audience."""
    return f"ask-contacts-{audience}"


def name_only(audience: str, segment: str) -> str:
    """Return the key of the chosen values of a segment."""
    return f"ask-only-{audience}-{segment}"


def name_objection(run_id: str, draft: str, number: int) -> str:
    """Return the key of the box that chooses an objection."""
    return f"ask-objection-{run_id}-{draft}-{number}"


def name_person_field(field: str) -> str:
    """Return the key of a field of the form of a persona."""
    return f"ask-person-{field}"


def name_person_button(persona: str, what: str) -> str:
    """Return the key of a button on the card of a persona: "open", "copy", "drop"."""
    return f"{what}-{persona}"


def name_card_filter(segment: str) -> str:
    """Return the key of the values of a segment that the cards are narrowed down to."""
    return f"ask-cards-{segment}"


def name_crossed(side: str) -> str:
    """Return the key of a crossed segment: that of the "rows" or of the "columns"."""
    return f"ask-cross-{side}"


def name_wanted(segment: str, value: str) -> str:
    """Return the key of a wanted share."""
    return f"ask-wanted-{segment}-{value}"


def name_import(field: str) -> str:
    """Return the key of a choice about an uploaded table."""
    return f"ask-import-{field}"


def name_mapping(purpose: str, field: str) -> str:
    """Return the key of a choice about an uploaded table of "drafts" or "results"."""
    return f"ask-map-{purpose}-{field}"


def name_save(audience: str, what: str) -> str:
    """Return the key of a field for saving an audience: "name", "replace"."""
    return f"save-{what}-{audience}"


def name_download(suffix: str) -> str:
    """Return the key of a button that saves a result as a file."""
    return f"save-{suffix}"


def name_version(digest: str) -> str:
    """Return the key of the field in which a version is changed by hand."""
    return f"hand-{digest}"


def name_withdrawal(number: int) -> str:
    """Return the key of the button that takes a version back."""
    return f"back-{number}"


def name_outcome(run_id: str, draft: str, count: str) -> str:
    """Return the key of a count of what really happened to a draft."""
    return f"outcome-{run_id}-{draft}-{count}"


def name_outcomes(run_id: str) -> str:
    """Return the key of the form for what really happened."""
    return f"outcomes-{run_id}"


def name_approval(run_id: str, draft: str) -> str:
    """Return the key of the form that approves a draft."""
    return f"approve-{run_id}-{draft}"


def name_approval_withdrawal(campaign: str, draft: str, who: str) -> str:
    """Return the key of the button that takes an approval back."""
    return f"withdraw-{campaign}-{draft}-{who}"


def name_way(page: str, run_id: str) -> str:
    """Return the key of the button that leads from a run to a page."""
    return f"{page}-{run_id}"


def name_talk(run_id: str, persona: str, draft: str) -> str:
    """Return the name of the job that answers in a talk."""
    return f"talk-{run_id}-{persona}-{draft}"


def name_question(run_id: str) -> str:
    """Return the name of the job that asks everybody."""
    return f"everybody-{run_id}"


def name_rewrite(digest: str) -> str:
    """Return the name of the job that rewrites a draft."""
    return f"rewrite-{digest}"


def name_retest(before: str, after: str) -> str:
    """Return the name of the job that tests two versions again."""
    return f"retest-{before}-{after}"


def name_chat(job: str) -> str:
    """Return the key of the field in which the next question of a talk is written."""
    return f"chat-{job}"


def name_stop(job: str) -> str:
    """Return the key of the button that stops a job."""
    return f"stop-{job}"


def name_fold(label: str) -> str:
    """Return the key of a box that draws what is in it once it is opened."""
    return f"fold-{label}"


def name_tiles(room: str) -> str:
    """Return the key of the tiles of a room."""
    return f"{room}-tiles"


def name_record(which: str) -> str:
    """Return the key of a chart of how often each source was right."""
    return f"record-{which}"


def name_sign_in(provider: str) -> str:
    """Return the key of the button that leads to a provider."""
    return f"sign-in-{provider}"


def name_most(key: str) -> str:
    """Return the key of the most that a number could be when it was chosen."""
    return f"{key}-most"


def name_changed(key: str, changes: int) -> str:
    """Return the key of a field that was given another value so often: each time it is another field to the browser."""
    return f"{key}~{changes}" if changes else key


def name_own_question(question: str) -> str:
    """Return the key of the button that takes a question of one's own off."""
    return f"remove-own-{question}"


def name_share(run_id: str, what: str) -> str:
    """Return the key of something on the page that shares a run: a suffix to download, "form", "answer"."""
    return f"share-{what.strip('.')}-{run_id}"


def name_revoking(token: str) -> str:
    """Return the key of the button that takes a read-only link back."""
    return f"revoke-{token}"
