// Port call `users`: the releases that declare requirement sets.
UNWIND $n AS n MATCH (:RequirementSet {n: n})<-[:DECLARES]-(r:Release)
RETURN collect(n) AS row, collect(r.package) AS package, collect(r.position) AS position, collect(r.taken) AS taken,
  collect(r.installable) AS installable, collect(r.installable_unyanked) AS installable_unyanked
