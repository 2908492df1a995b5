# Fabric and Power BI: the tenant settings, by REST.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

[ordered]@{
    'fabric.tenant_settings' = @{
        Get = '/v1/admin/tenantsettings'
        List = @('value', 'tenantSettings')
        Select = @(
            'settingName', 'title', 'enabled', 'enabledSecurityGroups', 'properties'
            'excludedSecurityGroups', 'delegateToCapacity', 'delegateToDomain'
            'delegateToWorkspace'
        )
    }
}
