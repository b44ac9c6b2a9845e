// Port call `ranges`: ranges with the stretches of positions in their package that they admit.
UNWIND $n AS n MATCH (r:Range {n: n})
RETURN collect(r.n) AS n, collect(r.package) AS package, collect(r.extras) AS extras, collect(r.text) AS text,
  collect(r.flags) AS flags, collect(coalesce(r.lo, [])) AS lo, collect(coalesce(r.hi, [])) AS hi
