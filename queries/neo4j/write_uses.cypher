// A use may come before its document, whose node then waits for the rest.
UNWIND $rows AS row
MERGE (s:Service {id: row[0]})
MERGE (d:Document {id: row[1]})
CREATE (s)-[u:DESCRIBED_BY]->(d)
SET u = row[2]
