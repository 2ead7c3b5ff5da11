// One example: what was asked and expected, both answers side by side, and what evaluators said of each.

const view = { sample: 0, marks: true };

function detail(data, at) {
  const found = data.examples[at];
  const parts = [make("h3", {}, data.ids[at]), bar(data, at, found), scores(data, at)];
  if (!found) {
    parts.push(make("p", { class: "empty quiet" }, "Its answers are not in this file. See them with ",
      make("code", {}, showCommand(data, at)), copier(showCommand(data, at))));
    return parts;
  }
  parts.push(make("div", { class: "fields" }, fields("input", found.input), fields("expected", found.expected)));
  parts.push(...answers(data, found), tags(found.metadata));
  return parts;
}

function bar(data, at, found) {
  const command = showCommand(data, at);
  return make("div", { class: "bar" },
    data.aside.has(at) ? make("span", {}, "in quarantine, decides nothing") : null,
    linked("example in Phoenix", found?.link),
    make("span", {}, make("code", {}, command), copier(command)));
}

function scores(data, at) {
  if (!data.checks.length) return null;
  const compared = data.checks.some((check) => check.baseline);
  const rows = data.checks.map((check, number) => {
    const kind = data.worseIn[at].includes(number) ? "worse" : data.betterIn[at].includes(number) ? "better" : "";
    return make("tr", {},
      make("th", { scope: "row" }, check.name),
      compared ? make("td", { class: "n" }, check.baseline ? scoreText(check.baseline[at], check) : "") : null,
      make("td", { class: "n" }, scoreText(check.candidate?.[at], check)),
      make("td", { class: `went ${kind}` }, kind === "worse" ? "▼ worse" : kind === "better" ? "▲ better" : ""));
  });
  const heads = ["Check", ...(compared ? ["Baseline"] : []), "Candidate", "Change"];
  return make("div", { class: "wide" }, make("table", {},
    make("thead", {}, make("tr", {}, heads.map((head, place) =>
      make("th", { scope: "col", class: place && place < heads.length - 1 ? "n" : null }, head)))),
    make("tbody", {}, rows)));
}

const fields = (title, values) => (values ?? []).map(([name, text]) =>
  make("div", { class: "field" }, make("span", { class: "name" }, `${title}.${name}`), make("pre", {}, text)));

function tags(values) {
  if (!values?.length) return null;
  return make("dl", { class: "tags" }, values.map(([name, text]) =>
    make("div", {}, make("dt", {}, `metadata.${name}`), make("dd", {}, text))));
}

function answers(data, found) {
  const [ours, theirs] = [found.candidate ?? [], found.baseline ?? []];
  const most = Math.max(ours.length, theirs.length);
  const place = Math.min(view.sample, Math.max(0, most - 1));
  const [candidate, baseline] = [ours[place], theirs[place]];
  const text = (sample, other) => (sample.output === true ? other.output : sample.output ?? sample.failure);
  const parts = [];
  if (most > 1) parts.push(samples(ours, theirs, place));
  const both = baseline && candidate;
  const after = candidate ? text(candidate, candidate) : null;
  const before = baseline ? text(baseline, candidate) : null;
  const same = both && before === after;
  const pieces = both && !same && view.marks && !candidate.failure && !baseline.failure ? differences(before, after) : null;
  if (same) parts.push(make("p", { class: "quiet" }, "Both sides answered the same."));
  parts.push(make("div", { class: "sides" },
    theirs.length ? side(`baseline: ${data.baseline ?? ""}`, baseline, pieces ? marked(pieces, "-") : before, "baseline") : null,
    side(theirs.length ? `candidate: ${data.candidate}` : data.candidate, candidate, pieces ? marked(pieces, "+") : after, "candidate")));
  return parts;
}

function samples(ours, theirs, place) {
  const names = (ours.length >= theirs.length ? ours : theirs).map((sample) => sample.sample);
  return make("div", { class: "bar", role: "group", "aria-label": "Samples" }, "Sample", names.map((name, at) =>
    make("button", { type: "button", "aria-pressed": String(at === place), onclick: () => chooseSample(at) }, name)));
}

function side(name, sample, shown, kind) {
  if (!sample) {
    return make("div", { class: `side ${kind}` }, make("span", { class: "name" }, name), make("pre", {}, "not run"));
  }
  return make("div", { class: `side ${kind}` },
    make("span", { class: "name" }, name, sample.took ? ` · ${sample.took}` : ""),
    make("pre", { class: sample.failure ? "failed" : null }, shown ?? ""),
    (sample.said ?? []).map(([evaluator, said, explanation]) => make("p", { class: "said" },
      make("span", { class: "name" }, evaluator), make("span", { class: "score" }, said),
      explanation ? make("span", { class: "text" }, ` ${explanation}`) : null)),
    sample.trace ? make("p", {}, linked("trace in Phoenix", sample.trace)) : null,
    (sample.more ?? []).map(([name, text]) => make("details", {}, make("summary", {}, name), make("pre", {}, text))),
    sample.logs ? make("details", {}, make("summary", {}, "what it printed, its end"), make("pre", {}, sample.logs)) : null);
}
