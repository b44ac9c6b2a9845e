// Port call `packages`: columns of packages by number.
UNWIND $n AS n MATCH (p:Package {n: n})
RETURN collect(p.n) AS n, collect(p.id) AS name, collect(p.flags) AS flags, collect(p.releases) AS releases,
  collect(p.dependents) AS dependents, collect(p.downloads) AS downloads, collect(p.maintainers) AS maintainers,
  collect(p.settled) AS settled, collect(p.newest) AS newest, collect(p.speaks_until) AS speaks_until
