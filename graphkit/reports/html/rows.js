// What the report says, as entries. Whatever comes from it is put in place as text (textContent), never as markup.
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
