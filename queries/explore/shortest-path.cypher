// By which chain of requirements could a package come to this release? One shortest chain; versions are looked at
// only as far as each step's ranges admit some release, so it is a lead and no verdict (`graphkit why` gives that).
// Parameters: $package and $target, names. Example: :param {package: 'dspy', target: 'litellm'}
MATCH (a:Package {id: $package}), (b:Package {id: $target})
MATCH path = ANY SHORTEST (a) ((:Package)<-[:RELEASE_OF]-(:Release)-[:DECLARES]->(:RequirementSet)-[:REQUIRES]->(:Range)
      -[:ON]->(:Package)){1,8} (b)
RETURN [n IN nodes(path) WHERE n:Package | n.id] AS packages,
  [n IN nodes(path) WHERE n:Range | n.text] AS specifiers
