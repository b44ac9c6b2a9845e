// Port call `packages`: columns of packages by number.
UNWIND $n AS n MATCH (p:Package {n: n})
RETURN collect(p.n) AS n, collect(p.id) AS name, collect(p.releases) AS releases, collect(p.dependents) AS dependents,
  collect(p.downloads) AS downloads, collect(p.maintainers) AS maintainers, collect(p.settled) AS settled,
  collect(p.newest) AS newest, collect(p.speaks_until) AS speaks_until, collect(p.page_read) AS page_read,
  collect(p.page_empty) AS page_empty, collect(p.missing) AS missing, collect(p.quarantined) AS quarantined,
  collect(p.newest_only) AS newest_only, collect(p.times_assumed) AS times_assumed
