"""One example for every command: shown at the end of its help, and each one is parsed by a test."""

from collections.abc import Iterator

import typer
from typer.models import CommandInfo, TyperInfo

EXAMPLES = {
    "access log": "escalate access log 1042 --json",
    "access explain": "escalate access explain luca decide 1042 --gate legal-review",
    "access lint": "escalate access lint policies/",
    "access schema": "escalate access schema",
    "access open": "escalate access open 1042 --reason 'a child may be in danger now'",
    "access close": "escalate access close 6f1d1c1e-0b5e-4b8e-9f55-0f3f6d2c9a11",
    "access emergencies": "escalate access emergencies",
    "access review": "escalate access review 6f1d1c1e-0b5e-4b8e-9f55-0f3f6d2c9a11 in-order",
    "access ask": "escalate access ask 1042 --reason 'the same people as in case 1044' --for 4h",
    "access requests": "escalate access requests --json",
    "access grant": "escalate access grant 6f1d1c1e-0b5e-4b8e-9f55-0f3f6d2c9a11 --for 2h",
    "access refuse": "escalate access refuse 6f1d1c1e-0b5e-4b8e-9f55-0f3f6d2c9a11 --reason 'no'",
    "access revoke": "escalate access revoke 6f1d1c1e-0b5e-4b8e-9f55-0f3f6d2c9a11",
    "audit export": "escalate audit export 1042 --out exports/1042",
    "audit verify": "escalate audit verify exports/1042 --keys root.json --policy policy",
    "audit replay": "escalate audit replay --all --closed 7d",
    "backup": "escalate backup backups/2026-11-22",
    "restore": "escalate restore backups/2026-11-22 --erased old-home/erased",
    "demo": "escalate demo --auto --json --out demo-out",
    "login": "escalate login --url https://escalate.example",
    "logout": "escalate logout",
    "inbox": "escalate inbox --all",
    "up": "escalate up",
    "keys public": "escalate keys public > root.json",
    "log show": "escalate log show --json",
    "log checkpoint": "escalate log checkpoint --since kept/checkpoint",
    "log witness": "escalate log witness witness --log example.org/log+… --name w.example/1",
    "keys build": "escalate keys build",
    "keys certify-build": "escalate keys certify-build --overlap 7",
    "keys workers": "escalate keys workers --json",
    "keys revoke-worker": "escalate keys revoke-worker 3f9c2a71b0d4e688 --reason 'machine lost'",
    "keys renew-log": "escalate keys renew-log",
    "keys retire-log": "escalate keys retire-log",
    "keys sign-keyring": "escalate keys sign-keyring --revoke 3f9c2a71b0d4e688",
    "keys keyring": "escalate keys keyring --json",
    "log proof": "escalate log proof 1042 7 --stream door > 7.tlog-proof",
    "log verify": "escalate log verify /var/lib/escalate/log --keys root.json",
    "log break-glass list": "escalate log break-glass list --json",
    "log break-glass open": "escalate log break-glass open --reason 'danger now' --minutes 30",
    "log break-glass confirm": "escalate log break-glass confirm 1 --reason 'spoke to her'",
    "log break-glass end": "escalate log break-glass end 1 --reason 'it is written again'",
    "log break-glass review": "escalate log break-glass review 1 --reason 'one case, rightly'",
    "keys renew-door": "escalate keys renew-door",
    "keys list": "escalate keys list --json",
    "keys rotate-kek": "escalate keys rotate-kek",
    "keys retire-kek": "escalate keys retire-kek 3f9c2a71b0d4e688",
    "keys revoke": "escalate keys revoke 3f9c2a71b0d4e688 --address 127.0.0.1:7233",
    "passkey list": "escalate passkey list --json",
    "passkey confirm": "escalate passkey confirm dGhlIGtleSdzIGlk",
    "passkey revoke": "escalate passkey revoke dGhlIGtleSdzIGlk",
    "config reference": "escalate config reference --match smtp",
    "doctor": "escalate doctor --live",
    "doctor alarms": "escalate doctor alarms",
    "doctor clear": "escalate doctor clear notice-lost KEY",
    "engine": "escalate engine --json",
    "on-call": "escalate on-call --at 2026-11-22T03:00:00Z",
    "worker": "escalate worker --build-id 2026-11-22",
    "worker promote": "escalate worker promote 2026-11-22",
    "gateway": "ESCALATE_ENGINE__ADDRESS=127.0.0.1:7233 escalate gateway",
    "watch": "escalate watch",
    "case open": "escalate case open --tag fraud --field form=removal-order --about account-9",
    "case list": "escalate case list --status held",
    "case show": "escalate case show 1042",
    "case timeline": "escalate case timeline 1042 --json",
    "case explain": "escalate case explain 1042",
    "case at": "escalate case at 1042 2026-11-22T15:00",
    "case diff": "escalate case diff 1042 2026-11-22T15:00 2026-11-22T18:00",
    "case answer": "escalate case answer 1042 danger=no kind=fraud",
    "case complete": "escalate case complete 1042 escalate --note 'two reports agree'",
    "case reply": "escalate case reply 1042 legal-review/1 'the account is a business'",
    "case messages": "escalate case messages 1042",
    "case memo": "escalate case memo 1042 --gate legal-review facts=- < facts.txt",
    "case evidence": "escalate case evidence 1042 --label chat --reference vault://17 --file x.txt",
    "case observe": "escalate case observe 1042 lock-accounts --checked 40 --wrong 1",
    "case roll-back": "escalate case roll-back 1042 lock-accounts --reason 'a wrong list'",
    "case call-back": "escalate case call-back 1042 confirmed --agency 'City police' "
    "--number 555-0100 --source 'the city's own directory' --called-at 2026-11-22T15:00",
    "case receipt": "escalate case receipt 1042 apply-action done --reference OPS-7",
    "case decide": "escalate case decide 1042 reject --gate legal-review --reason 'no basis'",
    "case dissent": "escalate case dissent 1042 --gate legal-review --reason 'facts are thin'",
    "case withdraw": "escalate case withdraw 1042 --gate legal-review",
    "case revoke": "escalate case revoke 1042 --gate legal-review --reason 'a fact was wrong'",
    "case break-glass": "escalate case break-glass 1042 --reason 'no counsel answers'",
    "case comment": "escalate case comment 1042 'counsel was asked' --restricted-to legal "
    "--privileged",
    "case comments": "escalate case comments 1042",
    "case task": "escalate case task 1042 'Ask the bank for the trail' --to triage --due 2d "
    "--before-closing",
    "case tasks": "escalate case tasks 1042 --json",
    "case hand-on": "escalate case hand-on 1042 task-1 --person tessa",
    "case finish": "escalate case finish 1042 task-1 done --reference OPS-9",
    "away list": "escalate away list",
    "away set": "escalate away set --until 2026-12-24T09:00 --delegate luca --role legal",
    "away end": "escalate away end 6f1d1c1e-0b5e-4b8e-9f55-0f3f6d2c9a11",
    "case acknowledge": "escalate case acknowledge 1042 --conflicted",
    "case claim": "escalate case claim 1042",
    "case hand-over": "escalate case hand-over 1042 triage tariq --note 'the bank calls at four'",
    "case accept": "escalate case accept 1042 triage",
    "case assign": "escalate case assign 1042 legal lena",
    "case hold": "escalate case hold 1042 --review-at 2d --reason 'waits for the court'",
    "case report": "escalate case report 1042 statement --out statement.html",
    "case resume": "escalate case resume 1042",
    "case severity": "escalate case severity 1042 SEV1 --reason 'a second victim' --until 1h",
    "case rules": "escalate case rules --json",
    "case raise": "escalate case raise 1042 deputy-counsel --reason 'nobody answers'",
    "case move": "escalate case move 1042 terrorist-content-removal-order --reason 'it is one'",
    "case attach": "escalate case attach 1042 1040",
    "case suppressed": "escalate case suppressed",
    "case release": "escalate case release standard:evt-17",
    "case split": 'escalate case split 1040 --reason "another person is meant"',
    "case close": "escalate case close 1042 --disposition actioned --record - < record.txt",
    "case cancel": "escalate case cancel 1042 --reason 'a test'",
    "case link": "escalate case link 1042 1040 --as sub-case",
    "case bulk list": "escalate case bulk list --json",
    "case bulk preview": "escalate case bulk preview hold --stage triage --review-at 2d "
    "--reason 'one wave'",
    "case bulk run": "escalate case bulk run severity --case 1042 --case 1043 --new SEV2 "
    "--reason 'calmer'",
    "case bulk show": "escalate case bulk show 12",
    "case bulk confirm": "escalate case bulk confirm 12",
    "case bulk undo": "escalate case bulk undo 12 --preview",
    "case merge": "escalate case merge 1042 1040 --reason 'one and the same account'",
    "case unmerge": "escalate case unmerge 1040 --reason 'two people after all'",
    "case erase": "escalate case erase 1042 --basis retention-over --reason 'three years are over'",
    "case erasure": "escalate case erasure 1042 --json",
    "case custody": "escalate case custody 1042 chat accessed --file chat.txt --reason 'review'",
    "erasure list": "escalate erasure list --json",
    "erasure agree": "escalate erasure agree 6f1d1c1e-0b5e-4b8e-9f55-0f3f6d2c9a11 --code 123456",
    "erasure withdraw": "escalate erasure withdraw 6f1d1c1e-0b5e-4b8e-9f55-0f3f6d2c9a11 "
    "--reason 'a claim came in'",
    "legal-hold list": "escalate legal-hold list --json",
    "legal-hold set": "escalate legal-hold set --case 1042 --matter 'X v. Y' --review-at 90d "
    "--reason 'a claim is announced'",
    "legal-hold keep": "escalate legal-hold keep 6f1d1c1e-0b5e-4b8e-9f55-0f3f6d2c9a11 "
    "--review-at 90d --reason 'still pending'",
    "legal-hold lift": "escalate legal-hold lift 6f1d1c1e-0b5e-4b8e-9f55-0f3f6d2c9a11 "
    "--reason 'settled'",
    "legal-hold agree": "escalate legal-hold agree 6f1d1c1e-0b5e-4b8e-9f55-0f3f6d2c9a11",
    "retention list": "escalate retention list --json",
    "retention due": "escalate retention due --json",
    "case reopen": "escalate case reopen 1042 --to triage --reason 'a new report of the same'",
    "clocks list": "escalate clocks list --jurisdiction EU --on 2026-11-22",
    "clocks show": "escalate clocks show EU-TCO3-1h",
    "clocks resolve": "escalate clocks resolve facts.yaml",
    "clocks due": "escalate clocks due US-SEC-105 --from 2026-12-23T16:59-05:00",
    "case settle": "escalate case settle 1042 recheck-7d all-quiet",
    "case extend": "escalate case extend 1042 lessons --until 3d --reason 'one reviewer is ill'",
    "deliveries list": "escalate deliveries list --state dead",
    "deliveries mails": "escalate deliveries mails --json",
    "deliveries show": "escalate deliveries show zendesk:invocation-17",
    "deliveries redeliver": "escalate deliveries redeliver zendesk:invocation-17",
    "deliveries drift": "escalate deliveries drift",
    "deliveries accept": "escalate deliveries accept 1042 wrong-queue --reason 'theirs now'",
    "deliveries subscribe": "escalate deliveries subscribe warehouse https://events.example/in "
    "--kind gate --kind case:closed",
    "deliveries unsubscribe": "escalate deliveries unsubscribe warehouse",
    "deliveries resume": "escalate deliveries resume warehouse",
    "deliveries subscriptions": "escalate deliveries subscriptions --json",
    "runbook new": "escalate runbook new account-takeover --runbooks team",
    "runbook list": "escalate runbook list --json",
    "runbook lint": "escalate runbook lint team/account-takeover.yaml",
    "runbook show": "escalate runbook show user-safety-escalation",
    "runbook table": "escalate runbook table user-safety-escalation --answers danger=no",
    "runbook render": "escalate runbook render user-safety-escalation --as svg --out pathway.svg",
    "runbook diff": "escalate runbook diff account-takeover@1.0.0 team/account-takeover.yaml",
    "runbook taxonomies": "escalate runbook taxonomies dsa-categories@2.0.0",
    "runbook schema": "escalate runbook schema > runbook.schema.json",
    "runbook release": "escalate runbook release user-safety-escalation --approve",
    "runbook simulate": "escalate runbook simulate --cases 100 --faults no-shows --out week",
    "runbook backtest": "escalate runbook backtest my-team.yaml --cases week --out backtest",
    "runbook shadow": "escalate runbook shadow user-safety-escalation --since 2026-11-22",
    "runbook migrate": "escalate runbook migrate user-safety-escalation --to 1.1.0",
    "runbook retire": "escalate runbook retire user-safety-escalation --version 1.0.0",
}
"""By the words that call the command."""


def add_to(app: typer.Typer, *, name: str = "", alone: bool = False) -> None:
    """Every command's help ends with its example, unless its own text has one."""
    for path, command in commands(app, name=name, alone=alone):
        example = EXAMPLES.get(path)
        text = command.callback.__doc__ if command.callback is not None else None
        # A group's own help text hides what its callback says.
        said = "Example:" in (text or "") and isinstance(command, CommandInfo)
        if example is not None and not said:
            command.epilog = f"Example: {example}"


def commands(
    app: typer.Typer, *, name: str = "", alone: bool = False
) -> Iterator[tuple[str, CommandInfo | TyperInfo]]:
    """Every command by the words that call it, groups that run by themselves included.

    `name` is what `app` itself is called; `alone` if it is one command under that name.
    """
    under = f"{name} " if name and not alone else ""
    itself = app.registered_callback
    if itself is not None and itself.invoke_without_command is True:
        yield name, itself
    for command in app.registered_commands:
        callback = command.callback
        own = command.name or (callback.__name__.replace("_", "-") if callback else "")
        yield f"{under}{name if alone else own}", command
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from commands(group.typer_instance, name=f"{under}{group.name}")
