// Releases that are there, with all that they say; what they declared before is taken away. Grouped as new ones.
// All properties are set at once: to take those of an index away and put them back fills the memory of a transaction.
UNWIND $rows AS shared
WITH shared[0] AS said, shared[1] AS own
UNWIND own AS row
MATCH (r:Release {id: row[0]})
SET r = said {.*, id: row[0], package: row[1], name: row[2], position: row[3], version: row[4], version_key: row[5]}
WITH r
MATCH (r)-[d:DECLARES]->(:RequirementSet)
DELETE d
