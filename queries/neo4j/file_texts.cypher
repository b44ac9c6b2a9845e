// Names and hashes of files, by package number and positions of their releases.
UNWIND $rows AS row
MATCH (r:Release) WHERE r.package = row[0] AND r.position IN row[1]
RETURN collect(r.package) AS package, collect(r.position) AS position, collect(coalesce(r.filenames, [])) AS filenames,
  collect(coalesce(r.sha256, [])) AS sha256
