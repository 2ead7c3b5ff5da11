// The data of each suite, read when it is first needed, and which of its examples a choice of filters leaves.

const held = [...document.querySelectorAll("script.data")];
const read = new Map();

function suiteData(number) {
  if (!read.has(number)) {
    const data = JSON.parse(held[number].textContent);
    read.set(number, prepared(data, Number(held[number].dataset.leftOut)));
  }
  return read.get(number);
}

function prepared(data, leftOut) {
  const size = data.ids.length;
  const by = (kind) => {
    const found = Array.from({ length: size }, () => []);
    data.checks.forEach((check, number) => check[kind].forEach((at) => found[at].push(number)));
    return found;
  };
  return {
    ...data, leftOut, size,
    worseIn: by("worse"), betterIn: by("better"), failingIn: by("failing"),
    counts: data.checks.map((check) => check.gating || !data.checks.some((each) => each.gating)),
    failed: new Set(data.failed), aside: new Set(data.aside), texts: new Array(size),
  };
}

// Without a check, those count that gate; all of them where none does.
const KINDS = ["worse", "better", "failing", "errors", "same", "all"];

function isOf(data, at, kind, check) {
  const among = (lists) => lists[at].some((number) => (check === null ? data.counts[number] : number === check));
  switch (kind) {
    case "worse": return among(data.worseIn);
    case "better": return among(data.betterIn);
    case "failing": return among(data.failingIn) || fails(data, at, check);
    case "errors": return data.failed.has(at);
    case "same": return !among(data.worseIn) && !among(data.betterIn);
    default: return true;
  }
}

// Whether a pass/fail check has the candidate fail.
function fails(data, at, check) {
  return data.checks.some((each, number) =>
    (check === null ? data.counts[number] : number === check) && each.binary && each.candidate?.[at] === 0);
}

function inSlice(data, at, slice) {
  return slice === null || data.slices[slice[0]].of[at] === slice[1];
}

// All that is written of an example, in small letters, for the search.
function textOf(data, at) {
  if (data.texts[at] === undefined) {
    const found = data.examples[at];
    const strings = [];
    const gather = (value) => {
      if (typeof value === "string") strings.push(value);
      else if (value && typeof value === "object") Object.values(value).forEach(gather);
    };
    gather(found ?? "");
    data.texts[at] = `${data.ids[at]}\n${strings.join("\n")}`.toLowerCase();
  }
  return data.texts[at];
}

// How far down an example went, in the check that is chosen or in the worst of all that gate.
function change(data, at, check) {
  let lowest = 0;
  let highest = 0;
  data.checks.forEach((each, number) => {
    if (check === null ? !data.counts[number] || each.ratio : number !== check) return;
    const delta = each.delta?.[at] ?? 0;
    lowest = Math.min(lowest, delta);
    highest = Math.max(highest, delta);
  });
  return lowest < 0 ? lowest : highest;
}

function chosen(data, filters) {
  const { kind, check, slice, text } = filters;
  const sought = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  for (let at = 0; at < data.size; at += 1) {
    if (!isOf(data, at, kind, check) || !inSlice(data, at, slice)) continue;
    if (sought.length && !sought.every((word) => textOf(data, at).includes(word))) continue;
    found.push(at);
  }
  const sizes = new Map(found.map((at) => [at, change(data, at, check)]));
  const sign = kind === "better" ? -1 : 1;
  return found.sort((a, b) => sign * (sizes.get(a) - sizes.get(b)) || a - b);
}

// Count the examples of each kind in the chosen check and slice.
function counted(data, check, slice) {
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
  for (let at = 0; at < data.size; at += 1) {
    if (!inSlice(data, at, slice)) continue;
    for (const kind of KINDS) if (isOf(data, at, kind, check)) counts[kind] += 1;
  }
  return counts;
}

const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

function scoreText(value, check) {
  if (value === null || value === undefined) return "no score";
  if (check.binary && (value === 0 || value === 1)) return value ? "pass" : "fail";
  if (check.unit === "$") return `$${short.format(value)}`;
  if (check.unit === "s") return value < 0.0005 ? "under 1 ms" : value < 0.1 ? `${short.format(value * 1000)} ms` : `${short.format(value)} s`;
  return check.unit ? `${short.format(value)} ${check.unit}` : short.format(value);
}

function wentText(data, at, number) {
  const check = data.checks[number];
  const after = scoreText(check.candidate?.[at], check);
  return check.baseline ? `${scoreText(check.baseline[at], check)} → ${after}` : after;
}

// A word as a shell takes it.
const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\"'\"'")}'`);

function showCommand(data, at) {
  const id = data.ids[at];
  const name = quoted(id);
  return `evalgate show --build ${data.build} --suite ${quoted(data.name)} ${id.startsWith("-") ? "-- " : ""}${name}`;
}
