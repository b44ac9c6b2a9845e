// Which releases are known though the index lists them no more: taken down, or only named by a document or incident?
// Parameters: none.
MATCH (r:Release) WHERE NOT r.listed
RETURN r.name AS package, r.version AS version,
  COLLECT { MATCH (i:Incident)-[:COMPROMISES]->(r) RETURN i.id ORDER BY i.id } AS incidents
ORDER BY package, r.position
