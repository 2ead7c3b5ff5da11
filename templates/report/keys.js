// The keyboard, the theme, and the start.

const THEMES = ["", "light", "dark"];

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  find("#theme").textContent = { "": "Theme: auto", light: "Theme: light", dark: "Theme: dark" }[theme];
  try {
    localStorage.setItem("evalgate-theme", theme);
  } catch {
    // A page from a file may be denied it; the theme lasts as long as the page then.
  }
}

function keptTheme() {
  try {
    const kept = localStorage.getItem("evalgate-theme");
    return THEMES.includes(kept) ? kept : "";
  } catch {
    return "";
  }
}

const nextTheme = () => setTheme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? "") + 1) % THEMES.length]);

function leave() {
  const search = find("#search");
  if (find("#keys").open) find("#keys").close();
  else if (search.value) {
    search.value = "";
    filters.text = "";
    refresh();
  } else document.activeElement?.blur();
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  "/": () => { find("#examples").scrollIntoView({ block: "start" }); find("#search").focus({ preventScroll: true }); },
  w: () => chooseKind("worse"),
  b: () => chooseKind("better"),
  a: () => chooseKind("all"),
  "[": () => chooseSample(Math.max(0, view.sample - 1)),
  "]": () => chooseSample(Math.min(view.sample + 1, sampleCount() - 1)),
  d: () => { view.marks = !view.marks; showDetail(); },
  t: nextTheme,
  "?": () => find("#keys").showModal(),
};

function sampleCount() {
  const of = current === null ? null : data().examples[current];
  return Math.max(1, of?.candidate?.length ?? 0, of?.baseline?.length ?? 0);
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape") {
    leave();
    return;
  }
  const typing = event.target instanceof Element && event.target.closest("input, select, textarea");
  if (typing || find("#keys").open || !Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  KEYS[event.key]();
}

function watchFilters() {
  find("#suite").addEventListener("change", (event) => chooseSuite(Number(event.target.value)));
  find("#check").addEventListener("change", (event) => {
    filters.check = event.target.value === "" ? null : Number(event.target.value);
    refresh();
  });
  find("#slice").addEventListener("change", (event) => {
    filters.slice = event.target.value === "" ? null : event.target.value.split(",").map(Number);
    refresh();
  });
  let waiting = 0;
  find("#search").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { filters.text = event.target.value.trim(); refresh(); }, 120);
  });
  find(".filters").addEventListener("submit", (event) => event.preventDefault());
  find("#more").addEventListener("click", more);
}

// Make the name of a check or a slice lead to its examples.
function leadOn(head) {
  const suite = [...document.querySelectorAll(".suite")].indexOf(head.closest(".suite"));
  const { check, path, value } = head.dataset;
  const words = head.textContent;
  head.replaceChildren(make("button", {
    type: "button", class: "lead", title: "Show its examples", onclick: () => showOnly(suite, Number(check), path, value),
  }, words));
}

// The worst suite is where people look first.
function worstSuite() {
  const ranks = ["fail", "unmeasurable", "inconclusive", "pass", "none"];
  const kinds = [...document.querySelectorAll(".suite > h2 .badge")].map((badge) => ranks.findIndex((rank) => badge.classList.contains(rank)));
  return Math.max(0, kinds.indexOf(Math.min(...kinds)));
}

function start() {
  for (const each of document.querySelectorAll(".program")) each.hidden = false;
  for (const each of document.querySelectorAll(".read")) each.hidden = true;
  for (const code of document.querySelectorAll("code.command")) code.after(copier(code.textContent));
  for (const head of document.querySelectorAll("th[data-check]")) leadOn(head);
  for (const picture of document.querySelectorAll("svg.changes")) liven(picture);
  setTheme(keptTheme());
  find("#theme").addEventListener("click", nextTheme);
  find("#help").addEventListener("click", () => find("#keys").showModal());
  document.addEventListener("keydown", pressed);
  window.addEventListener("hashchange", openNamed);
  window.addEventListener("beforeprint", () => {
    for (const each of document.querySelectorAll("details")) each.open = true;
  });
  if (!held.length) {
    find("#examples").hidden = true;
    return;
  }
  watchFilters();
  chooseSuite(worstSuite());
  openNamed();
}

start();
