// Who requires a package, in which releases, under which specifier and marker?
// Parameters: $package. Example: :param package => 'litellm'
MATCH (:Package {id: $package})<-[:ON]-(g:Range)<-[q:REQUIRES]-(:RequirementSet)<-[:DECLARES]-(r:Release)
RETURN r.name AS package, g.extras AS extras, g.text AS specifier, q.marker AS marker, count(r) AS releases
ORDER BY package, extras, specifier, marker
