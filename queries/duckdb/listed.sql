-- Which documents list a package, at which version, and which service each document describes.
SET VARIABLE package = 'litellm';

SELECT component.version, document.path, document.kind, make_timestamp(document.created) AS created,
    described.service, make_timestamp(described.built_at) AS built_at
FROM components AS component
JOIN listings ON listings.component = component.id
JOIN documents AS document USING (list)
LEFT JOIN document_uses AS described ON described.document = document.sha256
WHERE component.package = getvariable('package')
ORDER BY ALL;
