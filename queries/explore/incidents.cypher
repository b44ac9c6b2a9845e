// Which incidents are known, what do they name, and from when was each release listed?
// Parameters: none.
MATCH (i:Incident)
OPTIONAL MATCH (i)-[c:COMPROMISES]->(r:Release)
RETURN i.id AS incident, i.title AS title, i.actor AS actor,
  collect(r.name + '@' + r.version) AS releases, min(c.listed_from) AS listed_from
ORDER BY incident
