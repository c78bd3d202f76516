"""The tables of a ledger in PostgreSQL, and how an older set of them is brought up to date."""

from __future__ import annotations

from collections.abc import Sequence

SCHEMA = """
CREATE TABLE hailuo_facts (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE hailuo_jobs (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    attempt uuid UNIQUE,
    owner text,
    lease_until timestamptz,
    machine text,
    login text,
    provider text NOT NULL,
    state text NOT NULL,
    ticket text,
    profile text,
    model text,
    prompt text,
    duration integer,
    resolution text,
    image text,
    fingerprint text,
    request_hash text,
    request text,
    dedupe_key text,
    command text,
    output text,
    label text,
    "group" text,
    take integer,
    batch text,
    "row" text,
    choice text,
    webhook text,
    price_usd double precision,
    price_source text,
    reserved bigint,
    billed bigint,
    provider_state text,
    progress double precision,
    video_url text,
    path text,
    sha256 text,
    bytes bigint,
    error text,
    error_code text,
    created_at double precision,
    finished_at double precision,
    announced_at double precision,
    answer text,
    took double precision
) WITH (fillfactor = 80);
CREATE TABLE hailuo_images (sha256 text PRIMARY KEY, content bytea NOT NULL);
CREATE TABLE hailuo_batches (name text PRIMARY KEY, budget numeric, assume_price numeric);
CREATE TABLE hailuo_rates (place text PRIMARY KEY, next_slot double precision NOT NULL);
CREATE TABLE hailuo_workers (id bigint PRIMARY KEY, owner text NOT NULL);
CREATE UNIQUE INDEX hailuo_one_ticket ON hailuo_jobs (provider, ticket) WHERE ticket IS NOT NULL;
CREATE UNIQUE INDEX hailuo_one_dedupe_key ON hailuo_jobs (dedupe_key) WHERE dedupe_key IS NOT NULL
    AND state IN ('submitting', 'unconfirmed', 'submitted', 'succeeded', 'saved');
CREATE INDEX hailuo_by_dedupe_key ON hailuo_jobs (dedupe_key) WHERE dedupe_key IS NOT NULL;
CREATE INDEX hailuo_by_fingerprint ON hailuo_jobs (fingerprint) WHERE request_hash IS NULL;
CREATE INDEX hailuo_by_request ON hailuo_jobs (request_hash) WHERE request_hash IS NOT NULL;
CREATE INDEX hailuo_by_state ON hailuo_jobs (state)
    WHERE state IN ('submitting', 'unconfirmed', 'submitted', 'succeeded');
CREATE INDEX hailuo_by_machine ON hailuo_jobs (machine, login, seq);
CREATE INDEX hailuo_by_owner ON hailuo_jobs (owner) WHERE owner IS NOT NULL;
CREATE INDEX hailuo_by_created ON hailuo_jobs (created_at);
CREATE INDEX hailuo_by_batch ON hailuo_jobs (batch) WHERE batch IS NOT NULL;
CREATE INDEX hailuo_by_kind ON hailuo_jobs (provider, model, duration, resolution, seq) WHERE took IS NOT NULL;
"""
STEPS: Sequence[str] = ()
"""What each version changes: the first step leads from version 1 to 2. A new ledger takes them all."""
VERSION = 1 + len(STEPS)
MIGRATION_LOCK = 0x6861696C756F
"""The advisory lock of whoever makes or changes these tables: "hailuo"."""
