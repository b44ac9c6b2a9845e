-- Every file of a package's releases, oldest first, and whether the newest page still lists the release.
-- Run with: duckdb -readonly GRAPH/graph.duckdb < releases.sql
SET VARIABLE package = 'litellm';

SELECT file.version_key AS version, file.filename, make_timestamp(file.uploaded) AS uploaded, file.yanked,
    release.page = newest.page AS listed
FROM files AS file
JOIN page_releases AS release USING (package, version_key)
JOIN (SELECT package, arg_max(page, read_at) AS page FROM pages GROUP BY package) AS newest USING (package)
WHERE package = getvariable('package')
ORDER BY file.uploaded, file.filename;
