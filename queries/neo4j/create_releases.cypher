// Releases that were not there, grouped by what many of them have in common.
UNWIND $rows AS shared UNWIND shared[1] AS row
MATCH (p:Package {n: row[1]})
CREATE (r:Release {id: row[0], package: row[1], name: row[2], position: row[3], version: row[4], version_key: row[5]})
SET r += shared[0]
CREATE (r)-[:RELEASE_OF]->(p)
