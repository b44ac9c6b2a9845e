// What is asked of an incident, who is behind it, and how it came about.
UNWIND $rows AS row
MATCH (m:Mark {id: 'mark'}), (i:Incident {id: $incident})
CREATE (m)-[a:ANSWERS]->(i) SET a = row.said, a.mark = $mark
FOREACH (name IN row.actors |
  MERGE (x:Actor {id: name}) SET x.mark = $mark
  CREATE (i)-[:ATTRIBUTED_TO {mark: $mark}]->(x))
FOREACH (cause IN row.causes |
  MERGE (x:Cause {id: cause.id}) SET x = cause, x.mark = $mark
  CREATE (i)-[:CAUSED_BY {mark: $mark}]->(x))
RETURN count(*) AS written
