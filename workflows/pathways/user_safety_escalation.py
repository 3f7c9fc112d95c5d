"""The default pathway, as an engineer would write it: intake, triage, legal, policy, closure.

It issues the same commands as the runbook of the same name (a test proves it). Effects that an
outcome orders stay in the runbook's data, where Legal can read them.
"""

from workflows.course import Course


async def user_safety_escalation(course: Course) -> None:
    """Nothing is done to anybody before Legal found it lawful and Policy signed it off."""
    while True:
        match await course.stage("triage"):
            case "threat-to-life":
                await course.move_to("imminent-threat-to-life")
                break
            case "no-violation":
                break
        match await course.stage("legal-review"):
            case "more-information":
                continue
            case "rejected":
                break
        match await course.stage("policy-sign-off"):
            case "more-information":
                continue
            case "approved" | "rejected":
                break
    await course.stage("closure")
