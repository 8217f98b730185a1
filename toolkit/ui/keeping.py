"""What is typed goes into the store at once, and comes back: after a reload, in another tab, tomorrow."""

from __future__ import annotations

import datetime
import json
import secrets

import streamlit as st

from toolkit.errors import ToolkitError
from toolkit.panel import api
from toolkit.store import campaign_log
from toolkit.ui.session import Content, Session, merge
from toolkit.ui.sign_in import find_owner

_ADDRESS = "campaign"


def keep(session: Session) -> None:
    """Keep what the session holds if it changed; what another tab kept meanwhile is taken over with it."""
    content = session.dump()
    if content == session.kept or (session.kept_id is None and not session.is_written):
        return
    try:
        with campaign_log.Campaigns(api.default_store()) as kept:
            _keep(kept, session, content)
    except ToolkitError as error:
        session.lost = f"Your drafts could not be saved: {error}"


def take_up(session: Session) -> bool:
    """Take up the campaign that the address names, once a session; tell whether there is one.

    Afterwards the address follows the session, and never the other way round.
    """
    named = st.query_params.get(_ADDRESS)
    found = False
    if named and not session.begun:
        found = reopen(session, str(named))
    elif session.kept_id is not None:
        _catch_up(session)
    session.begun = True
    if session.kept_id is not None and st.query_params.get(_ADDRESS) != session.kept_id:
        st.query_params[_ADDRESS] = session.kept_id
    elif session.kept_id is None:
        st.query_params.pop(_ADDRESS, None)
    return found


def reopen(session: Session, identity: str) -> bool:
    """Put a kept campaign on the page; tell whether there is one of that id."""
    try:
        with campaign_log.Campaigns(api.default_store()) as kept:
            found = kept.find(identity, find_owner())
    except ToolkitError as error:
        session.lost = str(error)
        return False
    if found is None:
        return False
    session.restore(json.loads(found.content))
    session.kept_id, session.kept_version, session.kept = found.id, found.version, session.dump()
    return True


def list_kept() -> list[campaign_log.KeptCampaign]:
    """Return the campaigns of whoever looks at the page, the one changed last first."""
    with campaign_log.Campaigns(api.default_store()) as kept:
        return kept.list_campaigns(find_owner())


def _keep(kept: campaign_log.Campaigns, session: Session, content: Content) -> None:
    identity = session.kept_id or secrets.token_urlsafe(12)
    written = campaign_log.KeptCampaign(
        id=identity,
        owner=find_owner(),
        title=session.describe(),
        content=json.dumps(content, ensure_ascii=False),
        version=session.kept_version + 1,
        changed=datetime.datetime.now(datetime.UTC),
    )
    if kept.keep(written):
        session.kept_id, session.kept_version, session.kept = identity, written.version, content
        return
    found = kept.find(identity, written.owner)
    if found is None:
        return
    _merge(session, found)
    _keep(kept, session, session.dump())


def _catch_up(session: Session) -> None:
    """Take over what another tab kept since this one did."""
    try:
        with campaign_log.Campaigns(api.default_store()) as kept:
            if kept.find_version(session.kept_id or "") <= session.kept_version:
                return
            found = kept.find(session.kept_id or "", find_owner())
    except ToolkitError as error:
        session.lost = str(error)
        return
    if found is not None:
        _merge(session, found)


def _merge(session: Session, found: campaign_log.KeptCampaign) -> None:
    theirs: Content = json.loads(found.content)
    session.restore(merge(session.kept, session.dump(), theirs))
    session.kept_version, session.kept = found.version, theirs
