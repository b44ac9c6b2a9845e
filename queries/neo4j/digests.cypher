// What facts_sha256 is made of: the digest of every fact.
CALL () { MATCH (p:Package) RETURN collect(p.id) AS names, collect(p.facts) AS facts, collect(p.named) AS named }
CALL () {
  MATCH (d:Document) WHERE d.digest IS NOT NULL
  RETURN collect(d.id) AS sha256, collect(d.digest) AS documents, max(d.created) AS created
}
CALL () { MATCH (:Service)-[u:DESCRIBED_BY]->(:Document) RETURN collect(u.digest) AS uses }
RETURN names, facts, named, sha256, documents, created, uses
