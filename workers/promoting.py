"""A build of the workers is made the current one: new cases, and open ones by auto-upgrade."""

from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workers.errors import NotSetUpError
from workers.worker import DEPLOYMENT


async def promote(client: Client, build_id: str) -> str:
    """Cases go on with workers of that build; the build that was current before is returned."""
    service = client.workflow_service
    try:
        known = await service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=DEPLOYMENT)
        )
        done = await service.set_worker_deployment_current_version(
            SetWorkerDeploymentCurrentVersionRequest(
                namespace=client.namespace,
                deployment_name=DEPLOYMENT,
                build_id=build_id,
                conflict_token=known.conflict_token,
                identity=client.identity,
            )
        )
    except RPCError as error:
        if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION):
            message = f"no worker of build {build_id} polls, so cases would wait for nobody"
            raise NotSetUpError(
                message, mend=f"Start one first: escalate worker --build-id {build_id}"
            ) from error
        raise
    return str(done.previous_deployment_version.build_id)
