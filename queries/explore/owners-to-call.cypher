// Whom to call: owners of services that are hit or unknown, and other companies that were reached, the worst first.
// Parameters: $incident, the id of an incident. Example: :param incident => 'litellm-2026-03'
// Reads what `graphkit neo4j mark` wrote. Where `stale` is true, facts came after that: mark again.
MATCH (g:Graphkit {id: 'graph'}), (m:Mark {id: 'mark'}), (i:Incident {id: $incident})
WITH m, i, m.generation <> g.generation OR m.facts_sha256 <> g.facts_sha256 AS stale
CALL (m, i) {
  MATCH (s:Service)-[j:JUDGED]->(i) WHERE j.mark = m.digest AND j.verdict <> 'cleared'
  OPTIONAL MATCH (c:Company)-[:OPERATES]->(s)
  WITH coalesce(s.owner, '') AS owner, coalesce(c.id, '') AS company, s, j ORDER BY j.rank, s.id
  RETURN owner, company, head(collect(j.verdict)) AS verdict, collect(s.id) AS services, min(j.rank) AS rank, 0 AS kind
  UNION
  MATCH (c:Company)-[r:REACHED]->(i) WHERE r.mark = m.digest AND NOT EXISTS {
    (c)-[:OPERATES]->(:Service)-[j:JUDGED]->(i) WHERE j.mark = m.digest AND j.verdict <> 'cleared'
  }
  RETURN '' AS owner, c.id AS company, r.verdict AS verdict, [] AS services, r.rank AS rank, 1 AS kind
}
RETURN owner, company, verdict, services, stale
ORDER BY kind, rank, owner, company
