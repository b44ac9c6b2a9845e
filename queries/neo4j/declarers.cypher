// Port call `declarers`: the requirement sets that hold ranges.
UNWIND $n AS n MATCH (:Range {n: n})<-[q:REQUIRES]-(s:RequirementSet)
RETURN collect(n) AS row, collect(s.n) AS n, collect(q.marker) AS marker
