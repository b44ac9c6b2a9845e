// Port call `releases`: releases with their files (names and hashes apart), by package number and positions in PEP 440 order.
UNWIND $rows AS row
MATCH (r:Release) WHERE r.package = row[0] AND r.position IN row[1]
OPTIONAL MATCH (r)-[:DECLARES]->(s:RequirementSet)
RETURN collect(r.package) AS package, collect(r.position) AS position, collect(r.version) AS version,
  collect(r.flags) AS flags, collect(r.offer) AS offer, collect(coalesce(s.n, -1)) AS set, collect(r.source) AS source,
  collect(coalesce(r.uploaded, [])) AS uploaded, collect(coalesce(r.yanked_since, [])) AS yanked_since, collect(coalesce(r.file_flags, [])) AS file_flags,
  collect(coalesce(r.needs, [])) AS needs
