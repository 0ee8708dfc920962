SELECT trace_id, organisation,
        replaceOne(argMaxIf(status, seq, status NOT IN ('extended', 'overdue', 'escalated') AND NOT late), 'interim', 'acknowledged') AS stage,
        minOrNullIf(at, status = 'sent') AS sent_at,
        minOrNullIf(at, status IN ('acknowledged', 'interim', 'completed', 'failed', 'refused', 'referred') AND NOT late) AS acknowledged_at,
        minOrNullIf(at, status IN ('completed', 'failed', 'refused', 'referred') AND NOT late) AS answered_at,
        argMaxOrNullIf(answer_by, seq, answer_by IS NOT NULL) AS due, countIf(status = 'overdue') > 0 AS was_overdue,
        max(failure) AS failed_for, max(refusal) AS refused_for, sum(steps) AS steps_told, max(late) AS answered_late
    FROM {{.Tables}}.trace_addressees GROUP BY trace_id, organisation
