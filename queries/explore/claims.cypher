// What has been said of companies, by whom, how sure, and is it about this incident?
// Parameters: $incident, the id of an incident. Example: :param incident => 'litellm-2026-03'
// Reads what `graphkit neo4j mark` wrote. Where `stale` is true, facts came after that: mark again.
MATCH (g:Graphkit {id: 'graph'}), (m:Mark {id: 'mark'})
MATCH (k:Claim)-[:ABOUT]->(c:Company)-[j:JUDGED]->(i:Incident {id: $incident}) WHERE j.mark = m.digest
RETURN c.id AS company, j.verdict AS verdict, k.id AS claim, k.claimant AS claimant, k.polarity AS polarity,
  k.standing AS standing, k.certainty AS certainty, k.date AS date, k.text AS text,
  EXISTS { (k)-[a:ABOUT]->(i) WHERE a.mark = m.digest } AS is_about_it,
  m.generation <> g.generation OR m.facts_sha256 <> g.facts_sha256 AS stale
ORDER BY company, date, claim, text
