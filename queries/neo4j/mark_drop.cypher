// Some relationships of other marks, and the nodes of other marks; relationships of facts have no property `mark`.
CALL () {
  MATCH ()-[r:JUDGED|EXPOSED|REACHED|ABOUT|ANSWERS|ATTRIBUTED_TO|CAUSED_BY]->() WHERE r.mark <> $mark
  WITH r LIMIT toInteger($most)
  DELETE r
  RETURN count(*) AS dropped
}
CALL () {
  MATCH (n:Actor|Cause) WHERE n.mark <> $mark
  DETACH DELETE n
  RETURN count(*) AS nodes
}
RETURN dropped
