UNWIND $ids AS id MATCH (d:Document {id: id}) WHERE d.digest IS NOT NULL
OPTIONAL MATCH (d)-[:HOLDS]->(l:ComponentList)
RETURN d.id AS sha256, d.path AS path, d.kind AS kind, d.format AS format, d.subject AS subject, d.created AS created,
  d.head AS head, d.digest AS digest, l.id AS list, l.places AS places
