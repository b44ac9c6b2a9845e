// Rows of documents that name a package, purl or hash asked for, by the keys of their components.
UNWIND $keys AS key MATCH (:Key {id: key})<-[:HAS]-(c:Component)
WITH DISTINCT c
MATCH (c)<-[a:LISTS]-(:ComponentList)<-[:HOLDS]-(d:Document)
RETURN collect(d.id) AS document, collect(a.row) AS row, collect(c.id) AS content
