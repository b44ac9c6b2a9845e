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
  const LONG = 160, CHUNK = 300, NAMED = 25, OPENED = 80, MOST = 1900, PRINTED = 2000, OFFERED = 500;
  const KINDS = report.kinds, MARKS = 31, OWN = 3;
  const HOLLOW = new Set(["admitted", "nominated", "older", "unknown", "cleared", "none"]);
  const DASHED = new Set(["admitted", "nominated", "older", "unknown"]);
  const NOT_EXPOSED = new Set(["unknown", "cleared", "none", "nominated", "older"]);

  // The rows, as packing.py wrote them: a pattern that many share, and an entry's own words, column by column.
  function column(form) {
    if (form.each) return form.each;
    if (form.at) return form.at.map((number) => form.values[number]);
    let before = "";
    if (form.front) return form.front.map((text) => (before = before.slice(0, parseInt(text[0], 36)) + text.slice(1)));
    const texts = [];
    for (let n = 0; n < form.runs.length; n += 2) for (let left = form.runs[n + 1]; left > 0; left -= 1) texts.push(form.values[form.runs[n]]);
    return texts;
  }
  const words = report.words.map(column), patternOf = column(report.pattern), nodeOf = column(report.node);
  const MARK = /[\x01-\x1f]/g;
  // The stretches of time of some slots; those that follow on one another are one.
  function stretches(slots) {
    const found = [];
    for (const slot of slots) {
      const [start, until] = report.bounds[slot], last = found[found.length - 1];
      if (last && last[1] === start) last[1] = until;
      else found.push([start, until]);
    }
    return found.map(([start, until]) => (start.slice(0, 10) === until.slice(0, 10) ? `${start.replace(" UTC", "")} to ${until.slice(11)}` : `${start} to ${until}`)).join("; ");
  }
  for (const one of report.patterns) {
    one.slots ||= [];
    one.within = new Set(one.slots);
    one.when = stretches(one.slots) || (one.undated ? "time not known" : "");
  }
  class Entry {
    constructor(order, id) {
      Object.assign(this, { order, id, node: nodeOf[order] || id, like: report.patterns[patternOf[order]] });
      this.kind = KINDS[this.like.kind || 0];
      this.verdict = this.like.verdict;
      this.slots = this.like.slots;
      this.when = this.like.when;
      this.dated = !this.like.undated;
      this.row = !this.like.hidden;
      this.name = this.own(0);
      this.company = this.own(1);
      this.owner = this.own(2);
    }
    own(number) {
      const text = words[number] ? words[number][this.order] : "";
      return text < " " || /[\x01-\x1f]/.test(text) ? this.say(text) : text;
    }
    say(text) {
      return text ? text.replace(MARK, (mark) => this.own(mark.charCodeAt(0) - 1)) : "";
    }
    id_(other) {
      return other === 0 ? this.id : other;
    }
    get evidence() {
      const text = this.say(this.like.evidence);
      return report.bases[text] || text;
    }
    get reason() { return this.say(this.like.reason); }
    get facts() {
      const terms = this.like.facts || [], further = this.like.further || [];
      return terms.map((term, n) => [term, OWN + n < MARKS ? this.own(OWN + n) : this.say(further[OWN + n - MARKS])]);
    }
    get paths() { return (this.like.paths || []).map((steps) => steps.map((step) => step.map((text) => this.say(text)))); }
    get builds() {
      return (this.like.builds || []).map((build) => Object.fromEntries(Object.entries(build).map(([key, text]) => [key, this.say(text)])));
    }
    get claims() { return this.like.claims || []; }
    get sources() { return this.like.sources || []; }
    get text() {
      return (this.known ||= [this.name, this.verdict, this.evidence, this.company, this.owner, this.reason, ...this.facts.map((fact) => fact[1])]
        .join("\n").toLowerCase());
    }
    // The entries and links that lead to it, its own and those of what it hangs on.
    ways() {
      if (this.led) return this.led;
      const lit = new Set(), trail = new Map(), passed = new Set([this]), waiting = [this];
      while (waiting.length) {
        const one = waiting.pop();
        for (const id of [one.id, ...(one.like.lit || []).map((other) => one.id_(other))]) lit.add(id);
        for (const pair of one.like.trail || []) {
          const [start, end] = pair.map((other) => one.id_(other));
          trail.set(link(start, end), [start, end]);
        }
        for (const other of one.through()) {
          if (one.kind === "company" && other.kind === "service") trail.set(link(other.id, one.id), [other.id, one.id]);
          if (!passed.has(other)) waiting.push(other);
          passed.add(other);
        }
      }
      return (this.led = { lit, trail });
    }
    through() {
      const others = (this.like.through || []).map((id) => byId.get(id));
      const own = this.kind === "company" ? (operated.get(this.company) || []).filter((one) => !NOT_EXPOSED.has(one.verdict)) : [];
      return [...others, ...own];
    }
  }
  const link = (start, end) => `${start} ${end}`;
  const entries = [];
  for (const [letter, count] of report.ids) for (let n = 0; n < count; n += 1) entries.push(new Entry(entries.length, `${letter}${n}`));
  const byId = new Map(entries.map((one) => [one.id, one]));
  const rank = new Map(report.verdicts.map((verdict, place) => [verdict, place]));
  const members = new Map(), operated = new Map();
  const into = (map, key, one) => (map.has(key) ? map.get(key).push(one) : map.set(key, [one]));
  for (const one of entries) {
    into(members, one.node, one);
    if (one.kind === "service" && one.company) into(operated, one.company, one);
  }
  const word = (verdict) => report.called[verdict];
  // What stands between backticks is code.
  function prose(tag, text, kind) {
    const made = make(tag, undefined, kind);
    made.append(...text.split(/`([^`]+)`/).map((part, n) => (n % 2 ? make("code", part) : part)));
    return made;
  }
  const brief = (text, most = LONG) =>
    text.length <= most ? text : `${text.slice(0, most)}… (${text.length.toLocaleString("en")} characters)`;
  const state = { search: "", tier: report.weakest, kind: "", verdict: "", group: "", company: "", owner: "", slot: -1, chosen: "", sort: "", down: false, at: "",
    rows: CHUNK, opened: "", shown: OPENED };
  let matched = [], drawn = new Set(), origin = null;

  // What passes the filters. Services and companies pass every tier: only packages are cut by it.
  const belongs = (text, part) => !part || text.toLowerCase().includes(part);
  const passes = (one) =>
    (one.kind !== "package" || state.tier === "admitted" || rank.get(one.verdict) <= rank.get(state.tier)) &&
    (!state.kind || one.kind === state.kind) && (!state.verdict || one.verdict === state.verdict) &&
    (!state.group || (one.kind === "service" && word(one.verdict) === state.group)) &&
    belongs(one.kind === "company" ? `${one.company}\n${one.name}` : one.company, state.company) && belongs(one.owner, state.owner);
  const found = (one) => state.search.split(/\s+/).every((part) => one.text.includes(part));
  const reaches = (id) => entries.filter((one) => one.id !== id && one.ways().lit.has(id));

  function colours() {
    const style = getComputedStyle(document.documentElement);
    return (name) => style.getPropertyValue(`--${name}`).trim();
  }

  // The picture: the whole, or one opened node with what leads to it. `at` names the node that stands for an entry.
  let network = null, nodes = null, current = null;
  const whole = { ...report.network, at: (one) => one.node };
  whole.stands = new Set(whole.nodes.map((node) => node.id));
  const READABLE = 0.6, TOUCHED = 0.75, CLOSEST = 1.15, WIDEST = 2600, TALLEST = 760, LOWEST = 190, PAPER = 690, EDGE = 30, SIDE = 36;
  const touched = matchMedia("(pointer: coarse)").matches;
  let paper = false;
  function draw() {
    nodes = new vis.DataSet();
    network = new vis.Network($("picture"), { nodes, edges: new vis.DataSet() }, {
      autoResize: false,
      physics: false,
      layout: { randomSeed: 1, improvedLayout: false },
      interaction: { hover: true, tooltipDelay: 150, selectConnectedEdges: false, zoomView: false, dragNodes: false, dragView: !touched },
    });
    $("picture").firstElementChild.removeAttribute("tabindex"); // keys have the buttons beside it
    network.on("beforeDrawing", drawLines);
    network.on("afterDrawing", (ctx) => {
      names(ctx);
      place(buttons.get(state.at));
    });
    network.on("click", (event) => press(event.nodes.length ? event.nodes[0] : ""));
    new ResizeObserver(() => $("frame").clientWidth !== frameWidth && resize()).observe($("frame"));
    show(whole);
  }
  function show(picture) {
    current = picture;
    current.lines ||= routes(picture.nodes, picture.edges);
    nodes.clear();
    // Without a label: vis would write it below the node.
    nodes.add(picture.nodes.map(({ label, ...node }) => ({ ...node, words: label, title: title({ label, ...node }) })));
    $("back").hidden = picture === whole;
    view();
    resize();
  }
  // The way of each link: level wherever a node could be, as `graphkit/reports/routes.py` has it, which says why.
  const [ROOM, BEND, CLEAR, LANE, LANES] = report.network.measures;
  function routes(placed, links) {
    const places = new Map(placed.map((node) => [node.id, node])), columns = new Map(), lanes = new Map();
    for (const node of placed) into(columns, node.x, node.y);
    const xs = [...columns.keys()].sort((a, b) => a - b);
    const isFree = (y, passed) => passed.every((x) => columns.get(x).every((other) => Math.abs(other - y) >= CLEAR));
    const bend = (y, x, toY) => {
      const end = x - ROOM, middle = end - BEND / 2;
      return y === toY ? "" : `H${end - BEND}C${middle} ${y} ${middle} ${toY} ${end} ${toY}`;
    };
    const over = (start, passed) => {
      if (!lanes.has(start)) lanes.set(start, lanes.size);
      return Math.min(...passed.map((x) => Math.min(...columns.get(x)))) - CLEAR - LANE * (lanes.get(start) % LANES);
    };
    return links.map(({ id, from, to }) => {
      const { x, y } = places.get(from), { x: toX, y: toY } = places.get(to);
      const passed = xs.filter((other) => (toX <= x ? toX <= other && other <= x : x < other && other < toX));
      let lane = y, way = bend(y, toX, toY);
      if (toX <= x) {
        lane = over(from, passed);
        way = `H${x + ROOM}V${lane}H${toX - ROOM}V${toY}`;
      } else if (passed.length) {
        lane = [y, toY].find((free) => isFree(free, passed)) ?? over(from, passed);
        way = bend(y, passed[0], lane) + bend(lane, toX, toY);
      }
      const text = `M${x} ${y}${way}H${toX}`;
      return { id, from, to, text, path: new Path2D(text), top: Math.min(lane, y, toY), x: toX - places.get(to).size - 3, y: toY };
    });
  }
  const isLit = (line) => !shade.bright || (shade.way ? shade.way.has(link(line.from, line.to)) : shade.bright.has(line.from) && shade.bright.has(line.to));
  function drawLines(ctx) {
    const scale = network.getScale(), wide = shade.bright ? 2.2 : 1.2;
    const shown = current.lines.filter((line) => drawn.has(line.from) && drawn.has(line.to));
    for (const full of [false, true]) {
      Object.assign(ctx, { globalAlpha: full ? (shade.bright ? 0.9 : 0.75) : 0.15, strokeStyle: full && shade.bright ? shade.lit : shade.edge,
        lineWidth: (full ? wide : 1.2) / scale });
      ctx.fillStyle = ctx.strokeStyle;
      for (const line of shown) {
        if (isLit(line) !== full) continue;
        ctx.stroke(line.path);
        ctx.beginPath();
        ctx.moveTo(line.x, line.y);
        ctx.lineTo(line.x - 9, line.y - 4);
        ctx.lineTo(line.x - 9, line.y + 4);
        ctx.fill();
      }
    }
    ctx.globalAlpha = 1;
  }
  // As large as its names need; what is wider than its frame is scrolled. With room for the names of the last column.
  let frameWidth = 0, after = 0;
  function extent(shown) {
    const xs = shown.map((node) => node.x), ids = new Set(shown.map((node) => node.id));
    const ys = [...shown.map((node) => node.y), ...current.lines.filter((line) => ids.has(line.from) && ids.has(line.to)).map((line) => line.top)];
    const least = (all) => all.reduce((a, b) => Math.min(a, b)), most = (all) => all.reduce((a, b) => Math.max(a, b));
    const right = most(xs), last = shown.filter((node) => node.x === right).slice(0, 200), pen = $("picture").querySelector("canvas").getContext("2d");
    after = Math.min(260, most(last.map((node) => LARGEST * Math.max(width(pen, node.label), 0.85 * width(pen, below(node)))))) + SIDE;
    return { left: least(xs), right, top: least(ys), bottom: most(ys) };
  }
  const visible = (some) => current.nodes.filter((node) => drawn.has(node.id) && (!some || some.has(node.id)));
  function resize() {
    const shown = visible();
    frameWidth = $("frame").clientWidth;
    if (!shown.length) return;
    const { left, right, top, bottom } = extent(shown), across = right - left, room = paper ? PAPER : frameWidth;
    const wide = paper ? PAPER : Math.max(room, Math.min(across * (frameWidth < 600 ? TOUCHED : READABLE) + after + EDGE, WIDEST));
    const tall = (bottom - top) * Math.min(CLOSEST, (wide - after - EDGE) / Math.max(across, 1)) + 80;
    network.setSize(`${Math.floor(wide)}px`, `${Math.round(Math.min(TALLEST, Math.max(LOWEST, tall)))}px`);
    fit();
    network.redraw();
  }
  function fit(some, closest = CLOSEST) {
    const shown = visible(some);
    if (!shown.length) return;
    const { left, right, top, bottom } = extent(shown), { clientWidth: wide, clientHeight: tall } = $("picture").firstElementChild;
    const scale = Math.min(closest, (wide - after - EDGE) / Math.max(right - left, 1), (tall - 70) / Math.max(bottom - top, 1));
    const x = (left + right) / 2 + (after - EDGE) / 2 / scale;
    network.moveTo({ scale, position: { x, y: (top + bottom) / 2 }, animation: false });
  }
  // Names stand beside their nodes, of one size on the screen at any zoom, above the line that leads on; the verdict is
  // below it. A name is cut where the next lines bend, a verdict never; pointing at a node, or coming to it by key, shows
  // both whole. A column that is too dense for them has them when one zooms in. What is not lit has none.
  let shade = { lanes: new Map(), bright: new Set() };
  function below(node) {
    const one = byId.get(node.id);
    return one && one.kind === "service" && one.owner ? `${word(node.group)} · ${one.owner}` : word(node.group);
  }
  function lanes(bright) {
    const columns = new Map();
    for (const node of current.nodes) {
      if (!drawn.has(node.id)) continue;
      if (!columns.has(node.x)) columns.set(node.x, []);
      if (!bright || bright.has(node.id)) columns.get(node.x).push(node.y);
    }
    const xs = [...columns.keys()].sort((a, b) => a - b);
    return new Map(xs.map((x, n) => {
      const ys = columns.get(x).sort((a, b) => a - b);
      return [x, { gap: Math.min(60, ...ys.slice(1).map((y, i) => y - ys[i])), wide: n + 1 < xs.length ? xs[n + 1] - x : Infinity }];
    }));
  }
  const LARGEST = 13, SMALLEST = 8; // pixels on the screen
  const PRINT = 10, STRIP = ROOM + BEND; // paper shows no whole names beside cut ones: there they run on above the bends
  const NAMES = (size) => `${size}px system-ui, sans-serif`;
  const measured = new Map();
  function width(ctx, text) {
    if (measured.size > 50000) measured.clear();
    if (!measured.has(text)) {
      ctx.font = NAMES(100);
      measured.set(text, ctx.measureText(text).width / 100);
    }
    return measured.get(text);
  }
  // The start and the end of what is too long: packages differ by their ends, extras above all.
  function shortened(ctx, text, room) {
    const points = [...text];
    for (let most = Math.min(points.length - 1, Math.ceil(room * 3)); most > 3; most -= 1) {
      const cut = `${points.slice(0, Math.ceil(most / 2)).join("")}…${points.slice(-Math.floor(most / 2)).join("")}`;
      if (width(ctx, cut) <= room) return cut;
    }
    return "";
  }
  function names(ctx) {
    const scale = network.getScale();
    Object.assign(ctx, { textAlign: "left", textBaseline: "middle", direction: "ltr", lineJoin: "round", strokeStyle: shade.ground, lineWidth: 3 / scale });
    const write = (text, x, y, size, colour) => {
      ctx.font = NAMES(size / scale);
      ctx.fillStyle = colour;
      ctx.strokeText(text, x, y);
      ctx.fillText(text, x, y);
    };
    for (const node of current.nodes) {
      if (!drawn.has(node.id) || (shade.bright && !shade.bright.has(node.id))) continue;
      const lane = shade.lanes.get(node.x), size = lane ? Math.min(paper ? PRINT : LARGEST, lane.gap * scale * 0.42) : 0; // none: about to be repainted
      if (size < (paper ? 6 : SMALLEST)) continue;
      // Room and lengths in units of the font's size.
      const side = node.size * scale + 5, room = ((lane.wide === Infinity ? after : (lane.wide - (paper ? ROOM : STRIP)) * scale) - side) / size;
      const fitted = (text, most) => (width(ctx, text) <= most ? text : shortened(ctx, text, most));
      const x = node.x + side / scale, small = 0.85 * size, more = below(node);
      write(fitted(node.label, room), x, node.y - 0.72 * size / scale, size, shade.ink);
      write(width(ctx, more) <= room / 0.85 ? more : word(node.group), x, node.y + 0.75 * size / scale, small, shade.soft);
    }
  }
  function press(id) {
    if (id === "+more") {
      state.shown += OPENED;
      open(state.opened);
    } else if (id.startsWith("+")) {
      state.shown = OPENED;
      open(id);
      choose(id, null);
    } else choose(id, null);
  }
  function close() {
    if (state.opened) state.at = state.opened;
    state.opened = "";
    if (current !== whole) show(whole);
  }
  // An opened cluster: its members in rows where it stood, what leads to them and what they lead to on either side.
  function open(id) {
    const inside = (members.get(id) || []).filter(passes), shown = inside.slice(0, Math.min(state.shown, MOST)), its = new Set(shown);
    const cluster = whole.nodes.find((node) => node.id === id), around = new Map(), links = new Map();
    const at = (one) => (its.has(one) ? one.id : one.node !== id && whole.stands.has(one.node) ? one.node : "");
    for (const one of shown) {
      const pairs = [...one.ways().trail.values()];
      const company = one.kind === "service" && one.company && entries.find((other) => other.kind === "company" && other.company === one.company);
      if (company) pairs.push([one.id, company.id]);
      for (const [start, end] of pairs) {
        const [from, to] = [at(byId.get(start)), at(byId.get(end))];
        if (!from || !to || from === to) continue;
        if (!links.has(link(from, to))) links.set(link(from, to), { id: `o${links.size}`, from, to });
        for (const node of [from, to]) if (whole.stands.has(node) && node !== id) around.set(node, true);
      }
    }
    const rest = inside.length - shown.length, most = shown.length + (rest ? 1 : 0);
    const wide = Math.max(1, Math.ceil(Math.sqrt(most / 4))), tall = Math.ceil(most / wide), [dx, dy] = report.network.gaps;
    const spot = (n) => ({ x: cluster.x + Math.floor(n / tall) * dx, y: cluster.y + Math.round(((n % tall) - (tall - 1) / 2) * dy) });
    const like = whole.nodes.find((node) => node.kind === cluster.kind && !node.id.startsWith("+"));
    const made = shown.map((one, n) => ({ ...cluster, ...(like ? { shape: like.shape, size: like.size } : { shape: report.shapes[one.kind] }),
      ...spot(n), id: one.id, label: brief(one.name, 60) }));
    if (rest) made.push({ ...cluster, ...spot(shown.length), id: "+more", label: `${rest.toLocaleString("en")} more` });
    const beside = whole.nodes.filter((node) => around.has(node.id)).map((node) =>
      node.x > cluster.x ? { ...node, x: node.x + (wide - 1) * dx } : node);
    state.opened = id;
    state.at = (shown[state.shown - OPENED] || shown[0] || { id }).id;
    show({ nodes: [...beside, ...made], edges: [...links.values()], at, stands: new Set([...around.keys(), ...made.map((node) => node.id)]) });
  }
  function title(node) {
    const one = byId.get(node.id);
    return `${one ? brief(one.name) : node.label}\n${one ? `${node.kind}, ` : ""}${below(node)}`;
  }
  // The entries whose paths are lit: the chosen one, and for a release whatever it reaches.
  function chosen() {
    const one = byId.get(state.chosen);
    return !one ? [] : one.kind === "release" ? [one, ...reaches(one.id)] : [one];
  }
  const node = (id) => current.at(byId.get(id));
  function trail() {
    if (!byId.has(state.chosen)) return null;
    return new Set(chosen().flatMap((one) => [...one.ways().trail.values()].map(([start, end]) => link(node(start), node(end)))));
  }
  function lit() {
    if (byId.has(state.chosen)) return new Set(chosen().flatMap((one) => [...one.ways().lit]).map(node));
    if (state.chosen === state.opened && state.opened) return null;
    if (members.has(state.chosen)) return new Set([state.chosen]);
    if (state.slot < 0 && !state.search) return null;
    const bright = entries.filter((one) => (state.slot < 0 || one.like.within.has(state.slot)) && (!state.search || found(one)));
    return new Set(bright.map(current.at));
  }
  function repaint() {
    if (!network) return;
    const paint = colours(), bright = lit(), ground = paint("sheet");
    shade = { bright, way: trail(), ground, ink: paint("ink"), soft: paint("soft"), lit: paint("lit"), edge: paint("edge"), lanes: lanes(bright) };
    nodes.update(current.nodes.map((node) => {
      const own = paint(node.group), full = !bright || bright.has(node.id), hollow = HOLLOW.has(node.group);
      const colour = { background: hollow ? ground : own, border: own };
      return {
        id: node.id, hidden: !drawn.has(node.id), opacity: full ? 1 : 0.18, borderWidth: hollow ? 2 : 1, borderWidthSelected: 4,
        color: { ...colour, highlight: { ...colour, border: paint("lit") }, hover: colour },
        shapeProperties: { borderDashes: DASHED.has(node.group) ? [4, 3] : false },
      };
    }));
    if (nodes.get(state.chosen)) network.selectNodes([state.chosen], false);
    else network.unselectAll();
  }
  // The same nodes for keys and for screen readers: one stop of the Tab key, then arrows. A button lies on its node, and
  // says the whole name while it has the focus.
  let buttons = new Map();
  function reached() {
    const had = $("nodes").contains(document.activeElement), shown = visible().sort((a, b) => a.x - b.x || a.y - b.y);
    buttons = new Map(shown.map((node) => {
      const button = make("button", title(node));
      button.type = "button";
      button.tabIndex = -1;
      button.dataset.id = node.id;
      if (node.id.startsWith("+")) button.setAttribute("aria-expanded", "false");
      return [node.id, button];
    }));
    $("nodes").replaceChildren(...buttons.values());
    if (!buttons.has(state.at)) state.at = shown.length ? (shown.find((node) => byId.has(node.id) && node.kind === "service") || shown[0]).id : "";
    if (buttons.has(state.at)) buttons.get(state.at).tabIndex = 0;
    if (had) go(state.at);
  }
  function place(button) {
    const node = button && current.nodes.find((one) => one.id === button.dataset.id);
    if (!node) return;
    const { x, y } = network.canvasToDOM(node), side = node.size * network.getScale();
    button.style.left = `${Math.max(0, x - side)}px`;
    button.style.top = `${Math.max(0, y + side + 4)}px`;
  }
  function go(id) {
    const button = buttons.get(id);
    if (!button) return;
    if (buttons.has(state.at)) buttons.get(state.at).tabIndex = -1;
    state.at = id;
    button.tabIndex = 0;
    const node = current.nodes.find((one) => one.id === id), { x, y } = network.canvasToDOM(node), box = $("picture").firstElementChild;
    if (x < 0 || y < 0 || x > box.clientWidth || y > box.clientHeight) network.moveTo({ position: { x: node.x, y: node.y }, animation: false });
    place(button);
    button.focus();
  }
  // The next node in a direction: in its column, or the nearest of the column beside it.
  function next(key) {
    const shown = visible(), here = shown.find((node) => node.id === state.at);
    if (!here) return "";
    const side = { ArrowLeft: -1, ArrowRight: 1 }[key], step = { ArrowUp: -1, ArrowDown: 1 }[key];
    if (step) {
      const ahead = shown.filter((node) => node.x === here.x && (node.y - here.y) * step > 0);
      return ahead.sort((a, b) => Math.abs(a.y - here.y) - Math.abs(b.y - here.y))[0]?.id;
    }
    const ahead = shown.filter((node) => (node.x - here.x) * side > 0);
    return ahead.sort((a, b) => Math.abs(a.x - here.x) - Math.abs(b.x - here.x) || Math.abs(a.y - here.y) - Math.abs(b.y - here.y))[0]?.id;
  }
  function keys() {
    $("nodes").addEventListener("keydown", (event) => {
      if (!event.key.startsWith("Arrow") && event.key !== "Home" && event.key !== "End") return;
      event.preventDefault();
      const ids = [...buttons.keys()], id = event.key === "Home" ? ids[0] : event.key === "End" ? ids[ids.length - 1] : next(event.key);
      if (id) go(id);
    });
    $("nodes").addEventListener("click", (event) => {
      const id = event.target.dataset.id;
      if (id) press(id);
    });
  }
  // What passes the filters is drawn, and what is on its path as well.
  function view() {
    const ids = new Set(), seen = new Set();
    drawn = new Set();
    for (const one of entries) {
      if (!one.row || !passes(one)) continue;
      drawn.add(current.at(one));
      // What hangs on others has ways of its own; of the rest, all of one pattern have the same.
      if (one.kind !== "company" && seen.has(one.like)) continue;
      seen.add(one.like);
      for (const id of one.kind === "company" && whole.edges.length > 2000 ? one.like.through || [] : one.ways().lit) ids.add(id);
    }
    for (const id of ids) drawn.add(node(id));
    if (current.stands.has("+more")) drawn.add("+more");
    repaint();
    reached();
  }

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
  // On paper packages of which the same is to be said share a row.
  function printed() {
    const alike = new Map();
    for (const one of matched.slice(0, PRINTED)) into(alike, one.kind === "package" ? [one.verdict, one.when, one.reason].join("\n") : one.id, one);
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
    for (const button of document.querySelectorAll(".card .name"))
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
  // Paper has no use for the rows of services that stand above as cards.
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
})();
