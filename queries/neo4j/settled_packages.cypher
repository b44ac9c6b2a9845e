// Which packages documents name already, in each of the versions asked about: of these, nothing changes.
UNWIND $rows AS row
MATCH (p:Package {id: row[0]}) WHERE p.named
CALL (row) {
  MATCH (c:Component {package: row[1]}) WHERE c.version IN row[2] AND c.version_key <> '' AND c.origin = ''
  RETURN count(DISTINCT c.version) AS known
}
WITH row WHERE known = size(row[2])
RETURN collect(row[0]) AS names
