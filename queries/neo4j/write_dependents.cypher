// How many packages have a release that requires each, and which releases ranges choose in the end.
UNWIND $n AS n MATCH (p:Package {n: n})
CALL (p) {
  MATCH (p)<-[:ON]-(:Range)<-[:REQUIRES]-(:RequirementSet)<-[:DECLARES]-(r:Release)
  RETURN count(DISTINCT r.package) AS dependents
}
CALL (p) { MATCH (p)<-[:ON]-(g:Range) WHERE g.takes >= 0 RETURN collect(DISTINCT g.takes) AS takes }
SET p.dependents = dependents
WITH p, takes
MATCH (r:Release) WHERE r.package = p.n AND r.position >= 0 AND r.taken <> (r.position IN takes)
SET r.taken = r.position IN takes
