#Requires -Version 7.4
#Requires -Modules Microsoft.Graph.Authentication
<#
.SYNOPSIS
Creates the app registration that a collector signs in with, with the permissions of a file.

.DESCRIPTION
For an administrator to read and to run, once, in the tenant that is to be measured. It needs no
other file than the plan that the platform gives out for the tenant, which holds nothing secret. It
creates an application with the certificate of the plan and no secret, asks for exactly the
application permissions of the plan, consents to them, and gives the application the directory roles
of the plan. It refuses what is not made for reading, except two permissions that Microsoft offers
in no smaller form. What has to be done by hand is listed at the end. Run it with -WhatIf first.

.PARAMETER PermissionsPath
The plan, as JSON: tenant_id, cloud, display_name, certificate (the public part in Base64),
resources with app_id and roles, directory_roles, by_hand.

.PARAMETER CertificatePath
The public part of the certificate (.cer or .pem), where the plan holds none.

.EXAMPLE
./New-AssayApplication.ps1 -PermissionsPath ./assay-application.json -WhatIf
#>
[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
param(
    [Parameter(Mandatory)]
    [string] $PermissionsPath,

    [string] $CertificatePath = ''
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Exchange and SharePoint have no smaller form of these; the directory role and the collector,
# which reads only, keep them small.
$script:Broad = @('Exchange.ManageAsApp', 'Sites.FullControl.All')
$script:Environments = @{
    'worldwide' = @('Global', 'https://graph.microsoft.com')
    'gcc'       = @('Global', 'https://graph.microsoft.com')
    'gcc-high'  = @('USGov', 'https://graph.microsoft.us')
    'dod'       = @('USGovDoD', 'https://dod-graph.microsoft.us')
    'china'     = @('China', 'https://microsoftgraph.chinacloudapi.cn')
}
$script:Graph = ''

function Read-PermissionFile {
    # Refuses a plan of another form, and a permission that could change something.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory)] [string] $Path)
    $plan = ConvertFrom-Json -InputObject (Get-Content -LiteralPath $Path -Raw) -AsHashtable
    if ($plan['format'] -ne 1 -or -not $script:Environments.ContainsKey([string] $plan['cloud'])) {
        throw [System.ArgumentException]::new('the file is not a plan of the platform')
    }
    $ids = @($plan['tenant_id']) + @($plan['resources'] | ForEach-Object { $_['app_id'] })
    foreach ($id in $ids) {
        if ([string] $id -notmatch '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$') {
            throw [System.ArgumentException]::new("$id is not an id")
        }
    }
    if ([string] $plan['display_name'] -notmatch '^[\w .-]{1,100}$') {
        throw [System.ArgumentException]::new('the name of the application is not a plain one')
    }
    foreach ($name in @($plan['resources'] | ForEach-Object { $_['roles'] })) {
        if ($name -notmatch '\.Read(\.|$)' -and $script:Broad -notcontains $name) {
            throw [System.ArgumentException]::new("$name is not a permission to read")
        }
    }
    foreach ($name in @($plan['directory_roles'])) {
        if ($name -notmatch '^[A-Za-z ]+ Reader$') {
            throw [System.ArgumentException]::new("$name is not a role that only reads")
        }
    }
    $plan
}

function Get-PublicCertificate {
    [CmdletBinding()]
    [OutputType([System.Security.Cryptography.X509Certificates.X509Certificate2])]
    param(
        [AllowEmptyString()] [string] $Text,
        [AllowEmptyString()] [string] $Path
    )
    if ($Path) {
        $file = (Resolve-Path -LiteralPath $Path).ProviderPath
        return [System.Security.Cryptography.X509Certificates.X509Certificate2]::new($file)
    }
    if (-not $Text) {
        throw [System.ArgumentException]::new('the plan holds no certificate: give -CertificatePath')
    }
    $bytes = [Convert]::FromBase64String($Text)
    [System.Security.Cryptography.X509Certificates.X509Certificate2]::new($bytes)
}

function Get-Directory {
    # The list behind an address of the directory, first page: what is looked for is unique.
    [CmdletBinding()]
    param([Parameter(Mandatory)] [string] $Path)
    $answer = Invoke-MgGraphRequest -Method GET -Uri ($script:Graph + $Path) -OutputType HashTable
    $answer['value']
}

function Add-Directory {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [string] $Path,
        [Parameter(Mandatory)] [hashtable] $Body
    )
    $json = ConvertTo-Json -InputObject $Body -Depth 10 -Compress
    $options = @{ Body = $json; ContentType = 'application/json'; OutputType = 'HashTable' }
    Invoke-MgGraphRequest -Method POST -Uri ($script:Graph + $Path) @options
}

function Get-RequiredAccess {
    # Resources with the ids of their roles. A name that the tenant does not know is an error.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory)] [object[]] $Resource)
    foreach ($wanted in $Resource) {
        $id = $wanted['app_id']
        $principal = @(Get-Directory -Path ('/servicePrincipals?$filter=' + "appId eq '$id'"))
        if ($principal.Count -ne 1) {
            throw [System.ArgumentException]::new("the tenant has no service with the id $id")
        }
        $roles = foreach ($name in $wanted['roles']) {
            $role = @($principal[0]['appRoles'] | Where-Object { $_['value'] -eq $name })
            if ($role.Count -ne 1) {
                throw [System.ArgumentException]::new("the tenant does not know $name")
            }
            $role[0]['id']
        }
        @{ AppId = $id; PrincipalId = $principal[0]['id']; Roles = @($roles) }
    }
}

function Add-Application {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [string] $Name,
        [Parameter(Mandatory)]
        [System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate,
        [Parameter(Mandatory)] [hashtable[]] $Access
    )
    $key = @{
        type        = 'AsymmetricX509Cert'
        usage       = 'Verify'
        key         = [Convert]::ToBase64String($Certificate.RawData)
        displayName = $Certificate.Subject
    }
    $required = @(
        foreach ($resource in $Access) {
            $roles = @($resource['Roles'] | ForEach-Object { @{ id = $_; type = 'Role' } })
            @{ resourceAppId = $resource['AppId']; resourceAccess = $roles }
        }
    )
    Add-Directory -Path '/applications' -Body @{
        displayName            = $Name
        signInAudience         = 'AzureADMyOrg'
        keyCredentials         = @($key)
        requiredResourceAccess = $required
    }
}

function Add-Grant {
    # Consent to the permissions, and the directory roles.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [string] $PrincipalId,
        [Parameter(Mandatory)] [hashtable[]] $Access,
        [AllowEmptyCollection()] [string[]] $Role = @()
    )
    foreach ($resource in $Access) {
        foreach ($id in $resource['Roles']) {
            $body = @{ principalId = $PrincipalId; resourceId = $resource['PrincipalId']; appRoleId = $id }
            Add-Directory -Path "/servicePrincipals/$PrincipalId/appRoleAssignments" -Body $body | Out-Null
        }
    }
    foreach ($name in $Role) {
        $path = '/roleManagement/directory/roleDefinitions?$filter=' + "displayName eq '$name'"
        $definition = @(Get-Directory -Path $path)
        if ($definition.Count -ne 1) {
            throw [System.ArgumentException]::new("the tenant does not know the role $name")
        }
        $body = @{
            principalId      = $PrincipalId
            roleDefinitionId = $definition[0]['id']
            directoryScopeId = '/'
        }
        Add-Directory -Path '/roleManagement/directory/roleAssignments' -Body $body | Out-Null
    }
}

$plan = Read-PermissionFile -Path $PermissionsPath
$certificate = Get-PublicCertificate -Text ([string] $plan['certificate']) -Path $CertificatePath
$environment, $graph = $script:Environments[$plan['cloud']]
$script:Graph = $graph + '/v1.0'
$session = @{
    TenantId    = $plan['tenant_id']
    Environment = $environment
    NoWelcome   = $true
    Scopes      = @(
        'Application.ReadWrite.All'
        'AppRoleAssignment.ReadWrite.All'
        'RoleManagement.ReadWrite.Directory'
    )
}
Connect-MgGraph @session | Out-Null
try {
    $name = $plan['display_name']
    if (@(Get-Directory -Path ('/applications?$filter=' + "displayName eq '$name'")).Count) {
        throw [System.InvalidOperationException]::new("the tenant has an application called $name already")
    }
    $access = @(Get-RequiredAccess -Resource $plan['resources'])
    $roles = @($plan['directory_roles'])
    $granted = @($plan['resources'] | ForEach-Object { $_['roles'] })
    $what = "Create the application $name with $($granted.Count) permissions to read"
    $what += " and the directory roles $($roles -join ', ')"
    if ($PSCmdlet.ShouldProcess("tenant $($plan['tenant_id'])", $what)) {
        $application = Add-Application -Name $name -Certificate $certificate -Access $access
        $principal = Add-Directory -Path '/servicePrincipals' -Body @{ appId = $application['appId'] }
        Add-Grant -PrincipalId $principal['id'] -Access $access -Role $roles
        [pscustomobject]@{
            TenantId    = $plan['tenant_id']
            ClientId    = $application['appId']
            Permissions = $granted
            Roles       = $roles
            ByHand      = @($plan['by_hand'])
        }
    }
} finally {
    Disconnect-MgGraph | Out-Null
}
