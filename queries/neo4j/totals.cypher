// How many there are of what answers count; each is a number that the database keeps.
CALL () { MATCH (n:Package) RETURN count(n) AS packages }
CALL () { MATCH (n:Release) RETURN count(n) AS releases }
CALL () { MATCH (n:RequirementSet) RETURN count(n) AS sets }
CALL () { MATCH (n:Range) RETURN count(n) AS ranges }
RETURN packages, releases, sets, ranges
