// Which services have a document that lists a release of this incident, and when were they built from it?
// Parameters: $incident, the id of an incident. Example: :param incident => 'litellm-2026-03'
// In Browser, return the path instead of the row to see the graph: MATCH path = … RETURN path
MATCH (:Incident {id: $incident})-[:COMPROMISES]->(r:Release)<-[:IS]-(:Component)
      <-[:LISTS]-(:ComponentList)<-[:HOLDS]-(d:Document)<-[u:DESCRIBED_BY]-(s:Service)
RETURN DISTINCT s.id AS service, s.owner AS owner, r.name + '@' + r.version AS release, d.path AS document,
  CASE WHEN u.built_at IS NULL THEN '' ELSE toString(datetime({epochMillis: u.built_at / 1000})) END AS built_at
ORDER BY service, release, document
