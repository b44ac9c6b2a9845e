// Every use of a document by a service, as it was kept. Those that an organisation file tells are kept in its body.
MATCH (s:Service)-[u:DESCRIBED_BY]->(d:Document) WHERE u.digest IS NOT NULL
WITH s, u, d ORDER BY u.digest
RETURN collect(s.id) AS service, collect(d.id) AS document, collect(u.path) AS path, collect(u.rest) AS rest,
  collect(u.branch) AS branch, collect(u.derived) AS derived, collect(u.digest) AS digest,
  collect([u.built_at, u.stands_from, u.stands_until, u.read_at]) AS times
