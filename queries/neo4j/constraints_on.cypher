// Port call `constraints_on`: the ranges that aim at packages.
UNWIND $n AS n MATCH (:Package {n: n})<-[:ON]-(r:Range)
WITH n, r.n AS range ORDER BY r.extras, r.kind = 'unreadable', r.kind = 'url', r.text
RETURN collect(n) AS row, collect(range) AS n
