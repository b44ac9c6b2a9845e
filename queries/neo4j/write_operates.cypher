UNWIND $rows AS row MATCH (c:Company {id: row[0]}) MATCH (s:Service {id: row[1]}) MERGE (c)-[:OPERATES]->(s)
