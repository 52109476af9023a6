-- The page that phones and nurses ask for most: the newest readings of one kind, in one round trip and as JSON.
set lock_timeout = '5s';
set statement_timeout = '60s';

-- Runs with the caller's own rights: row policies decide what is there, for the principal whose context it sets.
-- `items`: the readings, newest first, without what stands around them; null when one of them has more than a plain value
-- (a correction, a mark, another unit), which the general way shows. `p_head`: what every item begins with, `p_tail`: its end.
-- `p_first`: how far back it may look at all. A plan made anew for each call costs more than the call: row policies and partitions make it large.
create function latest_of_kind(p_principal uuid, p_org uuid, p_patient uuid, p_kind smallint, p_first timestamptz,
    p_since timestamptz, p_until timestamptz, p_most integer, p_head text, p_tail text, out items text, out n integer, out last_at timestamptz)
    language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
    since timestamptz := p_since;
begin
    perform set_config('app.principal', p_principal::text, true), set_config('app.org', coalesce(p_org::text, ''), true),
            set_config('app.one', p_patient::text, true);
    -- Found near now first, so that old months are not touched; all the past only where the last weeks hold too few.
    loop
        select case when bool_and(r.value2 is null and r.value3 is null and r.original is null and r.unit is null
                                  and r.comparator is null and r.corrects is null and r.marks is null and r.status = 0)
                    then string_agg(p_head || r.id || '","takenAt":' || to_json(r.taken_at) || ',"receivedAt":' || to_json(r.received_at)
                                    || ',"value":' || r.value || p_tail, ',') end,
               count(*), min(r.taken_at)
          into items, n, last_at
          from (select id, taken_at, received_at, value, value2, value3, original, unit, comparator, corrects, marks, status
                  from reading
                 where patient_id = p_patient and kind = p_kind and taken_at >= since and taken_at < p_until
                 order by taken_at desc, id desc
                 limit p_most) as r;
        exit when n >= p_most or since <= p_first;
        since := p_first;
    end loop;
end $$;

revoke execute on function latest_of_kind(uuid, uuid, uuid, smallint, timestamptz, timestamptz, timestamptz, integer, text, text) from public;
grant execute on function latest_of_kind(uuid, uuid, uuid, smallint, timestamptz, timestamptz, timestamptz, integer, text, text) to steady_app;
