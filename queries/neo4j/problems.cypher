CALL () {
  MATCH (d:Document) WHERE d.problems <> '[]' RETURN d.path AS path, d.problems AS problems
  UNION ALL
  MATCH (t:Table) RETURN t.source AS path, t.problems AS problems
}
RETURN collect(path) AS path, collect(problems) AS problems
