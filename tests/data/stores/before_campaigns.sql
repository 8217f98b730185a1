BEGIN TRANSACTION;
CREATE TABLE forecasts (
    run_id TEXT NOT NULL, draft_id TEXT NOT NULL, shares_rate REAL NOT NULL, shares_n INTEGER NOT NULL,
    PRIMARY KEY (run_id, draft_id)
) WITHOUT ROWID;
CREATE TABLE kept_campaigns (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, content TEXT NOT NULL,
        version INTEGER NOT NULL, changed TEXT NOT NULL
    ) WITHOUT ROWID;
INSERT INTO "kept_campaigns" VALUES('0fuBRYr1n-15vMCC','','Spring market on Sunday. · 1 draft','{"slots": {"0": {"name": "A", "text": "Spring market on Sunday.", "parts": {}}, "1": {"name": "B", "text": "", "parts": {}}}, "order": [0, 1], "removed": null, "values": {"ask-surface": "buy_sell_group_post", "ask-objective": "click", "ask-device": "phone", "ask-audience": "uk-small-sellers", "ask-only-uk-small-sellers-age": [], "ask-only-uk-small-sellers-role": [], "ask-sample-uk-small-sellers": 12, "ask-sample-uk-small-sellers-most": 12, "ask-head-to-head": false, "ask-forecast": false, "ask-engine": "openai", "ask-url": "", "ask-model": "m", "ask-seed": 0, "ask-people-room": "age"}}',1,'2026-11-29T00:50:49.266919+00:00');
INSERT INTO "kept_campaigns" VALUES('TirrmDcuQmz_vzAO','','Get paid in the chat. · 2 drafts','{"slots": {"0": {"name": "A", "text": "Get paid in the chat.", "parts": {}}, "1": {"name": "today", "text": "Get paid today.", "parts": {}}}, "order": [0, 1], "removed": null, "values": {"ask-surface": "buy_sell_group_post", "ask-objective": "click", "ask-device": "phone", "ask-audience": "uk-small-sellers", "ask-only-uk-small-sellers-age": [], "ask-only-uk-small-sellers-role": [], "ask-sample-uk-small-sellers": 12, "ask-sample-uk-small-sellers-most": 12, "ask-head-to-head": false, "ask-forecast": false, "ask-engine": "openai", "ask-url": "", "ask-model": "m", "ask-seed": 0, "ask-people-room": "age", "ask-live-room": "age"}}',3,'2026-11-29T00:50:48.522901+00:00');
CREATE TABLE runs (
    run_id TEXT NOT NULL, draft_hash TEXT NOT NULL, text_hash TEXT NOT NULL, draft_id TEXT NOT NULL,
    campaign TEXT NOT NULL, surface TEXT NOT NULL, text TEXT NOT NULL, headline TEXT, objective TEXT NOT NULL,
    panel_rate REAL, panel_n INTEGER NOT NULL, control_rate REAL, control_n INTEGER NOT NULL,
    model TEXT NOT NULL, engine TEXT NOT NULL, finished TEXT NOT NULL,
    PRIMARY KEY (run_id, draft_id)
) WITHOUT ROWID;
INSERT INTO "runs" VALUES('drafts-from-the-page-6edb65d079a2','f49005ed144c5f261fd43bbfbcc5402b034a13136a1800418e0be496f02a885c','eec73390076d307ebe9f56628f15d2d7b8651c2d882cdb65039b97e9dcc264a6','A','drafts from the page','buy_sell_group_post','Get paid in the chat.',NULL,'click',0.0,12,0.0,10,'m','openai','2026-11-29T00:50:45+00:00');
INSERT INTO "runs" VALUES('drafts-from-the-page-6edb65d079a2','d2c9a09ef58d0c74b23a0858392570550f74fbbdbcce7dc376ca570928096674','c5f856cb500e95633a979cabba1463773ef699546698211449d920eb8df84e32','today','drafts from the page','buy_sell_group_post','Get paid today.',NULL,'click',8.26446280991735560128e-02,12,0.0,10,'m','openai','2026-11-29T00:50:45+00:00');
CREATE INDEX runs_by_text ON runs (text_hash);
CREATE TRIGGER forecasts_go_with_runs AFTER DELETE ON runs BEGIN
    DELETE FROM forecasts WHERE run_id = OLD.run_id AND draft_id = OLD.draft_id;
END;
PRAGMA user_version=2;
COMMIT;
