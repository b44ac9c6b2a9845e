MATCH (c:Component)<-[a:LISTS]-(:ComponentList)<-[:HOLDS]-(d:Document)
RETURN collect(d.id) AS document, collect(a.row) AS row, collect(c.id) AS content
