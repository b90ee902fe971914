"""Whatever is asked of a certificate, in whatever order, it stays a true one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.certificates.domain.certificates import Certificate
from services.certificates.domain.states import TRANSITIONS, Command, Reason, Status
from services.kernel.errors import Refusal
from tests.unit.certificates import samples
from tests.unit.fakes import NOW

GROUNDS = ("", samples.case_number(), samples.case_number())
grounds = st.sampled_from(GROUNDS)


class CertificateMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.certificate = samples.certificate(valid_until=NOW + timedelta(days=40))
        self.first = self.certificate
        self.accepted = 0
        self.renewals = 0
        self.told = [(NOW, Status.VALID)]

    @rule(hours=st.integers(0, 300))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.told.append((self.now, self.certificate.status(self.now)))

    @rule(ground=grounds)
    def suspend(self, ground: str) -> None:
        again = ground in self.certificate.grounds
        after = self.ask(
            Command.SUSPEND,
            lambda: self.certificate.suspend(ground, Reason.GRAVE_FINDING, now=self.now),
            "ALREADY_SUSPENDED" if again else None,
        )
        assert after is None or ground in after.grounds

    @rule(ground=grounds)
    def lift(self, ground: str) -> None:
        left = [each for each in self.certificate.grounds if each != ground]
        after = self.ask(
            Command.LIFT if left else Command.RESUME,
            lambda: self.certificate.lift(ground, Reason.RECTIFIED, now=self.now),
        )
        assert after is None or list(after.grounds) == left

    @rule(ground=grounds)
    def resume(self, ground: str) -> None:
        self.ask(Command.RESUME, lambda: self.certificate.resume(ground, now=self.now))

    # Seldom, since little happens afterwards.
    @rule(ground=grounds, really=st.integers(0, 5))
    def revoke(self, ground: str, really: int) -> None:
        if really == 0:
            self.ask(Command.REVOKE, lambda: self.certificate.revoke(ground, now=self.now))

    @rule(days=st.integers(1, 2000))
    def renew(self, days: int) -> None:
        until = self.now + timedelta(days=days)
        after = self.ask(
            Command.RENEW,
            lambda: self.certificate.renew(samples.FOOD, until, now=self.now),
            "INVALID_ARGUMENT" if days > samples.FOOD.valid_days else None,
        )
        self.renewals += after is not None

    @rule()
    def use(self) -> None:
        self.ask(Command.USE, lambda: self.certificate.use(now=self.now))

    def ask(
        self, command: Command, change: Callable[[], Certificate], why_not: str | None = None
    ) -> Certificate | None:
        before = self.certificate.status(self.now)
        expected = "WRONG_STATE" if (before, command) not in TRANSITIONS else why_not
        try:
            after = change()
        except Refusal as refusal:
            assert refusal.reason == expected
            return None
        assert expected is None
        assert after.status(self.now) is TRANSITIONS[before, command]
        self.certificate = after
        self.accepted += 1
        return after

    @invariant()
    def every_change_is_one_version(self) -> None:
        assert self.certificate.version == 1 + self.accepted
        versions = [each.version for each in self.certificate.history]
        assert versions == sorted(set(versions))
        assert versions[-1] <= self.certificate.version

    @invariant()
    def it_is_suspended_as_long_as_there_is_a_ground(self) -> None:
        held = self.certificate
        assert (held.changed.status is Status.SUSPENDED) == bool(held.grounds)
        assert len(set(held.grounds)) == len(held.grounds)

    @invariant()
    def its_versions_are_a_chain(self) -> None:
        editions = self.certificate.editions
        assert len(editions) == 1 + self.renewals
        assert all(later.identifier == each.identifier.next() for each, later in pairwise(editions))
        replaced = {self.certificate.status_of(each.identifier, self.now) for each in editions[:-1]}
        assert replaced <= {Status.REPLACED}

    @invariant()
    def who_holds_it_and_what_it_is_never_change(self) -> None:
        first, now = self.first, self.certificate
        assert (now.id, now.holder, now.number, now.issuer) == (first.id, first.holder, first.number, first.issuer)

    @invariant()
    def the_history_says_now_what_the_certificate_says(self) -> None:
        assert self.certificate.status_at(self.now) is self.certificate.status(self.now)
        assert self.certificate.status_at(NOW - timedelta(seconds=1)) is None

    def teardown(self) -> None:
        # What was told of a moment is told again later, unless a change came at the same moment.
        changed = {each.since for each in self.certificate.history}
        for moment, status in self.told:
            if moment not in changed:
                assert self.certificate.status_at(moment) is status


CertificateMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=15)
TestCertificate = CertificateMachine.TestCase
