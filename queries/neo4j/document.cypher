// A document's components by row, and what depends on what.
OPTIONAL MATCH (d:Document {id: $sha256})
OPTIONAL MATCH (d)-[:HOLDS]->(l:ComponentList)
CALL (l) { MATCH (l)-[a:LISTS]->(c:Component) WITH a, c ORDER BY a.row RETURN collect(c.body) AS bodies }
CALL (l) {
  MATCH (l)-[:LISTS]->(:Component)-[e:DEPENDS_ON {list: l.id}]->(:Component)
  WITH DISTINCT e ORDER BY e.place RETURN collect([e.source, e.target]) AS edges
}
RETURN d.path AS path, d.head AS head, l.places AS places, bodies, edges, l IS NULL AS bare
