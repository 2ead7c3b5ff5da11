// What two answers have in common: by words where they are short, by lines where they are not.

const MOST_CELLS = 3_000_000;
const ALIKE = 0.2; // two texts that share less are told apart at a glance, and marks would only be in the way

const words = (text) => text.match(/\s+|[\p{L}\p{N}_]+(?:\.\p{N}+)*|[^\s]/gu) ?? [];
const lines = (text) => text.match(/[^\n]*\n|[^\n]+/g) ?? [];

// Return the pieces of both texts as [kind, text]: "=" in both, "-" in the first, "+" in the second; null where they
// are too long to be compared, or too different for it to help.
function differences(before, after) {
  for (const split of [words, lines]) {
    const [a, b] = [split(before), split(after)];
    let start = 0;
    while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
    let end = 0;
    while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
    const [inA, inB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
    if (inA.length * inB.length > MOST_CELLS) continue;
    const pieces = [
      ...a.slice(0, start).map((text) => ["=", text]),
      ...between(inA, inB),
      ...a.slice(a.length - end).map((text) => ["=", text]),
    ];
    return alike(pieces) < ALIKE ? null : joined(pieces);
  }
  return null;
}

// The longest common subsequence, by the table of its lengths.
function between(a, b) {
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = a[i] === b[j]
        ? lengths[(i + 1) * width + j + 1] + 1
        : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
  }
  const pieces = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      pieces.push(["=", a[i]]);
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
      pieces.push(["-", a[i]]);
      i += 1;
    } else {
      pieces.push(["+", b[j]]);
      j += 1;
    }
  }
  return pieces;
}

function alike(pieces) {
  let [same, all] = [0, 0];
  for (const [kind, text] of pieces) {
    const size = text.trim().length * (kind === "=" ? 2 : 1);
    all += size;
    if (kind === "=") same += size;
  }
  return all ? same / all : 1;
}

// Join neighbours of one kind; a blank between two changes belongs to both.
function joined(pieces) {
  const found = [];
  let [gone, come] = ["", ""];
  const flush = () => {
    if (gone) found.push(["-", gone]);
    if (come) found.push(["+", come]);
    [gone, come] = ["", ""];
  };
  pieces.forEach(([kind, text], at) => {
    const next = pieces[at + 1]?.[0] ?? "=";
    const blank = kind === "=" && gone && come && next !== "=" && !text.trim() && !text.includes("\n");
    if (kind === "-" || blank) gone += text;
    if (kind === "+" || blank) come += text;
    if (kind === "=" && !blank) {
      flush();
      if (found.at(-1)?.[0] === "=") found.at(-1)[1] += text;
      else found.push(["=", text]);
    }
  });
  flush();
  return found;
}

// Return the nodes of one side: its own text, with what the other lacks marked.
function marked(pieces, own) {
  const tag = own === "-" ? "del" : "ins";
  return pieces
    .filter(([kind]) => kind === "=" || kind === own)
    .map(([kind, text]) => (kind === "=" ? document.createTextNode(text) : make(tag, {}, text)));
}
