// The table, the details beside the picture, and the controls.
// The table.
const columns = [
  ["kind", "Kind", (one) => KINDS.indexOf(one.kind)],
  ["name", "Name", (one) => one.name.toLowerCase()],
  ["verdict", "Verdict", (one) => rank.get(one.verdict)],
  ["evidence", "Evidence", (one) => one.evidence],
  ["when", "When", (one) => (one.slots.length ? one.slots[0] * 1000 - one.slots.length : Infinity)],
  ["company", "Company", (one) => one.company.toLowerCase()],
  ["owner", "Owner", (one) => one.owner.toLowerCase()],
  ["reason", "Reason", (one) => one.reason],
];
const cell = (one, key) => (key === "verdict" ? word(one.verdict) : one[key]);
function heads() {
  const row = $("table").tHead.rows[0];
  for (const [key, name] of columns) {
    const head = make("th"), button = make("button", name);
    head.scope = "col";
    head.dataset.key = key;
    head.className = `c-${key}`;
    head.setAttribute("aria-sort", "none");
    button.type = "button";
    button.addEventListener("click", () => {
      state.down = state.sort === key && !state.down;
      state.sort = key;
      refresh();
    });
    head.append(button);
    row.append(head);
  }
}
function rowOf(one) {
  const row = make("tr"), name = make("th"), button = make("button", brief(one.name));
  row.dataset.id = one.id;
  row.dataset.kind = one.kind;
  row.dataset.verdict = one.verdict;
  row.classList.toggle("faint", state.slot >= 0 && !one.like.within.has(state.slot));
  row.classList.toggle("chosen", state.chosen === one.id);
  name.scope = "row";
  button.type = "button";
  button.addEventListener("click", () => choose(one.id, button));
  name.append(button);
  for (const [key, label] of columns) {
    if (key === "name") row.append(name);
    else if (key === "verdict") {
      const data = make("td");
      data.append(make("span", word(one.verdict), `verdict v-${one.verdict}`));
      row.append(data);
    } else {
      const data = prose("td", brief(cell(one, key), 400), `c-${key}`);
      if (["evidence", "company", "owner"].includes(key)) data.dataset.label = `${label}: `;
      row.append(data);
    }
  }
  return row;
}
function fill() {
  const body = $("table").tBodies[0];
  body.replaceChildren(...matched.slice(0, state.rows).map(rowOf));
  const rest = matched.length - state.rows;
  $("more").hidden = rest <= 0;
  $("more").firstElementChild.textContent = rest > 0 ? `${rest.toLocaleString("en")} more rows.` : "";
  for (const head of $("table").tHead.rows[0].cells)
    head.setAttribute("aria-sort", head.dataset.key !== state.sort ? "none" : state.down ? "descending" : "ascending");
}
// On paper those of which the same is to be said share a row.
function printed() {
  const alike = new Map();
  for (const one of matched.slice(0, PRINTED)) into(alike, [one.kind, one.verdict, one.when, one.reason].join("\n"), one);
  const rest = matched.length - PRINTED;
  $("table").tBodies[0].replaceChildren(...[...alike.values()].map((some) => {
    const row = rowOf(some[0]);
    if (some.length > 1) row.querySelector("th").replaceChildren(some.map((one) => one.name).join(", "));
    return row;
  }));
  $("more").hidden = rest <= 0;
  $("more").firstElementChild.textContent = rest > 0 ? `${rest.toLocaleString("en")} more rows are not printed.` : "";
}
function refresh() {
  matched = entries.filter((one) => one.row && passes(one) && (!state.search || found(one)));
  const by = columns.find(([key]) => key === state.sort);
  if (by) {
    const keyed = matched.map((one) => [by[2](one), one]);
    keyed.sort(([a, one], [b, other]) => (a < b ? -1 : a > b ? 1 : 0) * (state.down ? -1 : 1) || one.order - other.order);
    matched = keyed.map(([, one]) => one);
  }
  fill();
  view();
  tell();
}
function tell() {
  const all = entries.filter((one) => one.row).length;
  const parts = [`${matched.length.toLocaleString("en")} of ${all.toLocaleString("en")} rows`];
  if (state.slot >= 0) {
    const counts = KINDS.slice(1).map((kind) => [kind, matched.filter((one) => one.kind === kind && one.like.within.has(state.slot)).length]);
    const said = counts.filter(([, number]) => number).map(([kind, number]) => `${number} × ${kind}`).join(", ");
    parts.push(`exposed from ${report.slots[state.slot]}: ${said || "nothing shown here"}`);
    const undated = matched.filter((one) => !one.dated && !NOT_EXPOSED.has(one.verdict)).length;
    if (undated) parts.push(`${undated} exposed at a time not known`);
  }
  $("status").textContent = parts.join("; ");
}

// The side panel.
function list(kind, items) {
  const made = make(kind);
  made.append(...items);
  return made;
}
function named(one) {
  const item = make("li"), button = make("button", brief(one.name, 80));
  button.type = "button";
  button.addEventListener("click", () => choose(one.id, origin));
  item.append(button, ` ${word(one.verdict)}`);
  return item;
}
function links(panel, head, many) {
  if (!many.length) return;
  panel.append(make("h3", `${head} (${many.length.toLocaleString("en")})`), list("ul", many.slice(0, NAMED).map(named)));
  if (many.length > NAMED) panel.append(make("p", `and ${(many.length - NAMED).toLocaleString("en")} more; the table has all`, "hint"));
}
function source(id) {
  const known = report.sources[id], item = make("li");
  item.append(make("b", id), " ");
  if (!known) return item;
  if (/^https?:\/\//.test(known.url)) {
    const anchor = make("a", known.title);
    anchor.href = known.url;
    anchor.rel = "noreferrer noopener";
    anchor.target = "_blank";
    item.append(anchor);
  } else item.append(known.title);
  const rest = [known.publisher, known.date].filter(Boolean).join(", ");
  if (rest) item.append(" ", make("small", rest));
  return item;
}
function claim(one) {
  const item = make("li"), who = [one.claimant, one.date, one.certainty].filter(Boolean).join(", ");
  item.append(make("b", who), make("br"), one.text, " ", make("small", [`${one.polarity}, ${one.standing}`, ...one.sources].join(" · ")));
  if (one.mark) item.append(" ", make("span", one.mark, "mark"));
  return item;
}
function build(one) {
  const item = make("li");
  item.append(make("span", word(one.verdict), `verdict v-${one.verdict}`), prose("span", ` ${[one.when, one.incident].filter(Boolean).join(", ")}: ${one.reason}`));
  const digest = one.sha256 && `sha256 ${one.sha256}${one.sha256.length < 64 ? "…" : ""}`;
  if (one.document) item.append(make("br"), make("small", [one.document, digest, one.basis].filter(Boolean).join(", ")));
  if (one.proof) item.append(make("br"), make("small", one.proof));
  return item;
}
function path(steps) {
  return list("ol", steps.map(([node, why]) => {
    const item = make("li");
    item.append(make("b", brief(node, 400)), make("br"), make("small", why));
    return item;
  }));
}
function describe(id) {
  const panel = $("panel"), inside = (members.get(id) || []).filter((one) => one.row), one = byId.get(id);
  panel.replaceChildren();
  if (!one) {
    if (!inside.length) return;
    const cluster = whole.nodes.find((node) => node.id === id), passing = inside.filter(passes), shown = Math.min(passing.length, state.shown, MOST);
    panel.append(make("h2", cluster.label), make("p", word(inside[0].verdict)));
    if (passing.length < inside.length) panel.append(make("p", `${passing.length.toLocaleString("en")} of them pass the filters.`));
    if (state.opened === id) panel.append(make("p", `${shown.toLocaleString("en")} of them are drawn; the table has all.`, "hint"));
    else {
      const button = make("button", "Open in the picture");
      button.type = "button";
      button.addEventListener("click", () => press(id));
      panel.append(button);
    }
    return links(panel, "They are", passing);
  }
  const head = make("h2");
  head.append(make("div", one.name, "name"), make("span", word(one.verdict), `verdict v-${one.verdict}`), " ", make("small", one.kind));
  panel.append(head);
  if (one.reason) panel.append(prose("p", one.reason));
  const facts = make("dl"), more = [...one.facts];
  if (one.evidence) more.unshift(["evidence", one.evidence]);
  if (one.when) more.unshift(["when", one.when]);
  for (const [term, text] of more) facts.append(make("dt", term), make("dd", text));
  panel.append(facts);
  if (one.like.cut) panel.append(make("p", `Its paths and builds were left out, for the size of this file; "graphkit why" and the JSON report have them.`, "mark"));
  one.paths.forEach((each, number) => panel.append(make("h3", one.paths.length > 1 ? `Path ${number + 1}` : "Path"), path(each)));
  if (one.builds.length) panel.append(make("h3", `Builds (${one.builds.length})`), list("ul", one.builds.map(build)));
  if (one.claims.length) panel.append(make("h3", `Claims (${one.claims.length})`), list("ul", one.claims.map(claim)));
  const ids = [...new Set([...one.sources, ...one.claims.flatMap((each) => each.sources)])];
  if (ids.length) panel.append(make("h3", "Sources"), list("ul", ids.map(source)));
  links(panel, "Reached through it", reaches(id).filter((other) => other.row));
}
function choose(id, from) {
  const one = byId.get(id), turned = $("panel").hidden !== !id;
  state.chosen = id;
  if (buttons.has(id)) state.at = id;
  $("panel").hidden = !id;
  if (turned) resize();
  // A row that the opened cluster does not show is seen in the whole.
  if (one && state.opened && !current.stands.has(current.at(one))) close();
  describe(id);
  for (const row of $("table").tBodies[0].rows) row.classList.toggle("chosen", row.dataset.id === id);
  repaint();
  $("panel").scrollTop = 0;
  origin = from;
  if (from) $("panel").focus();
  if (one && from && drawn.has(current.at(one))) fit(shade.bright, 1);
}

// Downloads: what the table lists now, all rows of it.
function save(text, type, ending) {
  const anchor = make("a"), address = URL.createObjectURL(new Blob([text], { type }));
  anchor.href = address;
  anchor.download = `${report.file}.${ending}`;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
// A spreadsheet takes a cell that begins so for a formula.
const safe = (text) => `"${(/^[=+\-@\t\r＝＋－＠]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
function csv() {
  const rows = [columns.map(([, name]) => safe(name)), ...matched.map((one) => columns.map(([key]) => safe(one[key])))];
  return rows.map((row) => `${row.join(",")}\r\n`).join("");
}
const plain = (one) => Object.fromEntries(columns.map(([key]) => [key, key === "when" ? one.slots.map((slot) => report.slots[slot]) : one[key]]));

// The legend: shapes are kinds, colours and outlines are verdicts.
function legend() {
  const box = $("legend"), shapes = {
    release: "M8 0l2 5.4 5.8.2-4.6 3.5 1.7 5.6L8 11.4l-4.9 3.3 1.7-5.6L.2 5.6 6 5.4z", package: "M8 2a6 6 0 1 0 .01 0z",
    service: "M2 2h12v12H2z", company: "M8 1l7 13H1z", several: "M4 1.5h8l4 6.5-4 6.5H4L0 8z",
  };
  const add = (shape, text, kind) => {
    const item = make("span", undefined, kind), space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg"), line = document.createElementNS(space, "path");
    svg.setAttribute("viewBox", "-1 -1 18 18");
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", shapes[shape]);
    svg.append(line);
    item.append(svg, text);
    box.append(item);
    return line;
  };
  for (const kind of KINDS) if (entries.some((one) => one.kind === kind)) add(kind, kind, "");
  if (report.network.nodes.some((node) => node.id.startsWith("+"))) add("several", "several as one", "");
  const said = new Set();
  for (const verdict of report.verdicts) {
    if (said.has(word(verdict)) || !entries.some((one) => one.verdict === verdict)) continue;
    said.add(word(verdict));
    const line = add("package", word(verdict), `v-${verdict}`);
    if (HOLLOW.has(verdict)) line.setAttribute("class", DASHED.has(verdict) ? "hollow dashed" : "hollow");
  }
}

// The top: a tile shows one group alone, a name opens the details, a command is copied.
function press_tile() {
  for (const tile of document.querySelectorAll(".tile")) tile.setAttribute("aria-pressed", `${tile.dataset.group === state.group}`);
  for (const card of document.querySelectorAll(".card")) card.hidden = Boolean(state.group) && card.dataset.group !== state.group;
}
function top(changed) {
  for (const tile of document.querySelectorAll(".tile"))
    tile.addEventListener("click", () => {
      state.group = state.group === tile.dataset.group ? "" : tile.dataset.group;
      press_tile();
      changed();
    });
  for (const button of document.querySelectorAll(".card .name, .party .name"))
    button.addEventListener("click", () => {
      choose(button.dataset.id, button);
      $("picture").scrollIntoView({ block: "nearest" });
    });
  for (const button of document.querySelectorAll(".copy"))
    button.addEventListener("click", () => {
      const range = document.createRange();
      range.selectNodeContents(button.previousElementSibling);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      const done = () => (button.textContent = "Copied");
      if (navigator.clipboard) navigator.clipboard.writeText(button.previousElementSibling.textContent).then(done, () => {});
    });
}

// The controls.
function controls() {
  for (const verdict of report.verdicts) {
    if (!entries.some((one) => one.verdict === verdict)) continue;
    const option = make("option", word(verdict));
    option.value = verdict;
    $("verdict").append(option);
  }
  $("tier").value = state.tier;
  $("slot").max = report.slots.length - 1;
  $("time").hidden = !report.slots.length;
  const moment = () => {
    const text = state.slot < 0 ? "the whole window" : report.slots[state.slot];
    $("moment").textContent = text;
    $("slot").setAttribute("aria-valuetext", text);
  };
  const changed = () => {
    state.rows = CHUNK;
    refresh();
    if (state.opened) open(state.opened);
  };
  top(changed);
  // A crowd is searched when the typing pauses.
  const later = (act) => {
    let waiting = 0;
    return () => {
      clearTimeout(waiting);
      if (entries.length < 5000) return act();
      waiting = setTimeout(act, 150);
    };
  };
  $("search").addEventListener("input", later(() => {
    state.search = $("search").value.trim().toLowerCase();
    changed();
  }));
  for (const name of ["tier", "kind", "verdict"])
    $(name).addEventListener("change", (event) => {
      state[name] = event.target.value;
      changed();
    });
  for (const name of ["company", "owner"]) {
    const known = [...new Set(entries.map((one) => one[name]).filter(Boolean))];
    $(name).parentElement.hidden = !known.length;
    for (const text of known.slice(0, OFFERED)) $(`${name}-list`).append(Object.assign(make("option"), { value: text }));
    $(name).addEventListener("input", later(() => {
      state[name] = $(name).value.trim().toLowerCase();
      changed();
    }));
  }
  $("slot").addEventListener("input", (event) => {
    state.slot = Number(event.target.value);
    if (state.chosen) choose("", null);
    moment();
    changed();
  });
  $("tools").addEventListener("submit", (event) => event.preventDefault());
  $("search").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && matched.length) choose(matched[0].id, $("search"));
  });
  $("tools").addEventListener("reset", () => setTimeout(() => {
    Object.assign(state, { search: "", tier: report.weakest, kind: "", verdict: "", group: "", company: "", owner: "", slot: -1, chosen: "", sort: "", down: false });
    close();
    press_tile();
    $("tier").value = state.tier;
    $("slot").value = -1;
    moment();
    choose("", null);
    changed();
  }));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !(state.chosen || state.opened)) return;
    const back = origin;
    if (!state.chosen || state.chosen === state.opened) close();
    choose("", null);
    if (back && back.isConnected) back.focus();
  });
  $("show-more").addEventListener("click", () => {
    state.rows += 5 * CHUNK;
    fill();
  });
  $("as-csv").addEventListener("click", () => save(csv(), "text/csv;charset=utf-8", "csv"));
  $("as-json").addEventListener("click", () => save(`${JSON.stringify(matched.map(plain), null, 2)}\n`, "application/json", "json"));
  $("fit").addEventListener("click", () => fit());
  $("back").addEventListener("click", () => {
    close();
    choose("", null);
  });
  const zoom = (factor) => network.moveTo({ scale: network.getScale() * factor });
  $("closer").addEventListener("click", () => zoom(1.3));
  $("farther").addEventListener("click", () => zoom(1 / 1.3));
  moment();
}

heads();
// Paper has no use for the rows of what stands in the page's other lists.
$("table").classList.toggle("named", document.querySelectorAll(".releases b").length === entries.filter((one) => one.kind === "release").length);
$("table").classList.toggle("listed", document.querySelectorAll(".party").length === entries.filter((one) => one.kind === "company" && one.verdict !== "none").length);
$("table").classList.toggle("carded", document.querySelectorAll(".card").length === entries.filter((one) => one.kind === "service").length);
controls();
keys();
legend();
draw();
refresh();
resize();
for (const query of ["(prefers-color-scheme: dark)", "print"])
  matchMedia(query).addEventListener("change", () => {
    repaint();
    network.redraw();
  });
const onPaper = (is) => {
  paper = is;
  repaint();
  resize();
};
const folded = [...document.querySelectorAll("footer details:not([open])")];
addEventListener("beforeprint", () => {
  for (const one of folded) one.open = true;
  printed();
  onPaper(true);
});
addEventListener("afterprint", () => {
  for (const one of folded) one.open = false;
  fill();
  onPaper(false);
});
