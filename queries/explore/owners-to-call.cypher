// Whom to call: the owners of services whose documents list a release of this incident.
// Parameters: $incident. Example: :param incident => 'litellm-2026-03'
MATCH (:Incident {id: $incident})-[:COMPROMISES]->(r:Release)<-[:IS]-(:Component)
      <-[:LISTS]-(:ComponentList)<-[:HOLDS]-(:Document)<-[:DESCRIBED_BY]-(s:Service)
OPTIONAL MATCH (c:Company)-[:OPERATES]->(s)
RETURN s.owner AS owner, coalesce(c.id, '') AS company, collect(DISTINCT s.id) AS services,
  collect(DISTINCT r.name + '@' + r.version) AS releases
ORDER BY owner, company
