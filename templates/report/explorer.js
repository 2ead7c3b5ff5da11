// The list of examples: its filters, what they leave, and the one that is chosen.

const PAGE = 200;
const filters = { suite: 0, check: null, slice: null, kind: "worse", text: "" };
let found = [];
let drawn = 0;
let current = null;

const data = () => suiteData(filters.suite);

function options(select, entries) {
  select.replaceChildren(...entries.map(([value, words]) => make("option", { value }, words)));
}

function chooseSuite(number) {
  filters.suite = number;
  filters.check = null;
  filters.slice = null;
  find("#suite").value = String(number);
  const of = data();
  options(find("#check"), [["", "any"], ...of.checks.map((check, place) => [String(place), check.name])]);
  const slices = of.slices.flatMap((slice, path) => slice.values.map((value, place) => [`${path},${place}`, `${slice.path} = ${value}`]));
  options(find("#slice"), [["", "any"], ...slices]);
  find("#slice").parentElement.hidden = !slices.length;
  const left = find("#left");
  left.hidden = !of.leftOut;
  left.textContent = `The answers of ${plural(of.leftOut, "example")} are left out of this file to keep it small; their scores are here. `
    + "`evalgate show` has them all.";
  const counts = counted(of, null, null);
  filters.kind = ["worse", "failing", "errors", "better"].find((kind) => counts[kind]) ?? "all";
  refresh();
}

function refresh() {
  const of = data();
  const counts = counted(of, filters.check, filters.slice);
  find("#kinds").replaceChildren(...KINDS.map((kind) => make("button",
    { type: "button", "aria-pressed": String(kind === filters.kind), onclick: () => chooseKind(kind) },
    `${kind} ${counts[kind].toLocaleString("en")}`)));
  found = chosen(of, filters);
  drawn = 0;
  find("#list").replaceChildren();
  find("#found").textContent = filters.text ? `${plural(found.length, "example")} with “${filters.text}”` : plural(found.length, "example");
  more();
  choose(found.includes(current) ? current : found[0] ?? null);
}

function chooseKind(kind) {
  filters.kind = kind;
  refresh();
}

function more() {
  const of = data();
  const next = found.slice(drawn, drawn + PAGE);
  find("#list").append(...next.map((at) => entry(of, at)));
  drawn += next.length;
  find("#more").hidden = drawn >= found.length;
}

function entry(of, at) {
  const chip = (kind, mark) => (number) => make("span", { class: kind }, `${mark} ${of.checks[number].name}`);
  const counting = (numbers) => numbers.filter((number) => of.counts[number]);
  const chips = [...counting(of.worseIn[at]).map(chip("worse", "▼")), ...counting(of.betterIn[at]).map(chip("better", "▲"))];
  if (of.failed.has(at)) chips.push(make("span", {}, "error"));
  return make("li", {}, make("button", { type: "button", "data-at": at, onclick: () => choose(at, { show: true }) },
    make("span", { class: "id" }, of.ids[at]),
    make("span", { class: "hint" }, hint(of, at)), chips.length ? make("span", { class: "chips" }, chips) : null));
}

// What was asked: the longest of its inputs, or its beginning.
function hint(of, at) {
  const texts = (of.examples[at]?.input ?? []).map(([, text]) => text);
  return texts.reduce((longest, text) => (text.length > longest.length ? text : longest), "").slice(0, 120);
}

function choose(at, { show = false } = {}) {
  if (at !== current) view.sample = 0;
  current = at;
  for (const button of document.querySelectorAll("#list [aria-current]")) button.removeAttribute("aria-current");
  const button = at === null ? null : find(`#list [data-at="${at}"]`);
  button?.setAttribute("aria-current", "true");
  if (show) {
    button?.scrollIntoView({ block: "nearest" });
    reveal();
    if (at !== null) history.replaceState(null, "", `#${encodeURIComponent(data().name)}/${encodeURIComponent(data().ids[at])}`);
  }
  showDetail();
}

// Bring the examples on the screen where they are not, without moving what is there already.
function reveal() {
  const place = find("#detail").getBoundingClientRect();
  if (place.top < 0 || place.top > window.innerHeight * 0.7) {
    find(window.matchMedia("(max-width: 760px)").matches ? "#detail" : "#examples").scrollIntoView({ block: "start" });
  }
}

function showDetail() {
  const parts = current === null ? [make("p", { class: "empty quiet" }, "No example is left by these filters.")] : detail(data(), current);
  find("#detail").replaceChildren(...parts.filter((part) => part !== null));
}

function chooseSample(place) {
  view.sample = place;
  showDetail();
}

function step(by) {
  if (!found.length) return;
  const place = Math.min(Math.max(found.indexOf(current) + by, 0), found.length - 1);
  while (place >= drawn) more();
  choose(found[place], { show: true });
}

// Show one example whatever the filters are.
function open(suite, at) {
  if (suite !== filters.suite) chooseSuite(suite);
  if (!found.includes(at)) {
    Object.assign(filters, { check: null, slice: null, kind: "all", text: "" });
    find("#check").value = "";
    find("#slice").value = "";
    find("#search").value = "";
    refresh();
  }
  while (found.indexOf(at) >= drawn) more();
  choose(at, { show: true });
}

// Show the examples of one check, of one slice where there is a path.
function showOnly(suite, check, path, value) {
  chooseSuite(suite);
  const place = data().slices.findIndex((slice) => slice.path === path);
  const at = place < 0 ? -1 : data().slices[place].values.indexOf(value);
  filters.check = check;
  filters.slice = at < 0 ? null : [place, at];
  find("#check").value = String(check);
  find("#slice").value = at < 0 ? "" : `${place},${at}`;
  const counts = counted(data(), filters.check, filters.slice);
  if (!counts[filters.kind]) filters.kind = "all";
  refresh();
  find("#examples").scrollIntoView({ block: "start" });
}

// Open what the address names, `#suite/example`; return whether it names any.
function openNamed() {
  let parts;
  try {
    parts = location.hash.slice(1).split("/").map(decodeURIComponent);
  } catch {
    return false;
  }
  if (parts.length !== 2) return false;
  for (let number = 0; number < held.length; number += 1) {
    const of = suiteData(number);
    const at = of.name === parts[0] ? of.ids.indexOf(parts[1]) : -1;
    if (at >= 0) {
      open(number, at);
      return true;
    }
  }
  return false;
}
