// Pictures of changes answer a pointer and the arrow keys: which example is it, and open it.

function liven(picture) {
  const [suite, check] = [Number(picture.dataset.suite), Number(picture.dataset.check)];
  const zones = picture.dataset.zones.split(" ").map((zone) => zone.split(",").map(Number));
  const total = zones.reduce((sum, zone) => sum + zone[2], 0);
  const line = picture.querySelector(".cursor");
  const readout = make("p", { class: "readout quiet", "aria-live": "polite" }, "Point at a bar, or use ← and →.");
  picture.after(readout);
  picture.classList.add("live");
  picture.querySelector("title")?.remove();
  let order = null;
  let at = -1;

  function sorted() {
    const deltas = suiteData(suite).checks[check].delta;
    order ??= deltas.map((_, place) => place).filter((place) => deltas[place] !== null).sort((a, b) => deltas[a] - deltas[b] || a - b);
    return order;
  }

  function moveTo(place) {
    at = Math.min(Math.max(place, 0), total - 1);
    const example = sorted()[at];
    let before = 0;
    for (const [start, end, number] of zones) {
      if (at < before + number) {
        const x = start + ((at - before + 0.5) / number) * (end - start);
        line.setAttribute("x1", x);
        line.setAttribute("x2", x);
        break;
      }
      before += number;
    }
    line.setAttribute("visibility", "visible");
    const of = suiteData(suite);
    const told = `${of.ids[example]}: ${wentText(of, example, check)}`;
    readout.replaceChildren(make("code", {}, of.ids[example]), ` ${wentText(of, example, check)}`);
    picture.setAttribute("aria-valuenow", String(at + 1));
    picture.setAttribute("aria-valuetext", told);
  }

  function pointed(event) {
    const box = picture.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * picture.viewBox.baseVal.width;
    let before = 0;
    for (const [start, end, number] of zones) {
      if (number && x <= end) return before + Math.min(number - 1, Math.max(0, Math.floor(((x - start) / (end - start)) * number)));
      before += number;
    }
    return total - 1;
  }

  const attributes = { tabindex: "0", role: "slider", "aria-valuemin": "1", "aria-valuemax": String(total), "aria-valuenow": "1" };
  for (const [name, value] of Object.entries(attributes)) picture.setAttribute(name, value);
  picture.addEventListener("pointermove", (event) => moveTo(pointed(event)));
  picture.addEventListener("click", (event) => {
    moveTo(pointed(event));
    open(suite, sorted()[at]);
  });
  picture.addEventListener("keydown", (event) => {
    const jump = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 10, PageDown: -10, Home: -total, End: total }[event.key];
    if (jump) moveTo(at + jump);
    else if (event.key === "Enter" && at >= 0) open(suite, sorted()[at]);
    else return;
    event.preventDefault();
  });
}
