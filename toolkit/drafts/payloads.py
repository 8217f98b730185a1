"""Payloads of the WhatsApp Cloud API and the Messenger Send API, read as drafts and written from them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.drafts import samples
from toolkit.models import Draft

_WHATSAPP, _MESSENGER = "whatsapp_template", "messenger_message"
_LONGEST_SUBTITLE = 80
"""Characters of a card's subtitle; a longer one is kept apart, so that its limit is checked."""
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def find_payloads(value: Any) -> list[Mapping[str, Any]]:
    """Return the payloads that a document holds: itself, each of a list, or the templates of a listing; else none."""
    if isinstance(value, Mapping) and isinstance(value.get("data"), list):
        value = value["data"]
    held = value if isinstance(value, list) else [value]
    found = [one for one in held if isinstance(one, Mapping) and (_is_template(one) or _is_message(one))]
    return found if len(found) == len(held) else []


def read_payload(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the draft that a payload sends; whom it is sent to is not among them.

    Raises ValueError where it has no words.
    """
    fields = _read_template(payload) if _is_template(payload) else _read_message(payload)
    if not str(fields.get("text") or "").strip():
        raise ValueError("the payload has no words to read: a body, a text or a card with a title")
    return {name: value for name, value in fields.items() if value}


def list_unread(payload: Mapping[str, Any]) -> list[str]:
    """Return what of a payload is not part of the draft that it is read as, in words."""
    return _list_unread_of_template(payload) if _is_template(payload) else _list_unread_of_message(payload)


def write_payload(draft: Draft, language: str = "en_US") -> dict[str, Any]:
    """Return a draft as the payload of its surface: a WhatsApp template, or a message for the Send API.

    `language` is that of a template. Whom a message is sent to is not among the draft's parts. Raises ValueError for a
    draft on another surface.
    """
    if draft.surface == _WHATSAPP:
        return _write_template(draft, language)
    if draft.surface == _MESSENGER:
        kind = {"messaging_type": "MESSAGE_TAG", "tag": draft.tag} if draft.tag else {"messaging_type": "RESPONSE"}
        return {**kind, "message": _write_message(draft)}
    raise ValueError(f"draft {draft.id!r} is on {draft.surface}; payloads are of {_WHATSAPP} and {_MESSENGER}")


def list_unwritten(draft: Draft) -> list[str]:
    """Return the parts of a draft that its payload has no place for."""
    parts = ["alt", "price", "place", "greeting", "ice_breakers"]
    if draft.surface == _WHATSAPP:
        parts += ["image", "quick_replies", "tag"]
        if draft.link and not (draft.buttons or draft.cta):
            parts.append("link")
    else:
        parts += ["promotional", "samples"]
        has_card = bool(draft.headline or draft.description or _find_picture(draft))
        if draft.image and not _find_picture(draft):
            parts.append("image")
        if draft.headline and draft.description:
            parts.append("description")
        if draft.link and not (draft.buttons or draft.cta or has_card):
            parts.append("link")
    return [part.replace("_", " ") for part in dict.fromkeys(parts) if getattr(draft, part)]


def _is_template(payload: Mapping[str, Any]) -> bool:
    return isinstance(payload.get("components"), list)


def _is_message(payload: Mapping[str, Any]) -> bool:
    if payload.get("messaging_product") == "whatsapp":
        return any(isinstance(payload.get(name), Mapping) for name in ("text", "interactive", "template"))
    return isinstance(payload.get("message"), Mapping)


def _read_template(payload: Mapping[str, Any]) -> dict[str, Any]:
    parts = {str(one.get("type", "")).upper(): one for one in payload["components"] if isinstance(one, Mapping)}
    header, body, footer = (parts.get(name, {}) for name in ("HEADER", "BODY", "FOOTER"))
    buttons = [one for one in parts.get("BUTTONS", {}).get("buttons", []) if isinstance(one, Mapping)]
    examples = {
        **_read_samples(body, "body_text", ""),
        **_read_samples(header, "header_text", "headline."),
    }
    linked = next((one for one in buttons if one.get("url")), {})
    if isinstance(linked.get("example"), list):
        examples |= {f"link.{number}": [str(value)] for number, value in enumerate(linked["example"], 1)}
    return {
        "id": payload.get("name"),
        "surface": _WHATSAPP,
        "text": body.get("text"),
        "headline": header.get("text") if str(header.get("format", "TEXT")).upper() == "TEXT" else None,
        "description": footer.get("text"),
        "buttons": [str(one["text"]) for one in buttons if one.get("text")],
        "link": linked.get("url"),
        "promotional": str(payload.get("category", "")).upper() == "MARKETING" or None,
        "samples": examples,
    }


def _list_unread_of_template(payload: Mapping[str, Any]) -> list[str]:
    parts = {str(one.get("type", "")).upper(): one for one in payload["components"] if isinstance(one, Mapping)}
    unread = []
    form = str(parts.get("HEADER", {}).get("format", "TEXT")).upper()
    if form != "TEXT":
        unread.append(f"the {form.lower()} of the header")
    cards = parts.get("CAROUSEL", {}).get("cards", [])
    if cards:
        unread.append(f"{len(cards)} card{'' if len(cards) == 1 else 's'} of the carousel")
    known = {"HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL"}
    return unread + [name.lower().replace("_", " ") for name in parts if name not in known]


def _list_unread_of_message(payload: Mapping[str, Any]) -> list[str]:
    message = payload.get("message")
    if not isinstance(message, Mapping):
        return []
    replies = [one for one in message.get("quick_replies") or [] if isinstance(one, Mapping) and not one.get("title")]
    unread = ["quick replies without a title"] if replies else []
    attachment = message.get("attachment")
    if isinstance(attachment, Mapping) and attachment.get("type") != "template":
        unread.append(f"the attached {attachment.get('type')}")
    return unread


def _read_samples(part: Mapping[str, Any], key: str, prefix: str) -> dict[str, list[str]]:
    """Return what an example puts in place of each variable, by its number or name."""
    example = part.get("example")
    if not isinstance(example, Mapping):
        return {}
    named = example.get(f"{key}_named_params")
    if isinstance(named, list):
        return {f"{prefix}{one.get('param_name')}": [str(one.get("example", ""))] for one in named}
    held = example.get(key)
    if not isinstance(held, list) or not held:
        return {}
    sets = held if isinstance(held[0], list) else [held]
    found: dict[str, list[str]] = {}
    for values in sets:
        for number, value in enumerate(values, 1):
            found.setdefault(f"{prefix}{number}", []).append(str(value))
    return found


def _read_message(payload: Mapping[str, Any]) -> dict[str, Any]:
    if payload.get("messaging_product") == "whatsapp":
        return _read_whatsapp_message(payload)
    message: Mapping[str, Any] = payload["message"]
    fields: dict[str, Any] = {
        "surface": _MESSENGER,
        "text": message.get("text"),
        "quick_replies": _list_titles(message.get("quick_replies")),
        "tag": payload.get("tag"),
    }
    attachment = message.get("attachment")
    template = attachment.get("payload", {}) if isinstance(attachment, Mapping) else {}
    if isinstance(template, Mapping) and template.get("text"):
        fields |= {"text": template["text"], "buttons": _list_titles(template.get("buttons"))}
        fields["link"] = _find_link(template)
    cards = template.get("elements") if isinstance(template, Mapping) else None
    cards = [one for one in cards if isinstance(one, Mapping)] if isinstance(cards, list) else []
    return fields | _read_cards(cards) if cards else fields


def _read_cards(cards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the first card as the draft, the words of further cards below its own."""
    first, rest = cards[0], cards[1:]
    title, subtitle = str(first.get("title") or ""), str(first.get("subtitle") or "")
    long = len(subtitle) > _LONGEST_SUBTITLE
    words = [title if long or not subtitle else subtitle]
    words += ["\n".join(str(one[name]) for name in ("title", "subtitle") if one.get(name)) for one in rest]
    return {
        "text": "\n\n".join(words),
        "headline": title if subtitle and not long else None,
        "description": subtitle if long else None,
        "image": first.get("image_url"),
        "buttons": _list_titles(first.get("buttons")),
        "link": _find_link(first),
    }


def _read_whatsapp_message(payload: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(payload.get("text"), Mapping):
        return {"surface": _WHATSAPP, "text": payload["text"].get("body")}
    if payload.get("template") is not None:
        raise ValueError("a message by template holds parameters alone; name the template's own JSON, with components")
    held: Mapping[str, Any] = payload["interactive"]
    action = held.get("action") if isinstance(held.get("action"), Mapping) else {}
    replies = [one.get("reply", {}) for one in (action or {}).get("buttons", []) if isinstance(one, Mapping)]
    parameters = (action or {}).get("parameters", {})
    shown = [{"title": parameters.get("display_text")}] if parameters.get("display_text") else []
    return {
        "surface": _WHATSAPP,
        "text": _read_part(held, "body"),
        "headline": _read_part(held, "header"),
        "description": _read_part(held, "footer"),
        "buttons": _list_titles([*replies, *shown]),
        "link": parameters.get("url"),
    }


def _read_part(held: Mapping[str, Any], name: str) -> str | None:
    part = held.get(name)
    return part.get("text") if isinstance(part, Mapping) else None


def _list_titles(buttons: Any) -> list[str]:
    held = buttons if isinstance(buttons, list) else []
    return [str(one["title"]) for one in held if isinstance(one, Mapping) and one.get("title")]


def _find_link(part: Mapping[str, Any]) -> str | None:
    action = part.get("default_action")
    buttons = [one for one in part.get("buttons") or [] if isinstance(one, Mapping)]
    held = [action] if isinstance(action, Mapping) else []
    return next((str(one["url"]) for one in [*held, *buttons] if one.get("url")), None)


def _write_template(draft: Draft, language: str) -> dict[str, Any]:
    components: list[dict[str, Any]] = []
    if draft.headline:
        header = {"type": "HEADER", "format": "TEXT", "text": draft.headline}
        components.append(header | _write_example(draft, draft.headline, "header_text", "headline."))
    body = {"type": "BODY", "text": draft.text}
    components.append(body | _write_example(draft, draft.text, "body_text", ""))
    if draft.description:
        components.append({"type": "FOOTER", "text": draft.description})
    buttons: list[dict[str, Any]] = [{"type": "QUICK_REPLY", "text": label} for label in _list_labels(draft)]
    if draft.link and buttons:
        buttons[-1] = {"type": "URL", "text": buttons[-1]["text"], "url": draft.link}
        examples = _list_samples(draft, draft.link, "link.")
        buttons[-1] |= {"example": list(examples.values())} if examples else {}
    if buttons:
        components.append({"type": "BUTTONS", "buttons": buttons})
    named = any(not name.isdecimal() for name in _VARIABLE.findall(f"{draft.text} {draft.headline or ''}"))
    return {
        "name": re.sub(r"\W+", "_", draft.id.lower(), flags=re.ASCII).strip("_") or "draft",
        "language": language,
        "category": "MARKETING" if draft.promotional else "UTILITY",
        **({"parameter_format": "NAMED"} if named else {}),
        "components": components,
    }


def _write_example(draft: Draft, text: str, key: str, prefix: str) -> dict[str, Any]:
    """Return the example of a part's variables, under the key of numbered or of named ones; none without samples."""
    examples = _list_samples(draft, text, prefix)
    if not examples:
        return {}
    if not all(name.isdecimal() for name in examples):
        params = [{"param_name": name, "example": words} for name, words in examples.items()]
        return {"example": {f"{key}_named_params": params}}
    values = list(examples.values())
    return {"example": {key: [values] if key == "body_text" else values}}


def _list_samples(draft: Draft, text: str, prefix: str) -> dict[str, str]:
    names = dict.fromkeys(_VARIABLE.findall(text))
    found = {name: samples.find_samples(draft, prefix.rstrip(".") or "text", name) for name in names}
    return {name: words[0] for name, words in found.items() if words}


def _list_labels(draft: Draft) -> list[str]:
    """Return the labels of the buttons; the call to action is one."""
    return list(dict.fromkeys([*draft.buttons, *([draft.cta] if draft.cta else [])]))


def _find_picture(draft: Draft) -> str | None:
    """Return the address of the picture; a file on this machine has none."""
    return draft.image if draft.image and re.match(r"https?://", draft.image) else None


def _write_message(draft: Draft) -> dict[str, Any]:
    labels = [{"type": "postback", "title": label, "payload": _make_payload(label)} for label in _list_labels(draft)]
    if draft.link and labels:
        labels[0] = {"type": "web_url", "title": labels[0]["title"], "url": draft.link}
    replies = [{"content_type": "text", "title": one, "payload": _make_payload(one)} for one in draft.quick_replies]
    picture = _find_picture(draft)
    if draft.headline or draft.description or picture:
        card: dict[str, Any] = {
            "title": draft.headline or draft.text,
            "subtitle": draft.text if draft.headline else draft.description,
            "image_url": picture,
            "default_action": {"type": "web_url", "url": draft.link} if draft.link else None,
            "buttons": labels,
        }
        template: dict[str, Any] = {"template_type": "generic", "elements": [_drop_unset(card)]}
    elif labels:
        template = {"template_type": "button", "text": draft.text, "buttons": labels}
    else:
        return _drop_unset({"text": draft.text, "quick_replies": replies})
    return _drop_unset({"attachment": {"type": "template", "payload": template}, "quick_replies": replies})


def _make_payload(label: str) -> str:
    """Return what Messenger sends back when somebody taps a label."""
    return re.sub(r"\W+", "_", label.upper()).strip("_")[:1000] or "TAP"


def _drop_unset(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
