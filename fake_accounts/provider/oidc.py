"""IAM: identity providers, whom GitHub Actions and other CI servers are known by."""

from typing import ClassVar

from fake_accounts.provider.resource import AwsResource, State
from fake_accounts.provider.schema import STRING_LIST, STRINGS, Alike, chosen, computed, required
from fake_accounts.provider.tags import TagApi, as_list


class OpenIdConnectProvider(AwsResource):
    """`aws_iam_openid_connect_provider`. Without thumbprints AWS looks for them at the URL itself."""

    type_name, service, identity = "iam_openid_connect_provider", "iam", "arn"
    attributes: ClassVar = [
        required("url", Alike(lambda url: url.removeprefix("https://")), replace=True),
        required("client_id_list", STRINGS),
        chosen("thumbprint_list", STRING_LIST),
        computed("arn"),
    ]
    tagging = TagApi(
        "arn",
        "OpenIDConnectProviderArn",
        read="list_open_id_connect_provider_tags",
        write="tag_open_id_connect_provider",
        erase="untag_open_id_connect_provider",
    )

    def make(self, want: State) -> State:
        answer = self.aws.create_open_id_connect_provider(
            Url=want["url"],
            ClientIDList=want["client_id_list"],
            Tags=as_list(want["tags_all"]),
            **(
                {"ThumbprintList": want["thumbprint_list"]}
                if isinstance(want["thumbprint_list"], list)
                else {}
            ),
        )
        return {"arn": answer["OpenIDConnectProviderArn"]}

    def look(self, state: State) -> State:
        found = self.aws.get_open_id_connect_provider(OpenIDConnectProviderArn=state["arn"])
        return {
            "url": found["Url"],  # without its scheme
            "client_id_list": found.get("ClientIDList", []),
            "thumbprint_list": found.get("ThumbprintList", []),
        }

    def change(self, state: State, want: State) -> None:
        provider = {"OpenIDConnectProviderArn": state["arn"]}
        old, new = state["client_id_list"], want["client_id_list"]
        if state["thumbprint_list"] != want["thumbprint_list"]:
            self.aws.update_open_id_connect_provider_thumbprint(
                **provider, ThumbprintList=want["thumbprint_list"]
            )
        for added in sorted(set(new) - set(old)):
            self.aws.add_client_id_to_open_id_connect_provider(**provider, ClientID=added)
        for gone in sorted(set(old) - set(new)):
            self.aws.remove_client_id_from_open_id_connect_provider(**provider, ClientID=gone)

    def remove(self, state: State) -> None:
        self.aws.delete_open_id_connect_provider(OpenIDConnectProviderArn=state["arn"])


RESOURCES = [OpenIdConnectProvider]
