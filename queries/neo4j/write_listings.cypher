// Lists with their components in order, by their places among $components, and what depends on what in each.
UNWIND $rows AS row
MATCH (l:ComponentList {id: row[0]})
CALL (l, row) {
  UNWIND range(0, size(row[1]) - 1) AS at
  MATCH (c:Component {id: $components[row[1][at]]})
  CREATE (l)-[:LISTS {row: at}]->(c)
  WITH at, c ORDER BY at
  RETURN collect(c) AS listed
}
UNWIND row[2] AS edge
WITH row, edge, listed[edge[1]] AS a, listed[edge[2]] AS b
CREATE (a)-[:DEPENDS_ON {list: row[0], place: edge[0], source: edge[1], target: edge[2]}]->(b)
