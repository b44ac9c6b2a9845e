// How many there are of what answers count; each is a number that the database keeps.
CALL () { MATCH (n:Package) RETURN count(n) AS packages }
CALL () { MATCH (n:Release) RETURN count(n) AS releases }
CALL () { MATCH (n:RequirementSet) RETURN count(n) AS sets }
CALL () { MATCH (n:Range) RETURN count(n) AS ranges }
CALL () { MATCH (n:Table) RETURN count(n) AS tables }
CALL () { MATCH (n:Document) WHERE n.digest IS NOT NULL RETURN count(n) AS documents }
CALL () { MATCH (n:Incident) RETURN count(n) AS incidents }
CALL () { MATCH (n:Organisation) RETURN count(n) AS organisations }
RETURN packages, releases, sets, ranges, tables, documents + incidents + organisations AS others
