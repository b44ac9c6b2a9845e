// The components at some rows of documents.
UNWIND $wanted AS one
MATCH (:Document {id: one.document})-[:HOLDS]->(:ComponentList)-[a:LISTS]->(c:Component)
WHERE a.row IN one.rows
RETURN collect(one.document) AS document, collect(a.row) AS row, collect(c.body) AS body
