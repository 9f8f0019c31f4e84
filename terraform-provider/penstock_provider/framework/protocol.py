"""What travels: the messages and methods of plugin protocol 6 (minor 10), one line a message.

``name`` then ``field:type=number``; a leading ``*`` is "repeated". Enumerations are int32 and maps
are repeated ``key``/``value`` entries: the same bytes, and nothing to generate.
"""

from __future__ import annotations

from penstock_provider.framework.protobuf import Kinds, Message

__all__ = ["METHODS", "STREAMS", "Message", "types"]

MESSAGES = """
DynamicValue msgpack:bytes=1 json:bytes=2
Diagnostic severity:int32=1 summary:string=2 detail:string=3 attribute:AttributePath=4
FunctionError text:string=1 function_argument:int64=2
Step attribute_name:string=1 element_key_string:string=2 element_key_int:int64=3
AttributePath *steps:Step=1
RawState json:bytes=1
Timestamp seconds:int64=1 nanos:int32=2
Schema version:int64=1 block:Block=2
Block version:int64=1 *attributes:Attribute=2 *block_types:NestedBlock=3 description:string=4 \
description_kind:int32=5 deprecated:bool=6
Attribute name:string=1 type:bytes=2 nested_type:Object=10 description:string=3 required:bool=4 \
optional:bool=5 computed:bool=6 sensitive:bool=7 description_kind:int32=8 deprecated:bool=9 \
write_only:bool=11
NestedBlock type_name:string=1 block:Block=2 nesting:int32=3 min_items:int64=4 max_items:int64=5
Object *attributes:Attribute=1 nesting:int32=3
Function *parameters:Parameter=1 variadic_parameter:Parameter=2 return:Return=3 summary:string=4 \
description:string=5 description_kind:int32=6 deprecation_message:string=7
Parameter name:string=1 type:bytes=2 allow_null_value:bool=3 allow_unknown_values:bool=4 \
description:string=5 description_kind:int32=6
Return type:bytes=1
ServerCapabilities plan_destroy:bool=1 get_provider_schema_optional:bool=2 \
move_resource_state:bool=3 generate_resource_config:bool=4
ClientCapabilities deferral_allowed:bool=1 write_only_attributes_allowed:bool=2
Deferred reason:int32=1
ResourceIdentityData identity_data:DynamicValue=1
SchemaEntry key:string=1 value:Schema=2
FunctionEntry key:string=1 value:Function=2
ActionSchema schema:Schema=1
ActionEntry key:string=1 value:ActionSchema=2
IdentitySchema version:int64=1 *identity_attributes:IdentityAttribute=2
IdentityAttribute name:string=1 type:bytes=2 required_for_import:bool=3 \
optional_for_import:bool=4 description:string=5
IdentityEntry key:string=1 value:IdentitySchema=2
Name name:string=1
TypeName type_name:string=1
Empty
GetMetadataResponse server_capabilities:ServerCapabilities=1 *diagnostics:Diagnostic=2 \
*data_sources:TypeName=3 *resources:TypeName=4 *functions:Name=5 \
*ephemeral_resources:TypeName=6 *list_resources:TypeName=7 *actions:TypeName=9
GetProviderSchemaResponse provider:Schema=1 *resource_schemas:SchemaEntry=2 \
*data_source_schemas:SchemaEntry=3 *functions:FunctionEntry=7 \
*ephemeral_resource_schemas:SchemaEntry=8 *list_resource_schemas:SchemaEntry=9 \
*action_schemas:ActionEntry=11 *diagnostics:Diagnostic=4 provider_meta:Schema=5 \
server_capabilities:ServerCapabilities=6
ValidateProviderConfigRequest config:DynamicValue=1
ValidateProviderConfigResponse *diagnostics:Diagnostic=2
ConfigRequest type_name:string=1 config:DynamicValue=2 client_capabilities:ClientCapabilities=3
DiagnosticsResponse *diagnostics:Diagnostic=1
UpgradeResourceStateRequest type_name:string=1 version:int64=2 raw_state:RawState=3
UpgradeResourceStateResponse upgraded_state:DynamicValue=1 *diagnostics:Diagnostic=2
GetResourceIdentitySchemasResponse *identity_schemas:IdentityEntry=1 *diagnostics:Diagnostic=2
UpgradeResourceIdentityRequest type_name:string=1 version:int64=2 raw_identity:RawState=3
UpgradeResourceIdentityResponse upgraded_identity:ResourceIdentityData=1 \
*diagnostics:Diagnostic=2
ConfigureProviderRequest terraform_version:string=1 config:DynamicValue=2 \
client_capabilities:ClientCapabilities=3
ReadResourceRequest type_name:string=1 current_state:DynamicValue=2 private:bytes=3 \
client_capabilities:ClientCapabilities=5 current_identity:ResourceIdentityData=6
ReadResourceResponse new_state:DynamicValue=1 *diagnostics:Diagnostic=2 private:bytes=3 \
deferred:Deferred=4 new_identity:ResourceIdentityData=5
PlanResourceChangeRequest type_name:string=1 prior_state:DynamicValue=2 \
proposed_new_state:DynamicValue=3 config:DynamicValue=4 prior_private:bytes=5 \
client_capabilities:ClientCapabilities=7 prior_identity:ResourceIdentityData=8
PlanResourceChangeResponse planned_state:DynamicValue=1 *requires_replace:AttributePath=2 \
planned_private:bytes=3 *diagnostics:Diagnostic=4 deferred:Deferred=6 \
planned_identity:ResourceIdentityData=7
ApplyResourceChangeRequest type_name:string=1 prior_state:DynamicValue=2 \
planned_state:DynamicValue=3 config:DynamicValue=4 planned_private:bytes=5 \
planned_identity:ResourceIdentityData=7
ApplyResourceChangeResponse new_state:DynamicValue=1 private:bytes=2 *diagnostics:Diagnostic=3 \
new_identity:ResourceIdentityData=5
ImportResourceStateRequest type_name:string=1 id:string=2 \
client_capabilities:ClientCapabilities=3 identity:ResourceIdentityData=4
ImportedResource type_name:string=1 state:DynamicValue=2 private:bytes=3 \
identity:ResourceIdentityData=4
ImportResourceStateResponse *imported_resources:ImportedResource=1 *diagnostics:Diagnostic=2
MoveResourceStateRequest source_provider_address:string=1 source_type_name:string=2 \
source_schema_version:int64=3 source_state:RawState=4 target_type_name:string=5 \
source_private:bytes=6 source_identity:RawState=7 source_identity_schema_version:int64=8
MoveResourceStateResponse target_state:DynamicValue=1 *diagnostics:Diagnostic=2 \
target_private:bytes=3 target_identity:ResourceIdentityData=4
GenerateResourceConfigRequest type_name:string=1 state:DynamicValue=2
GenerateResourceConfigResponse config:DynamicValue=1 *diagnostics:Diagnostic=2
ReadDataSourceResponse state:DynamicValue=1 *diagnostics:Diagnostic=2
OpenEphemeralResourceResponse *diagnostics:Diagnostic=1 renew_at:Timestamp=2 \
result:DynamicValue=3 private:bytes=4
EphemeralRequest type_name:string=1 private:bytes=2
RenewEphemeralResourceResponse *diagnostics:Diagnostic=1 renew_at:Timestamp=2 private:bytes=3
GetFunctionsResponse *functions:FunctionEntry=1 *diagnostics:Diagnostic=2
CallFunctionRequest name:string=1 *arguments:DynamicValue=2
CallFunctionResponse result:DynamicValue=1 error:FunctionError=2
ValidateListResourceConfigRequest type_name:string=1 config:DynamicValue=2 \
include_resource_object:DynamicValue=3 limit:DynamicValue=4
ListResourceRequest type_name:string=1 config:DynamicValue=2 include_resource_object:bool=3 \
limit:int64=4
ListResourceEvent identity:ResourceIdentityData=1 display_name:string=2 \
resource_object:DynamicValue=3 *diagnostic:Diagnostic=4
ActionRequest action_type:string=1 config:DynamicValue=2 client_capabilities:ClientCapabilities=3
PlanActionResponse *diagnostics:Diagnostic=1 deferred:Deferred=2
ActionProgress message:string=1
InvokeActionEvent progress:ActionProgress=1 completed:DiagnosticsResponse=2
StopProviderResponse Error:string=1
HealthResponse status:int32=1
"""

METHODS = {
    "GetMetadata": ("Empty", "GetMetadataResponse"),
    "GetProviderSchema": ("Empty", "GetProviderSchemaResponse"),
    "GetResourceIdentitySchemas": ("Empty", "GetResourceIdentitySchemasResponse"),
    "ValidateProviderConfig": ("ValidateProviderConfigRequest", "ValidateProviderConfigResponse"),
    "ValidateResourceConfig": ("ConfigRequest", "DiagnosticsResponse"),
    "ValidateDataResourceConfig": ("ConfigRequest", "DiagnosticsResponse"),
    "ValidateEphemeralResourceConfig": ("ConfigRequest", "DiagnosticsResponse"),
    "UpgradeResourceState": ("UpgradeResourceStateRequest", "UpgradeResourceStateResponse"),
    "UpgradeResourceIdentity": (
        "UpgradeResourceIdentityRequest",
        "UpgradeResourceIdentityResponse",
    ),
    "ConfigureProvider": ("ConfigureProviderRequest", "DiagnosticsResponse"),
    "ReadResource": ("ReadResourceRequest", "ReadResourceResponse"),
    "PlanResourceChange": ("PlanResourceChangeRequest", "PlanResourceChangeResponse"),
    "ApplyResourceChange": ("ApplyResourceChangeRequest", "ApplyResourceChangeResponse"),
    "ImportResourceState": ("ImportResourceStateRequest", "ImportResourceStateResponse"),
    "MoveResourceState": ("MoveResourceStateRequest", "MoveResourceStateResponse"),
    "GenerateResourceConfig": ("GenerateResourceConfigRequest", "GenerateResourceConfigResponse"),
    "ReadDataSource": ("ConfigRequest", "ReadDataSourceResponse"),
    "OpenEphemeralResource": ("ConfigRequest", "OpenEphemeralResourceResponse"),
    "RenewEphemeralResource": ("EphemeralRequest", "RenewEphemeralResourceResponse"),
    "CloseEphemeralResource": ("EphemeralRequest", "DiagnosticsResponse"),
    "GetFunctions": ("Empty", "GetFunctionsResponse"),
    "CallFunction": ("CallFunctionRequest", "CallFunctionResponse"),
    "ValidateListResourceConfig": ("ValidateListResourceConfigRequest", "DiagnosticsResponse"),
    "ValidateActionConfig": ("ConfigRequest", "DiagnosticsResponse"),
    "PlanAction": ("ActionRequest", "PlanActionResponse"),
    "StopProvider": ("Empty", "StopProviderResponse"),
}
"""Calls with one answer: the names of request and response."""

STREAMS = {
    "ListResource": ("ListResourceRequest", "ListResourceEvent"),
    "InvokeAction": ("ActionRequest", "InvokeActionEvent"),
}
"""Calls with any number of answers: the names of request and event."""

types = Kinds(MESSAGES)
