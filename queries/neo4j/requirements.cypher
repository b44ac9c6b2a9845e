// Port call `requirements`: the members of requirement sets, and each of their ranges once, as in `ranges`.
UNWIND $n AS n MATCH (:RequirementSet {n: n})-[q:REQUIRES]->(r:Range)
WITH collect(n) AS row, collect(r.n) AS range, collect(q.marker) AS marker, collect(DISTINCT r) AS ranges
CALL (ranges) {
  UNWIND ranges AS r
  RETURN collect(r.n) AS n, collect(r.package) AS package, collect(r.extras) AS extras, collect(r.text) AS text,
    collect(r.pinned) AS pinned, collect(r.names_prerelease) AS names_prerelease,
    collect(r.arbitrary_equality) AS arbitrary_equality, collect(r.direct_reference) AS direct_reference,
    collect(r.unreadable) AS unreadable, collect(coalesce(r.lo, [])) AS lo, collect(coalesce(r.hi, [])) AS hi
}
RETURN row, range, marker, n, package, extras, text, pinned, names_prerelease, arbitrary_equality, direct_reference,
  unreadable, lo, hi
