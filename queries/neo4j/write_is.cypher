// Which release older components are.
UNWIND $rows AS row
MATCH (c:Component {package: row[0]}) WHERE c.version_key = row[1] AND c.origin = ''
MATCH (r:Release {id: row[2]})
MERGE (c)-[:IS]->(r)
