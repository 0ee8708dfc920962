(SELECT record_id FROM {{.Tables}}.records WHERE hasAny(deny, {{.Viewers}}) AND NOT has({{.Ours}}, owner))
