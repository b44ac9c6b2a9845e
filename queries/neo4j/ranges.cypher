// Port call `ranges`: ranges with the stretches of positions in their package that they admit.
UNWIND $n AS n MATCH (r:Range {n: n})
RETURN collect(r.n) AS n, collect(r.package) AS package, collect(r.extras) AS extras, collect(r.text) AS text,
  collect(r.pinned) AS pinned, collect(r.names_prerelease) AS names_prerelease,
  collect(r.arbitrary_equality) AS arbitrary_equality, collect(r.direct_reference) AS direct_reference,
  collect(r.unreadable) AS unreadable, collect(coalesce(r.lo, [])) AS lo, collect(coalesce(r.hi, [])) AS hi
