UNWIND $names AS name MATCH (:Package {id: name})<-[:RELEASE_OF]-(r:Release)
RETURN name, r.id AS id, r.version_key AS version_key, r.kept AS kept
