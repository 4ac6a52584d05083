"""The model registry in scenarios: its versions, the approver, and which version a run used."""

from __future__ import annotations

from typing import Any

from harness.scenario import Execution, World

APPROVER = "model-approver-role"


class Registry:
    """The group's versions, told as this scenario's first, second, ...

    The registry never gives a number again, so on a harness that has seen other scenarios the first is not 1.
    """

    def __init__(self, world: World, group: str) -> None:
        self._world = world
        self._group = group

    def versions(self) -> list[Any]:
        """The summaries of all versions, the oldest first."""
        listed = self._world.client("registry", "sagemaker").list_model_packages(
            ModelPackageGroupName=self._group, SortBy="CreationTime", SortOrder="Ascending", MaxResults=100
        )
        return list(listed["ModelPackageSummaryList"])

    def decide(self, nth: int, status: str) -> None:
        """The registry's approver sets a version's approval status."""
        package = self._nth(nth, status)
        approver = self._world.assumed("registry", APPROVER, "approver").client("sagemaker")
        approver.update_model_package(ModelPackageArn=package["ModelPackageArn"], ModelApprovalStatus=status)
        self._world.show(f"{APPROVER} sets version {package['ModelPackageVersion']} to {status}")

    def expect(self, nth: int, status: str) -> None:
        """That the version is there, with this approval status."""
        package = self._nth(nth, status)
        number, found = package["ModelPackageVersion"], package["ModelApprovalStatus"]
        self._world.expect(found == status, f"version {number} to be {status}", f"it is {found}")
        self._world.show(f"registry: version {number} is {status}")

    def expect_used(self, execution: Execution, nth: int) -> None:
        """That the run used this version: by what its Lambda step answered."""
        answered = execution.step("Mammo-LatestApprovedModel")["Metadata"]["Lambda"]["OutputParameters"]
        outputs = {o["Name"]: o["Value"] for o in answered}
        used = outputs["model_package_arn"]
        wanted = self._nth(nth, "used")["ModelPackageArn"]
        self._world.expect(used == wanted, f"the run to use {wanted}", f"it used {used}", execution)
        self._world.show(f"the run used version {used.rsplit('/', 1)[-1]}: {outputs['model_data_url']}")

    def _nth(self, nth: int, wanted: str) -> Any:
        found = self.versions()
        numbers = ", ".join(str(p["ModelPackageVersion"]) for p in found) or "none"
        self._world.expect(
            len(found) >= nth,
            f"{nth} version{'s' * (nth > 1)} in the registry, one to be {wanted}",
            f"it has {numbers}",
        )
        return found[nth - 1]
