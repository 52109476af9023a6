-- A person's rights over her record: who looks for snoopers (ACC-9).
set lock_timeout = '5s';
set statement_timeout = '60s';

-- The worker looks for patterns in who opened what, never at what was found there.
grant select (actor, actor_kind, patient_id, what, action) on audit to steady_worker;
