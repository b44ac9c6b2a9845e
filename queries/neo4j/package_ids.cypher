// Numbers of packages by name.
UNWIND $names AS name MATCH (p:Package {id: name}) RETURN collect(p.id) AS name, collect(p.n) AS n
