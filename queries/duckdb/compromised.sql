-- Every compromised release of every incident, and how many kept documents list it.
SELECT bad.incident, bad.package, bad.version, make_timestamp(bad.listed_from) AS listed_from,
    count(DISTINCT document.sha256) AS documents
FROM compromised_releases AS bad
LEFT JOIN components AS component ON component.package = bad.package AND component.version = bad.version
LEFT JOIN listings ON listings.component = component.id
LEFT JOIN documents AS document USING (list)
GROUP BY ALL
ORDER BY ALL;
