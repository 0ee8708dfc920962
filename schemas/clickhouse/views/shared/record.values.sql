    r.record_id, r.owner, o.country, r.category,
    if(r.category IN ('lost', 'stolen', 'trafficked', 'smuggled'), 'wanted', 'recovered'),
    multiIf(s.status != '', s.status, r.retain_until < toDate32({{.}}), 'expired', 'active'),
    r.type, r.action, r.make, r.model, r.calibre, r.country_of_manufacture, r.made_year_min, r.made_year_max,
    if(r.mark_id = 0, '', lower(leftPad(hex(r.mark_id), 16, '0'))), r.mark_status, toDecimal32(r.mark_millibits, 3) / 1000,
    r.incident_country, r.subdivision, r.incident_min, r.incident_max, r.circumstance, r.operation, r.channel, r.hs_code,
    r.origin_status, r.diversion_country, r.diversion_min, r.diversion_max, r.diversion_kind,
    if(r.revision = 1, r.at, f.at), greatest(r.at, s.at), r.revision, r.retain_until, r.source_system
