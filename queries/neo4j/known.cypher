UNWIND $sha256 AS sha256 MATCH (d:Document {id: sha256}) WHERE d.digest IS NOT NULL
OPTIONAL MATCH (d)<-[u:DESCRIBED_BY]-(:Service) WHERE u.digest IS NOT NULL
RETURN d.id AS sha256, collect(DISTINCT CASE WHEN u IS NULL THEN NULL ELSE [u.path, u.rest, u.derived] END) AS uses
