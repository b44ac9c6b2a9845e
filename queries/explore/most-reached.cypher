// Which packages do most others require? What is there would reach the most if it were next.
// Parameters: $limit. Example: :param limit => 20
MATCH (p:Package)
RETURN p.id AS package, p.dependents AS dependents, p.releases AS releases
ORDER BY dependents DESC, package LIMIT toInteger($limit)
