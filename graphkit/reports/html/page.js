"use strict";
// The page's own script. Whatever comes from the report is put in place as text (textContent), never as markup.
(() => {
  const report = JSON.parse(document.getElementById("report").textContent);
  const $ = (id) => document.getElementById(id);
  const make = (tag, text, kind) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };
  const LONG = 160, CHUNK = 300, NAMED = 25;
  const entries = report.entries;
  const byId = new Map(entries.map((one, order) => [one.id, Object.assign(one, { order })]));
  const rank = new Map(report.verdicts.map((word, place) => [word, place]));
  const KINDS = ["release", "package", "service", "company"];
  const HOLLOW = new Set(["admitted", "nominated", "older", "unknown", "cleared", "none"]);
  const DASHED = new Set(["admitted", "nominated", "older", "unknown"]);
  const NOT_EXPOSED = new Set(["unknown", "cleared", "none", "nominated", "older"]);
  const WORDS = { older: "older releases only", none: "not tied" };
  const members = new Map();
  for (const one of entries) {
    if (!members.has(one.node)) members.set(one.node, []);
    members.get(one.node).push(one);
    one.text = [one.name, one.verdict, one.evidence, one.belongs, one.reason, ...one.facts.map((fact) => fact[1])]
      .join("\n").toLowerCase();
    one.litSet = new Set(one.lit);
  }
  const word = (verdict) => WORDS[verdict] || verdict;
  const brief = (text, most = LONG) =>
    text.length <= most ? text : `${text.slice(0, most)}… (${text.length.toLocaleString("en")} characters)`;
  const state = { search: "", tier: report.weakest, kind: "", verdict: "", slot: -1, chosen: "", sort: "", down: false, rows: CHUNK };
  let matched = [], drawn = new Set(), origin = null;

  // What passes the filters. Services and companies pass every tier: only packages are cut by it.
  const passes = (one) =>
    (one.kind !== "package" || state.tier === "admitted" || rank.get(one.verdict) <= rank.get(state.tier)) &&
    (!state.kind || one.kind === state.kind) && (!state.verdict || one.verdict === state.verdict);
  const found = (one) => state.search.split(/\s+/).every((part) => one.text.includes(part));
  const reaches = (id) => entries.filter((one) => one.id !== id && one.litSet.has(id));

  function colours() {
    const style = getComputedStyle(document.documentElement);
    return (name) => style.getPropertyValue(`--${name}`).trim();
  }

  // The picture.
  let network = null, nodes = null, edges = null;
  function draw() {
    const paint = colours();
    nodes = new vis.DataSet(report.network.nodes.map((node) => ({ ...node, title: title(node) })));
    edges = new vis.DataSet(report.network.edges);
    const many = report.network.edges.length > 600;
    network = new vis.Network($("picture"), { nodes, edges }, {
      autoResize: true,
      physics: false,
      layout: { randomSeed: 1, improvedLayout: false },
      interaction: { hover: true, tooltipDelay: 150, selectConnectedEdges: false, hideEdgesOnDrag: many, hideEdgesOnZoom: many },
      nodes: { font: { size: 16, face: "system-ui, sans-serif", color: paint("ink") }, scaling: { label: { enabled: false, drawThreshold: 4 } } },
      edges: { arrows: { to: { scaleFactor: 0.5 } }, width: 1.2,
        smooth: many ? false : { enabled: true, type: "cubicBezier", forceDirection: "horizontal", roundness: 0.45 } },
    });
    network.on("click", (event) => choose(event.nodes.length ? event.nodes[0] : "", null));
    network.fit({ animation: false, maxZoomLevel: 1.3 });
  }
  function title(node) {
    const inside = members.get(node.id) || [];
    if (node.count > 1 || node.id.startsWith("+")) return `${node.count.toLocaleString("en")} × ${node.kind}, ${word(node.group)}`;
    return `${brief(inside[0].name)}\n${node.kind}, ${word(node.group)}`;
  }
  // The entries whose paths are lit: the chosen ones, and for a release whatever it reaches.
  const chosen = () => (members.get(state.chosen) || []).flatMap((one) => (one.kind === "release" ? [one, ...reaches(one.id)] : [one]));
  const link = (start, end) => `${start} ${end}`;
  function trail() {
    if (!state.chosen) return null;
    return new Set(chosen().flatMap((one) => one.trail.map(([start, end]) => link(byId.get(start).node, byId.get(end).node))));
  }
  function lit() {
    if (state.chosen) return new Set(chosen().flatMap((one) => [one.id, ...one.lit]).map((id) => byId.get(id).node));
    if (state.slot < 0 && !state.search) return null;
    const bright = entries.filter((one) => (state.slot < 0 || one.slots.includes(state.slot)) && (!state.search || found(one)));
    return new Set(bright.map((one) => one.node));
  }
  function repaint() {
    if (!network) return;
    const paint = colours(), bright = lit(), way = trail(), ink = paint("ink"), ground = paint("sheet");
    nodes.update(report.network.nodes.map((node) => {
      const own = paint(node.group), full = !bright || bright.has(node.id), hollow = HOLLOW.has(node.group);
      const colour = { background: hollow ? ground : own, border: own };
      return {
        id: node.id, hidden: !drawn.has(node.id), opacity: full ? 1 : 0.18, borderWidth: hollow ? 2 : 1, borderWidthSelected: 4,
        color: { ...colour, highlight: { ...colour, border: paint("lit") }, hover: colour },
        font: { color: full ? ink : `${ink}38` },
        shapeProperties: { borderDashes: DASHED.has(node.group) ? [4, 3] : false },
      };
    }));
    edges.update(report.network.edges.map((edge) => {
      const full = !bright || (way ? way.has(link(edge.from, edge.to)) : bright.has(edge.from) && bright.has(edge.to));
      const colour = bright && full ? paint("lit") : paint("edge");
      return { id: edge.id, hidden: !drawn.has(edge.from) || !drawn.has(edge.to), width: bright && full ? 2.2 : 1.2,
        color: { color: colour, hover: colour, highlight: colour, opacity: full ? (bright ? 0.9 : 0.6) : 0.1 } };
    }));
    if (nodes.get(state.chosen)) network.selectNodes([state.chosen], false);
    else network.unselectAll();
  }

  // The table.
  const columns = [
    ["kind", "Kind", (one) => KINDS.indexOf(one.kind)],
    ["name", "Name", (one) => one.name.toLowerCase()],
    ["verdict", "Verdict", (one) => rank.get(one.verdict)],
    ["evidence", "Evidence", (one) => one.evidence],
    ["when", "Slots", (one) => (one.slots.length ? one.slots[0] * 1000 - one.slots.length : Infinity)],
    ["belongs", "Company, owner", (one) => one.belongs.toLowerCase()],
    ["reason", "Reason", (one) => one.reason],
  ];
  const when = (one) => one.when || (one.dated ? "" : "time not known");
  const cell = (one, key) => (key === "when" ? when(one) : key === "verdict" ? word(one.verdict) : one[key]);
  function heads() {
    const row = $("table").tHead.rows[0];
    for (const [key, name] of columns) {
      const head = make("th"), button = make("button", name);
      head.scope = "col";
      head.dataset.key = key;
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
    row.classList.toggle("faint", state.slot >= 0 && !one.slots.includes(state.slot));
    row.classList.toggle("chosen", state.chosen === one.id);
    name.scope = "row";
    button.type = "button";
    button.addEventListener("click", () => choose(one.id, button));
    name.append(button);
    for (const [key] of columns) {
      if (key === "name") row.append(name);
      else if (key === "verdict") {
        const data = make("td");
        data.append(make("span", word(one.verdict), `verdict v-${one.verdict}`));
        row.append(data);
      } else row.append(make("td", brief(cell(one, key), 400), `c-${key}`));
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
  function refresh() {
    const passing = entries.filter(passes);
    matched = passing.filter((one) => one.row && (!state.search || found(one)));
    const by = columns.find(([key]) => key === state.sort);
    if (by) {
      const keyed = matched.map((one) => [by[2](one), one]);
      keyed.sort(([a, one], [b, other]) => (a < b ? -1 : a > b ? 1 : 0) * (state.down ? -1 : 1) || one.order - other.order);
      matched = keyed.map(([, one]) => one);
    }
    // What is on the path of something shown is drawn as well.
    const ids = new Set();
    for (const one of passing) if (one.row) [one.id, ...one.lit].forEach((id) => ids.add(id));
    drawn = new Set([...ids].map((id) => byId.get(id)).filter(Boolean).map((one) => one.node));
    fill();
    repaint();
    tell();
  }
  function tell() {
    const all = entries.filter((one) => one.row).length;
    const parts = [`${matched.length.toLocaleString("en")} of ${all.toLocaleString("en")} rows`];
    if (state.slot >= 0) {
      const counts = KINDS.slice(1).map((kind) => [kind, matched.filter((one) => one.kind === kind && one.slots.includes(state.slot)).length]);
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
    item.append(make("span", one.verdict, `verdict v-${one.verdict}`), ` ${one.when}: ${one.reason}`);
    if (one.document) item.append(make("br"), make("small", [one.document, one.basis].filter(Boolean).join(", ")));
    return item;
  }
  function path(one) {
    return list("ol", one.steps.map(([node, why]) => {
      const item = make("li");
      item.append(make("b", brief(node, 400)), make("br"), make("small", why));
      return item;
    }));
  }
  function describe(id) {
    const panel = $("panel"), inside = members.get(id) || [], one = byId.get(id);
    panel.replaceChildren();
    if (!one) {
      if (!inside.length) return void panel.append(make("p", "Choose a node in the picture or a name in the table.", "hint"));
      panel.append(make("h2", `${inside.length.toLocaleString("en")} drawn as one node`), make("p", `${inside[0].kind}, ${word(inside[0].verdict)}`));
      return links(panel, "Some of them", inside);
    }
    const head = make("h2");
    head.append(make("div", one.name, "name"), make("span", word(one.verdict), `verdict v-${one.verdict}`), " ", make("small", one.kind));
    panel.append(head);
    if (one.reason) panel.append(make("p", one.reason));
    const facts = make("dl"), more = [...one.facts];
    if (one.evidence) more.unshift(["evidence", one.evidence]);
    if (one.slots.length) more.unshift(["when", one.slots.length > 6 ? `slots ${one.when}` : one.slots.map((slot) => report.slots[slot]).join("; ")]);
    else if (!one.dated) more.unshift(["when", "not known"]);
    for (const [term, text] of more) facts.append(make("dt", term), make("dd", text));
    panel.append(facts);
    one.paths.forEach((each, number) => panel.append(make("h3", one.paths.length > 1 ? `Path ${number + 1}` : "Path"), path(each)));
    if (one.builds.length) panel.append(make("h3", `Builds (${one.builds.length})`), list("ul", one.builds.map(build)));
    if (one.claims.length) panel.append(make("h3", `Claims (${one.claims.length})`), list("ul", one.claims.map(claim)));
    const ids = [...new Set([...one.sources, ...one.claims.flatMap((each) => each.sources)])];
    if (ids.length) panel.append(make("h3", "Sources"), list("ul", ids.map(source)));
    links(panel, "Reached through it", reaches(id).filter((other) => other.row));
  }
  function choose(id, from) {
    state.chosen = id && !members.has(id) && byId.has(id) && byId.get(id).node !== id ? byId.get(id).node : id;
    describe(id);
    for (const row of $("table").tBodies[0].rows) row.classList.toggle("chosen", row.dataset.id === id);
    repaint();
    $("panel").scrollTop = 0;
    origin = from;
    if (from) $("panel").focus();
    const bright = from && drawn.has(state.chosen) ? [...lit()].filter((node) => drawn.has(node)) : [];
    if (bright.length) network.fit({ nodes: bright, animation: false, maxZoomLevel: 1.1 });
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
    const rows = [columns.map(([, name]) => safe(name)), ...matched.map((one) => columns.map(([key]) => safe(cell(one, key))))];
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
    for (const verdict of report.verdicts) {
      if (!entries.some((one) => one.verdict === verdict)) continue;
      const line = add("package", word(verdict), `v-${verdict}`);
      if (HOLLOW.has(verdict)) line.setAttribute("class", DASHED.has(verdict) ? "hollow dashed" : "hollow");
    }
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
      const text = state.slot < 0 ? "the whole window" : `${state.slot}: ${report.slots[state.slot]}`;
      $("moment").textContent = text;
      $("slot").setAttribute("aria-valuetext", text);
    };
    const changed = () => {
      state.rows = CHUNK;
      refresh();
    };
    $("search").addEventListener("input", (event) => {
      state.search = event.target.value.trim().toLowerCase();
      changed();
    });
    for (const name of ["tier", "kind", "verdict"])
      $(name).addEventListener("change", (event) => {
        state[name] = event.target.value;
        changed();
      });
    $("slot").addEventListener("input", (event) => {
      state.slot = Number(event.target.value);
      state.chosen = "";
      moment();
      changed();
    });
    $("tools").addEventListener("submit", (event) => {
      event.preventDefault();
      if (matched.length) choose(matched[0].id, $("search"));
    });
    $("tools").addEventListener("reset", () => setTimeout(() => {
      Object.assign(state, { search: "", tier: report.weakest, kind: "", verdict: "", slot: -1, chosen: "", sort: "", down: false });
      $("tier").value = state.tier;
      $("slot").value = -1;
      moment();
      describe("");
      changed();
    }));
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !state.chosen) return;
      const back = origin;
      choose("", null);
      if (back && back.isConnected) back.focus();
    });
    $("show-more").addEventListener("click", () => {
      state.rows += 5 * CHUNK;
      fill();
    });
    $("as-csv").addEventListener("click", () => save(csv(), "text/csv;charset=utf-8", "csv"));
    $("as-json").addEventListener("click", () => save(`${JSON.stringify(matched.map(plain), null, 2)}\n`, "application/json", "json"));
    $("fit").addEventListener("click", () => network.fit({ animation: false, maxZoomLevel: 1.3 }));
    const zoom = (factor) => network.moveTo({ scale: network.getScale() * factor });
    $("closer").addEventListener("click", () => zoom(1.3));
    $("farther").addEventListener("click", () => zoom(1 / 1.3));
    moment();
  }

  heads();
  controls();
  legend();
  draw();
  refresh();
  for (const query of ["(prefers-color-scheme: dark)", "print"])
    matchMedia(query).addEventListener("change", () => {
      repaint();
      network.redraw();
    });
  addEventListener("beforeprint", () => {
    state.rows = Infinity;
    fill();
  });
})();
