// The number of every RequirementSet.
MATCH (n:RequirementSet) RETURN collect(n.n) AS n
