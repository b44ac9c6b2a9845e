// Documents with their components by row, and what depends on what. Of one that is not kept, the head is empty.
UNWIND $sha256 AS sha256
OPTIONAL MATCH (d:Document {id: sha256})
OPTIONAL MATCH (d)-[:HOLDS]->(l:ComponentList)
CALL (l) { MATCH (l)-[a:LISTS]->(c:Component) WITH a, c ORDER BY a.row RETURN collect(c.body) AS bodies }
CALL (l) {
  MATCH (l)-[:LISTS]->(:Component)-[e:DEPENDS_ON {list: l.id}]->(:Component)
  WITH DISTINCT e ORDER BY e.place RETURN collect([e.source, e.target]) AS edges
}
RETURN collect(sha256) AS sha256, collect(coalesce(d.path, '')) AS path, collect(coalesce(d.head, '')) AS head,
  collect(coalesce(l.places, '')) AS places, collect(bodies) AS bodies, collect(edges) AS edges,
  collect(l IS NULL) AS bare
