// Components that were not there, each with the release that it is, if there is one, and with what it is found by.
UNWIND $rows AS row
CREATE (c:Component {
  id: row[0], name: row[1], package: row[2], version: row[3], version_key: row[4], purl: row[5], optional: row[6],
  origin: row[7], body: row[8]
})
WITH c, row
CALL (c, row) {
  MATCH (r:Release {id: row[9]})
  CREATE (c)-[:IS]->(r)
}
UNWIND row[10] AS key
MERGE (k:Key {id: key})
CREATE (c)-[:HAS]->(k)
