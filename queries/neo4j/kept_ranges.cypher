// The ranges that aim at packages.
UNWIND $names AS name MATCH (p:Package {id: name})<-[:ON]-(r:Range)
RETURN collect([p.id, r.extras, r.kind, r.text]) AS ranges
