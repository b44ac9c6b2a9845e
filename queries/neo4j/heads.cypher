UNWIND $sha256 AS sha256 MATCH (d:Document {id: sha256}) WHERE d.digest IS NOT NULL
RETURN collect(d.id) AS sha256, collect(d.path) AS path, collect(d.head) AS head
