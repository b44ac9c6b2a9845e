// Lists with their components in order, by their places among $components, and what depends on what in each.
// A component that is not there fails: left out, it would move the places of all that follow.
CALL () {
  UNWIND range(0, size($components) - 1) AS at
  OPTIONAL MATCH (c:Component {id: $components[at]})
  WITH at, {node: c} AS held ORDER BY at
  RETURN collect(held) AS components
}
UNWIND $rows AS row
MATCH (l:ComponentList {id: row[0]})
CALL (l, row, components) {
  UNWIND range(0, size(row[1]) - 1) AS at
  WITH l, at, components[row[1][at]].node AS c
  CREATE (l)-[:LISTS {row: at}]->(c)
}
UNWIND range(0, size(row[3]) - 1) AS at
WITH row, at, row[3][at] AS source, row[4][at] AS target, components
WITH row, at, source, target, components[row[1][source]].node AS a,
  components[row[1][target]].node AS b
CREATE (a)-[:DEPENDS_ON {list: row[0], place: row[2] + at, source: source, target: target}]->(b)
