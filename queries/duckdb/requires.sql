-- Which releases require a package, and how they put it.
SET VARIABLE package = 'litellm';

SELECT metadata.package, metadata.version, requirement.extras, requirement.specifier, requirement.marker,
    metadata.source
FROM requirements AS requirement
JOIN requirement_members AS member ON member.requirement = requirement.id
JOIN release_metadata AS metadata USING (requirement_set)
WHERE requirement.package = getvariable('package')
ORDER BY ALL;
