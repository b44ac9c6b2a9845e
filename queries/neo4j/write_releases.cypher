// Releases that are there, with all that they say; what they declared before is taken away. Grouped as new ones.
UNWIND $rows AS shared UNWIND shared[1] AS row
MATCH (r:Release {id: row[0]})
SET r = shared[0]
SET r += {id: row[0], package: row[1], name: row[2], position: row[3], version: row[4], version_key: row[5]}
WITH r
MATCH (r)-[d:DECLARES]->(:RequirementSet)
DELETE d
