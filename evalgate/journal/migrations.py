"""The journal's tables, as the scripts that lead from each version of them to the next."""

from __future__ import annotations

from typing import Final

_TABLES: Final = """
CREATE TABLE build (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at TEXT NOT NULL,
    seconds REAL NOT NULL DEFAULT 0,
    status TEXT NOT NULL CHECK (status IN ('running', 'complete')),
    partial TEXT,               -- why it is a sample without a verdict: the flag that made it one
    resumed INTEGER NOT NULL DEFAULT 0,
    commit_id TEXT,
    branch TEXT,
    dirty INTEGER NOT NULL DEFAULT 0,
    config_file TEXT NOT NULL,  -- its name, never its folder
    config TEXT NOT NULL,       -- the whole config as it was decided by, JSON
    evalgate_version TEXT NOT NULL
) STRICT;

CREATE TABLE content (
    hash TEXT PRIMARY KEY,
    body TEXT NOT NULL          -- an example without its id, JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE example (
    build INTEGER NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    suite TEXT NOT NULL,
    position INTEGER NOT NULL,
    example_id TEXT NOT NULL,
    hash TEXT NOT NULL REFERENCES content (hash),
    PRIMARY KEY (build, suite, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX example_by_id ON example (build, suite, example_id);

CREATE TABLE experiment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    build INTEGER NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    suite TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('candidate', 'baseline')),
    label TEXT NOT NULL,        -- what people call it
    dataset TEXT NOT NULL,      -- version of the whole file: two suites on one dataset share its examples
    dataset_version TEXT NOT NULL,  -- of the examples that this suite takes
    repetitions INTEGER NOT NULL,
    task TEXT NOT NULL,         -- fingerprint of what answers
    evaluators TEXT NOT NULL,   -- fingerprint of what scores
    specs TEXT NOT NULL,        -- JSON list: direction, range and version of each evaluator, as it was decided by
    watched TEXT NOT NULL,      -- JSON object: file or parameter -> hash, to name what changed
    stored INTEGER NOT NULL DEFAULT 0,  -- its rows were copied from an earlier build
    UNIQUE (build, suite, side)
) STRICT;

CREATE TABLE run (
    experiment INTEGER NOT NULL REFERENCES experiment (id) ON DELETE CASCADE,
    example_id TEXT NOT NULL,
    sample TEXT NOT NULL,
    output TEXT,                -- JSON; NULL where there is a failure
    output_hash TEXT,
    failure TEXT,               -- JSON
    failure_kind TEXT,
    extras TEXT,                -- JSON object of context, messages, tool_calls, steps where there are any
    usage TEXT,                 -- JSON list; NULL where nobody saw it
    trace_id TEXT,
    latency REAL NOT NULL,
    started_at TEXT NOT NULL,
    logs TEXT NOT NULL,
    PRIMARY KEY (experiment, example_id, sample)
) STRICT;

CREATE TABLE evaluation (
    experiment INTEGER NOT NULL REFERENCES experiment (id) ON DELETE CASCADE,
    example_id TEXT NOT NULL,
    sample TEXT NOT NULL,
    name TEXT NOT NULL,
    score REAL,
    label TEXT,
    explanation TEXT,
    metadata TEXT,
    failure TEXT,
    PRIMARY KEY (experiment, example_id, sample, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE problem (
    build INTEGER NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    suite TEXT NOT NULL,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    next_step TEXT NOT NULL,
    PRIMARY KEY (build, suite, kind, message)
) STRICT, WITHOUT ROWID;
"""

_USAGE_OF_EVALUATIONS: Final = """
ALTER TABLE evaluation ADD COLUMN usage TEXT;  -- JSON list; NULL where no model was called, null where nobody saw it
"""

_TRIALS: Final = """
ALTER TABLE build ADD COLUMN trial TEXT;  -- what `evalgate compare` called the task that it tried; NULL for a run
"""

_NOISE: Final = """
ALTER TABLE build ADD COLUMN study_runs INTEGER;  -- of a noise study: how often it runs each task; NULL for a build

CREATE TABLE noise (
    build INTEGER NOT NULL REFERENCES build (id) ON DELETE CASCADE,  -- the study, or a build that its result went into
    suite TEXT NOT NULL,
    name TEXT NOT NULL,         -- the check
    study INTEGER NOT NULL,     -- the id that the study has in its own journal
    measured_on TEXT NOT NULL,
    label TEXT NOT NULL,        -- what was run
    runs INTEGER NOT NULL,
    examples INTEGER NOT NULL,
    flip REAL NOT NULL,         -- the share of examples whose result differs between two equal runs
    flip_low REAL NOT NULL,
    flip_high REAL NOT NULL,
    icc REAL NOT NULL,
    is_binary INTEGER NOT NULL,
    shift_p REAL NOT NULL,      -- of no run shifting its examples together, adjusted for all checks of the study
    shift REAL NOT NULL,        -- standard deviation of that shift, a share of the range
    PRIMARY KEY (build, suite, name)
) STRICT, WITHOUT ROWID;
"""

_DRAWS: Final = """
ALTER TABLE experiment ADD COLUMN commit_id TEXT;  -- of a baseline that is a commit: whose tree answers
ALTER TABLE experiment ADD COLUMN drawn_on TEXT;   -- of stored runs: the day they were drawn

CREATE TABLE draw (
    build INTEGER NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    suite TEXT NOT NULL,
    position INTEGER NOT NULL,  -- the last one decides
    key TEXT,                   -- what its samples are named by; NULL: r1, r2 and so on
    candidate INTEGER NOT NULL, -- how often each example is drawn on that side, 0: not at all
    baseline INTEGER NOT NULL,
    PRIMARY KEY (build, suite, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
    build INTEGER NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    suite TEXT NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('told', 'unchanged')),  -- unchanged: the suite is skipped for it
    message TEXT NOT NULL,
    PRIMARY KEY (build, suite, position)
) STRICT, WITHOUT ROWID;
"""

_JUDGES: Final = """
CREATE TABLE validation (       -- a judge held to human labels
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    judge TEXT NOT NULL,        -- the judge's fingerprint
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    file TEXT NOT NULL,
    labels TEXT NOT NULL,       -- fingerprint of the labelled answers
    evalgate_version TEXT NOT NULL,
    summary TEXT NOT NULL,      -- JSON: what decisions see
    report TEXT NOT NULL        -- JSON: all that was found out
) STRICT;
CREATE INDEX validation_by_judge ON validation (judge, id);

CREATE TABLE validation_label (
    validation INTEGER NOT NULL REFERENCES validation (id) ON DELETE CASCADE,
    example_id TEXT NOT NULL,
    output_hash TEXT NOT NULL,
    score REAL NOT NULL,        -- of the label that people gave to that output
    PRIMARY KEY (validation, example_id, output_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE judge (            -- what was known of a build's judges when it began
    build INTEGER NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    suite TEXT NOT NULL,
    name TEXT NOT NULL,
    judge TEXT NOT NULL,        -- its fingerprint
    summary TEXT,               -- of its latest validation; NULL: there was none
    PRIMARY KEY (build, suite, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE human_label (      -- labels of that validation, of answers to the build's examples
    build INTEGER NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    suite TEXT NOT NULL,
    name TEXT NOT NULL,
    example_id TEXT NOT NULL,
    output_hash TEXT NOT NULL,
    score REAL NOT NULL,
    PRIMARY KEY (build, suite, name, example_id, output_hash)
) STRICT, WITHOUT ROWID;
"""

_CHANGES: Final = """
ALTER TABLE build ADD COLUMN change TEXT;         -- what it measures: `pull request 12`, `branch tone`
ALTER TABLE build ADD COLUMN measured TEXT;       -- equal in two builds that measured the very same thing
ALTER TABLE build ADD COLUMN measurement INTEGER; -- which one of its change this is, from 1
ALTER TABLE build ADD COLUMN failed INTEGER;      -- how many of those before it failed
ALTER TABLE build ADD COLUMN verdict TEXT;        -- what it was found to be when it ended: `decide` says it anew
ALTER TABLE build ADD COLUMN stores INTEGER NOT NULL DEFAULT 0;  -- it holds a baseline's runs alone: no verdict

CREATE TABLE acceptance (       -- what was accepted of a suite when the build began
    build INTEGER NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    suite TEXT NOT NULL,
    name TEXT NOT NULL,         -- the check
    body TEXT NOT NULL,         -- JSON: the file, and whether it counts
    PRIMARY KEY (build, suite, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (       -- examples that were set aside when the build began
    build INTEGER NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    suite TEXT NOT NULL,
    position INTEGER NOT NULL,
    example_id TEXT NOT NULL,
    name TEXT,                  -- the check that it decides nothing of; NULL: all of them
    owner TEXT NOT NULL,
    reason TEXT NOT NULL,
    expires TEXT NOT NULL,      -- the last day on which it is set aside
    PRIMARY KEY (build, suite, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE baseline (         -- of a build that holds a baseline's runs: how it came to be one
    build INTEGER PRIMARY KEY REFERENCES build (id) ON DELETE CASCADE,
    set_by TEXT NOT NULL,
    how TEXT NOT NULL CHECK (how IN ('set', 'push')),
    source INTEGER,             -- the build that measured it as a candidate
    verdict TEXT,               -- of that one
    accepted TEXT NOT NULL      -- JSON list of what was accepted of it: check, slice, drop, author, reason
) STRICT;
"""

_ORIGINS: Final = """
ALTER TABLE experiment ADD COLUMN scorers TEXT NOT NULL DEFAULT '{}';  -- JSON object: evaluator -> fingerprint
ALTER TABLE run ADD COLUMN origin INTEGER;         -- of a copy: the experiment that drew it; 0: one of another journal
ALTER TABLE run ADD COLUMN drawn_as TEXT;          -- of a copy: its sample there
ALTER TABLE evaluation ADD COLUMN origin INTEGER;  -- of a copy: the experiment in which it was evaluated
UPDATE run SET origin = 0 WHERE started_at < (
    SELECT b.created_at FROM experiment x JOIN build b ON b.id = x.build WHERE x.id = run.experiment
);
UPDATE evaluation SET origin = 0 WHERE EXISTS (
    SELECT 1 FROM run r WHERE r.experiment = evaluation.experiment AND r.example_id = evaluation.example_id
    AND r.sample = evaluation.sample AND r.origin = 0
);
"""

_GATE: Final = """
ALTER TABLE build ADD COLUMN gate TEXT;  -- JSON: whose definitions decided, what the change had otherwise; or NULL
"""

_OWN: Final = """
CREATE TABLE own_evaluator (    -- what a change defines otherwise and scored the same answers; nothing decides by it
    build INTEGER NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    suite TEXT NOT NULL,
    name TEXT NOT NULL,
    scorer TEXT NOT NULL,       -- its fingerprint
    spec TEXT,                  -- JSON list of one; NULL where it did not load
    known TEXT,                 -- JSON object: what was known of a judge; NULL for what is none
    problem TEXT,               -- why it has not scored everything
    PRIMARY KEY (build, suite, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE own_evaluation (   -- as `evaluation`, of those
    experiment INTEGER NOT NULL REFERENCES experiment (id) ON DELETE CASCADE,
    example_id TEXT NOT NULL,
    sample TEXT NOT NULL,
    name TEXT NOT NULL,
    score REAL,
    label TEXT,
    explanation TEXT,
    metadata TEXT,
    failure TEXT,
    usage TEXT,
    PRIMARY KEY (experiment, example_id, sample, name)
) STRICT, WITHOUT ROWID;
"""

_MIRRORS: Final = """
CREATE TABLE mirror (           -- the experiment in Phoenix that mirrors one of the journal's
    experiment INTEGER PRIMARY KEY REFERENCES experiment (id) ON DELETE CASCADE,
    uid TEXT NOT NULL UNIQUE,   -- in its metadata: what it is found by where the answer that made it was lost
    server TEXT NOT NULL,       -- the address, without a key
    dataset TEXT,               -- Phoenix's ids, NULL until they are known
    dataset_version TEXT,
    remote TEXT,
    remote_created_at TEXT,     -- ids of what was deleted are given again
    project TEXT,               -- the name of the project that its traces go to
    withheld INTEGER NOT NULL,  -- hashes and lengths were sent, no contents
    ended INTEGER NOT NULL DEFAULT 0,  -- all is there, with its verdict
    lacking INTEGER NOT NULL DEFAULT 0,  -- runs that no dataset version there has the example of
    obstacle TEXT               -- why not all is there, as it was last tried
) STRICT;

CREATE TABLE mirror_sample (
    experiment INTEGER NOT NULL REFERENCES experiment (id) ON DELETE CASCADE,
    sample TEXT NOT NULL,
    repetition INTEGER NOT NULL,  -- its number there
    PRIMARY KEY (experiment, sample)
) STRICT, WITHOUT ROWID;

CREATE TABLE mirror_run (       -- a run that is there with all its evaluations
    experiment INTEGER NOT NULL REFERENCES experiment (id) ON DELETE CASCADE,
    example_id TEXT NOT NULL,
    sample TEXT NOT NULL,
    remote TEXT NOT NULL,       -- Phoenix's id of the run
    digest TEXT NOT NULL,       -- of what was sent
    change TEXT,                -- regressed or fixed: it is said there
    PRIMARY KEY (experiment, example_id, sample)
) STRICT, WITHOUT ROWID;
"""

_REWORDED: Final = """
-- the example as the change has it, where its expected answer is edited there; NULL: the one that decides
ALTER TABLE own_evaluation ADD COLUMN example_hash TEXT;
"""

_RELEASES: Final = """
CREATE TABLE release (          -- a commit that was to be released, by the build that decided about it
    build INTEGER PRIMARY KEY REFERENCES build (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,          -- what it moves: `production`
    commit_id TEXT NOT NULL,
    verdict TEXT NOT NULL,      -- JSON object: the body of its verdict file
    finished INTEGER NOT NULL   -- every tag is where it belongs
) STRICT;
ALTER TABLE build ADD COLUMN purpose TEXT;  -- JSON: what it is for beside a change (a release, a prompt that is tried)
"""

MIGRATIONS: Final[dict[int, str]] = {
    0: _TABLES,
    1: _NOISE,
    2: _JUDGES,
    3: _USAGE_OF_EVALUATIONS,
    4: _DRAWS,
    5: _TRIALS,
    6: _CHANGES,
    7: _ORIGINS,
    8: _GATE,
    9: _OWN,
    10: _MIRRORS,
    11: _REWORDED,
    12: _RELEASES,
}
"""By the version that it starts from, the script that leads to the next one. 0 is an empty file."""
