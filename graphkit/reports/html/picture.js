// The picture: what is drawn, where lines go, and the same nodes for keys and screen readers.
function colours() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

// The picture: the whole, or one opened node with what leads to it. `at` names the node that stands for an entry.
let network = null, nodes = null, current = null;
const whole = { ...report.network, at: (one) => one.node };
whole.stands = new Set(whole.nodes.map((node) => node.id));
const READABLE = 0.6, TOUCHED = 0.75, CLOSEST = 1.15, WIDEST = 2600, TALLEST = 760, LOWEST = 190, PAPER = 690, SHEET = 240, EDGE = 30, SIDE = 36;
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
  network.setSize(`${Math.floor(wide)}px`, `${Math.round(Math.min(paper ? SHEET : TALLEST, Math.max(LOWEST, tall)))}px`);
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
