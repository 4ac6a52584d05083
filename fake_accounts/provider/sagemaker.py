"""SageMaker: the model registry."""

from typing import ClassVar

from fake_accounts.provider.resource import AwsResource, State, given
from fake_accounts.provider.schema import POLICY, computed, optional, required
from fake_accounts.provider.tags import TagApi, as_list


class ModelPackageGroup(AwsResource):
    """`aws_sagemaker_model_package_group`. A group that holds versions can't be destroyed."""

    type_name, service, identity = "sagemaker_model_package_group", "sagemaker", "model_package_group_name"
    attributes: ClassVar = [
        required("model_package_group_name", replace=True),
        optional("model_package_group_description", replace=True),
        computed("arn"),
    ]
    tagging = TagApi("arn", "ResourceArn", read="list_tags", write="add_tags", erase="delete_tags")

    def make(self, want: State) -> State:
        answer = self.aws.create_model_package_group(
            ModelPackageGroupName=want["model_package_group_name"],
            Tags=as_list(want["tags_all"]),
            **given(want, ModelPackageGroupDescription="model_package_group_description"),
        )
        return {"arn": answer["ModelPackageGroupArn"]}

    def look(self, state: State) -> State:
        name = state["model_package_group_name"]
        found = self.aws.describe_model_package_group(ModelPackageGroupName=name)
        return {
            "arn": found["ModelPackageGroupArn"],
            "model_package_group_description": found.get("ModelPackageGroupDescription"),
        }

    def change(self, state: State, want: State) -> None:
        """Nothing of it changes in place but its tags."""

    def remove(self, state: State) -> None:
        self.aws.delete_model_package_group(ModelPackageGroupName=state["model_package_group_name"])


class ModelPackageGroupPolicy(AwsResource):
    """`aws_sagemaker_model_package_group_policy`."""

    type_name, service = "sagemaker_model_package_group_policy", "sagemaker"
    identity = "model_package_group_name"
    attributes: ClassVar = [
        required("model_package_group_name", replace=True),
        required("resource_policy", POLICY),
    ]

    def make(self, want: State) -> None:
        self.aws.put_model_package_group_policy(
            ModelPackageGroupName=want["model_package_group_name"],
            ResourcePolicy=POLICY.encode(want["resource_policy"]),
        )

    def look(self, state: State) -> State:
        name = state["model_package_group_name"]
        answer = self.aws.get_model_package_group_policy(ModelPackageGroupName=name)
        return {"resource_policy": POLICY.decode(answer["ResourcePolicy"])}

    def remove(self, state: State) -> None:
        self.aws.delete_model_package_group_policy(ModelPackageGroupName=state["model_package_group_name"])


RESOURCES = [ModelPackageGroup, ModelPackageGroupPolicy]
