// Port call `releases`: releases with their files (names and hashes apart), by package number and positions in PEP 440 order.
// A row for all releases that share what is true of them and of their files, so that it is sent once.
UNWIND $rows AS row
MATCH (r:Release) WHERE r.package = row[0] AND r.position IN row[1]
OPTIONAL MATCH (r)-[:DECLARES]->(s:RequirementSet)
RETURN r.listed AS listed, r.prerelease AS prerelease, r.legacy AS legacy, r.requirements_read AS requirements_read,
  r.requirements_borrowed AS requirements_borrowed, r.requirements_partial AS requirements_partial,
  r.installable AS installable, r.installable_unyanked AS installable_unyanked, r.taken AS taken, r.source AS source,
  coalesce(r.file_yanked, []) AS file_yanked, coalesce(r.file_yank_dated, []) AS file_yank_dated,
  coalesce(r.file_time_known, []) AS file_time_known,
  coalesce(r.file_time_from_incident, []) AS file_time_from_incident,
  coalesce(r.file_always_listed, []) AS file_always_listed, coalesce(r.file_wheel, []) AS file_wheel,
  coalesce(r.file_sdist, []) AS file_sdist, coalesce(r.file_kind_unknown, []) AS file_kind_unknown,
  coalesce(r.yanked_since, []) AS yanked_since, coalesce(r.needs, []) AS needs,
  collect(r.package) AS package, collect(r.position) AS position, collect(r.version) AS version,
  collect(coalesce(s.n, -1)) AS set, collect(coalesce(r.uploaded, [])) AS uploaded
