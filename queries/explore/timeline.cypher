// Since when did each service's documents stand, or when were they built, and which listed a release of this incident?
// Parameters: $incident. Example: :param incident => 'litellm-2026-03'
MATCH (:Incident {id: $incident})-[:COMPROMISES]->(r:Release)
WITH collect(r) AS bad
MATCH (s:Service)-[u:DESCRIBED_BY]->(d:Document)
OPTIONAL MATCH (d)-[:HOLDS]->(:ComponentList)-[:LISTS]->(:Component)-[:IS]->(r:Release) WHERE r IN bad
WITH s, d, coalesce(u.built_at, u.stands_from, d.created) AS at, collect(DISTINCT r.name + '@' + r.version) AS releases
RETURN s.id AS service, CASE WHEN at IS NULL THEN '' ELSE toString(datetime({epochMillis: at / 1000})) END AS at,
  d.path AS document, releases
ORDER BY service, at, document
