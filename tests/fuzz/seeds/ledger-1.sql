-- what version 1 of hailuo's ledger was; never change it
CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    state TEXT NOT NULL,
    ticket TEXT,
    profile TEXT,
    model TEXT,
    prompt TEXT,
    duration INTEGER,
    resolution TEXT,
    image TEXT,
    fingerprint TEXT,
    dedupe_key TEXT,
    price_usd REAL,
    price_source TEXT,
    provider_state TEXT,
    progress REAL,
    video_url TEXT,
    path TEXT,
    sha256 TEXT,
    bytes INTEGER,
    error TEXT,
    created_at REAL,
    finished_at REAL
) STRICT;
CREATE UNIQUE INDEX one_ticket ON jobs (provider, ticket) WHERE ticket IS NOT NULL;
CREATE UNIQUE INDEX one_dedupe_key ON jobs (dedupe_key)
    WHERE dedupe_key IS NOT NULL AND state NOT IN ('not_sent', 'refused');
CREATE INDEX by_fingerprint ON jobs (fingerprint);
CREATE INDEX by_state ON jobs (state);
