// Of which services is no document known, so that nobody can say what they pulled?
// Parameters: none.
MATCH (s:Service) WHERE NOT EXISTS { (s)-[:DESCRIBED_BY]->(:Document) }
OPTIONAL MATCH (c:Company)-[:OPERATES]->(s)
RETURN s.id AS service, s.owner AS owner, coalesce(c.id, '') AS company
ORDER BY service
