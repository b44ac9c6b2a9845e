// Which packages' releases would have taken this release directly at that instant: it is the newest final one that
// their requirement admits, was listed, and was not yanked? (Markers and other requirements are not looked at.)
// Parameters: $release, an id; $at, an instant. Example: :param {release: 'litellm@1.82.8', at: '2026-03-24T11:00:00Z'}
WITH datetime($at).epochMillis * 1000 AS at
MATCH (x:Release {id: $release})-[:RELEASE_OF]->(p:Package)<-[:ON]-(g:Range)
WHERE NOT g.unreadable AND any(i IN range(0, size(coalesce(g.lo, [])) - 1) WHERE g.lo[i] <= x.position < g.hi[i])
MATCH (y:Release)-[:RELEASE_OF]->(p)
WHERE NOT y.prerelease AND NOT y.legacy
  AND any(i IN range(0, size(coalesce(g.lo, [])) - 1) WHERE g.lo[i] <= y.position < g.hi[i])
  AND any(i IN range(0, size(coalesce(y.uploaded, [])) - 1) WHERE y.file_time_known[i] AND y.uploaded[i] <= at AND
    (NOT y.file_yanked[i] OR y.yanked_since[i] > at))
  AND NOT EXISTS { (:Incident)-[c:COMPROMISES]->(y) WHERE c.listed_from > at }
WITH g, x, max(y.position) AS newest
WHERE newest = x.position
MATCH (g)<-[q:REQUIRES]-(:RequirementSet)<-[:DECLARES]-(r:Release)
RETURN r.name AS package, count(DISTINCT r) AS releases, collect(DISTINCT g.text)[..3] AS specifiers
ORDER BY package
