// Digests of some packages, by number or name.
CALL () {
  UNWIND $n AS n MATCH (p:Package {n: n}) RETURN p
  UNION
  UNWIND $names AS name MATCH (p:Package {id: name}) RETURN p
}
RETURN p.id AS name, p.facts AS facts, p.named AS named
