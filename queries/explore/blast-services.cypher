// Which services were hit, which are cleared, and why: what `graphkit blast` says of each, the worst first?
// Parameters: $incident, the id of an incident. Example: :param incident => 'litellm-2026-03'
// Reads what `graphkit neo4j mark` wrote. Where `stale` is true, facts came after that: mark again.
MATCH (g:Graphkit {id: 'graph'}), (m:Mark {id: 'mark'})
MATCH (s:Service)-[j:JUDGED]->(:Incident {id: $incident}) WHERE j.mark = m.digest
OPTIONAL MATCH (c:Company)-[:OPERATES]->(s)
RETURN s.id AS service, coalesce(c.id, '') AS company, coalesce(s.owner, '') AS owner, j.verdict AS verdict,
  j.basis AS basis, j.from AS from, j.until AS until, j.reason AS reason, j.facts AS facts, j.external AS external,
  m.generation <> g.generation OR m.facts_sha256 <> g.facts_sha256 AS stale
ORDER BY j.rank, service
