// Which documents list a package, in which version, and which services do they describe?
// Parameters: $package, its normalised name. Example: :param package => 'litellm'
MATCH (:Key {id: 'package:' + $package})<-[:HAS]-(c:Component)<-[:LISTS]-(:ComponentList)<-[:HOLDS]-(d:Document)
OPTIONAL MATCH (s:Service)-[:DESCRIBED_BY]->(d)
RETURN DISTINCT coalesce(s.id, '') AS service, c.name + '@' + c.version AS release, d.id AS document, d.path AS path
ORDER BY service, release, document
