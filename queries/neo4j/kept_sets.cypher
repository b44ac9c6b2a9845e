// Requirement sets by digest, with what they hold.
UNWIND $ids AS id MATCH (s:RequirementSet {id: id})-[q:REQUIRES]->(r:Range)-[:ON]->(p:Package)
RETURN s.id AS id, s.n AS n, collect([p.id, r.extras, r.kind, r.text, q.marker]) AS members
