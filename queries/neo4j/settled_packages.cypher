// Which packages documents name already, in each of the versions asked about: of these, nothing changes.
UNWIND $rows AS row
MATCH (p:Package {id: row.name}) WHERE p.named
CALL (row) {
  MATCH (c:Component {package: row.package}) WHERE c.version IN row.versions AND c.version_key <> '' AND c.origin = ''
  RETURN count(DISTINCT c.version) AS known
}
WITH row WHERE known = size(row.versions)
RETURN collect(row.name) AS names
