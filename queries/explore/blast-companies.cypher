// Which companies were reached, by themselves or through which suppliers: what `graphkit blast` says of each?
// Parameters: $incident, the id of an incident. Example: :param incident => 'litellm-2026-03'
// Reads what `graphkit neo4j mark` wrote. Where `stale` is true, facts came after that: mark again.
MATCH (g:Graphkit {id: 'graph'}), (m:Mark {id: 'mark'})
MATCH (c:Company)-[j:JUDGED]->(:Incident {id: $incident}) WHERE j.mark = m.digest
RETURN c.id AS company, c.name AS name, j.verdict AS verdict, j.distance AS distance, j.via AS via,
  j.origin_tier AS origin_tier, j.data AS data, j.services AS services, size(j.claims) AS claims,
  m.generation <> g.generation OR m.facts_sha256 <> g.facts_sha256 AS stale
ORDER BY j.rank, coalesce(distance, -1), toLower(name), company
