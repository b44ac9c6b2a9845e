// The uses of some documents, as they were kept.
UNWIND $ids AS id MATCH (s:Service)-[u:DESCRIBED_BY]->(d:Document {id: id}) WHERE u.digest IS NOT NULL
RETURN collect(s.id) AS service, collect(d.id) AS document, collect(u.path) AS path, collect(u.rest) AS rest,
  collect(u.branch) AS branch, collect(u.derived) AS derived, collect(u.digest) AS digest,
  collect([u.built_at, u.stands_from, u.stands_until, u.read_at]) AS times
