// What happened when: releases listed and gone, builds, inputs that came into place and were replaced, claims?
// Parameters: $incident, the id of an incident. Example: :param incident => 'litellm-2026-03'
// `verdict` is what `graphkit neo4j mark` wrote. Where `stale` is true, facts came after that: mark again.
MATCH (g:Graphkit {id: 'graph'}), (m:Mark {id: 'mark'})-[a:ANSWERS]->(i:Incident {id: $incident})
WHERE a.mark = m.digest
WITH m, a, i, m.generation <> g.generation OR m.facts_sha256 <> g.facts_sha256 AS stale
CALL (m, a, i) {
  MATCH (i)-[c:COMPROMISES]->(r:Release)
  RETURN toString(datetime({epochMillis: c.listed_from / 1000})) AS at, 'release listed' AS event,
    r.name + '@' + r.version AS name, '' AS detail, '' AS verdict
  UNION
  UNWIND [[a.from, 'window begins'], [a.until, 'window ends']] AS end
  RETURN end[0] AS at, end[1] AS event, i.id AS name, 'reading ' + a.reading AS detail, '' AS verdict
  UNION
  MATCH (d:Document)<-[u:DESCRIBED_BY]-(s:Service)-[j:JUDGED]->(i) WHERE j.mark = m.digest
  UNWIND [[u.built_at, 'built'], [u.stands_from, 'in place'], [u.stands_until, 'replaced'],
    [CASE WHEN NOT EXISTS {
      (s)-[x:DESCRIBED_BY]->(d) WHERE x.built_at IS NOT NULL OR x.stands_from IS NOT NULL
    } THEN d.created END, 'document made']] AS time
  WITH s, j, d, time WHERE time[0] IS NOT NULL
  RETURN toString(datetime({epochMillis: time[0] / 1000})) AS at, time[1] AS event, s.id AS name, d.path AS detail,
    j.verdict AS verdict
  UNION
  MATCH (k:Claim)-[b:ABOUT]->(i) WHERE b.mark = m.digest
  MATCH (k)-[:ABOUT]->(c:Company)-[j:JUDGED]->(i) WHERE j.mark = m.digest
  RETURN k.date AS at, 'claim' AS event, c.id AS name, k.claimant + ': ' + k.text AS detail, j.verdict AS verdict
}
WITH * WHERE at IS NOT NULL
RETURN at, event, name, detail, verdict, stale
ORDER BY at, event, name, detail
