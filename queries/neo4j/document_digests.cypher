// Digests of some documents.
UNWIND $sha256 AS sha256 MATCH (d:Document {id: sha256}) WHERE d.digest IS NOT NULL
RETURN d.id AS sha256, d.digest AS digest, d.created AS created
