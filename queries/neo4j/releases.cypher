// Port call `releases`: releases with their files (names and hashes apart), by package number and positions in PEP 440 order.
// A row for all releases that share what is true of them and of their files, so that it is sent once.
// What is true of none of their files, or yanks where none has a time, is an empty list.
UNWIND $rows AS row
MATCH (r:Release) WHERE r.package = row[0] AND r.position IN row[1]
OPTIONAL MATCH (r)-[:DECLARES]->(s:RequirementSet)
WITH r.listed AS listed, r.prerelease AS prerelease, r.legacy AS legacy, r.requirements_read AS requirements_read,
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
RETURN listed, prerelease, legacy, requirements_read, requirements_borrowed, requirements_partial, installable,
  installable_unyanked, taken, source, needs, package, position, version, set, uploaded,
  CASE WHEN true IN file_yanked THEN file_yanked ELSE [] END AS file_yanked,
  CASE WHEN true IN file_yank_dated THEN file_yank_dated ELSE [] END AS file_yank_dated,
  CASE WHEN true IN file_time_known THEN file_time_known ELSE [] END AS file_time_known,
  CASE WHEN true IN file_time_from_incident THEN file_time_from_incident ELSE [] END AS file_time_from_incident,
  CASE WHEN true IN file_always_listed THEN file_always_listed ELSE [] END AS file_always_listed,
  CASE WHEN true IN file_wheel THEN file_wheel ELSE [] END AS file_wheel,
  CASE WHEN true IN file_sdist THEN file_sdist ELSE [] END AS file_sdist,
  CASE WHEN true IN file_kind_unknown THEN file_kind_unknown ELSE [] END AS file_kind_unknown,
  CASE WHEN any(at IN yanked_since WHERE at <> 0) THEN yanked_since ELSE [] END AS yanked_since
