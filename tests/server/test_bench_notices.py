"""NUM-3: the bench's own mail server knows a message by its key, and a run that does not hold is one that failed."""

import time
from uuid import UUID

from msgspec.structs import replace
from uuid_utils.compat import uuid7

from server.bench_mail import MailSink
from server.bench_notices import Line, Report, is_kept, told
from server.notices.mail import Smtp, SmtpNotifier
from server.notices.notifier import Message, Said


async def test_num_3_the_mail_server_says_when_it_had_a_message_whole() -> None:
    with MailSink() as sink:
        one = Message(id=UUID(str(uuid7())), address="a@example.org", subject="Steady: 1 urgent", body="1 urgent.", link="https://x/")
        before = time.time()
        assert await SmtpNotifier(Smtp(host="127.0.0.1", port=sink.port)).send(one) == Said("accepted", "250")
        assert list(sink.taken) == [str(one.id)]
        assert before <= sink.taken[str(one.id)] <= time.time()


def test_num_3_a_late_or_lost_red_fails_the_run() -> None:
    line = Line(name="quiet", reds=60, rate=1.0, p50_s=0.4, p99_s=1.9, worst_s=2.5, limit_s=2.0)
    report = Report(lines=[line], readings=100, lost=0)
    assert is_kept(report)
    assert "lost: 0; 100 ordinary readings" in told(report)
    assert not is_kept(replace(report, lost=1))
    assert not is_kept(replace(report, lines=[replace(line, p99_s=2.1)]))
    assert not is_kept(replace(report, lines=[replace(line, worst_s=15.1)]))
