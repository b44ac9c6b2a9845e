// Port call `takers`: the ranges that choose releases in the end, by package number and positions.
UNWIND $rows AS row MATCH (:Package {n: row[0]})<-[:ON]-(r:Range) WHERE r.takes IN row[1]
RETURN collect(row[0]) AS package, collect(r.takes) AS position, collect(r.n) AS n, collect(r.extras) AS extras
