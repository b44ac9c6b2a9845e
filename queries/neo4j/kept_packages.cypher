// What is kept of packages: their number, pages and tables, and the versions that documents list of them.
UNWIND $names AS name
OPTIONAL MATCH (p:Package {id: name})
CALL (name) {
  MATCH (c:Component {package: name}) WHERE c.version_key <> '' AND c.origin = ''
  RETURN collect(DISTINCT c.version) AS listed
}
RETURN name, p.n AS n, p.kept AS kept, coalesce(p.named, false) AS named, coalesce(p.inputs, 0) AS inputs, listed
