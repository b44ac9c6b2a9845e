// Port call `requirements`: the members of requirement sets.
UNWIND $n AS n MATCH (:RequirementSet {n: n})-[q:REQUIRES]->(r:Range)
RETURN collect(n) AS row, collect(r.n) AS n, collect(q.marker) AS marker
