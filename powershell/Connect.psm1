# App-only sign-in, one service a process, and the tenant id that the session itself proves.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$script:Modules = @{
    graph      = 'Microsoft.Graph.Authentication'
    exchange   = 'ExchangeOnlineManagement'
    purview    = 'ExchangeOnlineManagement'
    sharepoint = 'PnP.PowerShell'
    teams      = 'MicrosoftTeams'
    fabric     = ''
}
$script:Session = @{ Service = ''; Base = ''; Suffix = '' }
$script:SignIn = @{}
$script:Token = ''

function Import-ServiceModule {
    # Versions by name, for the hello line. Throws when the module is not there.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory)] [string] $Service)
    $versions = @{}
    $name = $script:Modules[$Service]
    if ($name) {
        $env:PNPPOWERSHELL_UPDATECHECK = 'Off'
        $env:PNPPOWERSHELL_DISABLETELEMETRY = 'true'
        $module = Import-Module -Name $name -Global -DisableNameChecking -PassThru -ErrorAction Stop
        $versions[$name] = [string] @($module)[0].Version
    }
    $versions
}

function Connect-Service {
    # Signs in and returns the tenant id that the session proves.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)] [string] $Service,
        [Parameter(Mandatory)] [hashtable] $Tenant,
        [Parameter(Mandatory)] [hashtable] $SignIn,
        [string[]] $Command = @()
    )
    $cloud = Get-Cloud -Name ([string] $Tenant['cloud'])
    $script:SignIn = @{
        Tenant      = [string] $Tenant['tenant_id']
        Domain      = [string] $Tenant['domain']
        Client      = [string] $SignIn['client_id']
        Certificate = Get-RequestCertificate -SignIn $SignIn
        Secret      = $SignIn
        Cloud       = $cloud
        Command     = $Command
    }
    $script:Session = @{ Service = $Service; Base = ''; Suffix = $cloud['SharePoint'] }
    switch ($Service) {
        'graph' { Connect-GraphService }
        'exchange' { Connect-ExchangeService }
        'purview' { Connect-PurviewService }
        'sharepoint' { Connect-SharePointService }
        'teams' { Connect-TeamsService }
        'fabric' { Connect-FabricService }
    }
}

function Disconnect-Service {
    [CmdletBinding()]
    param()
    switch ($script:Session['Service']) {
        'graph' { Disconnect-MgGraph -ErrorAction SilentlyContinue | Out-Null }
        'exchange' { Disconnect-ExchangeOnline -Confirm:$false -ErrorAction SilentlyContinue | Out-Null }
        'purview' { Disconnect-ExchangeOnline -Confirm:$false -ErrorAction SilentlyContinue | Out-Null }
        'sharepoint' { Disconnect-PnPOnline -ErrorAction SilentlyContinue | Out-Null }
        'teams' { Disconnect-MicrosoftTeams -Confirm:$false -ErrorAction SilentlyContinue | Out-Null }
    }
    $script:Token = ''
}

function Get-Endpoint {
    # Which service this process reads, where its REST reads start, and SharePoint's domain.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param()
    $script:Session
}

function Select-ProvenTenant {
    # One proof that names another tenant outweighs all others: its evidence must not be used.
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()] [AllowEmptyCollection()] [object[]] $Proof)
    $ids = @($Proof | ForEach-Object { [string] $_ } | Where-Object { $_ -match '^[0-9a-fA-F-]{36}$' })
    if ($ids.Count -eq 0) {
        throw (Get-Failure -Kind 'other' -Message 'the session does not say which tenant it belongs to')
    }
    $other = @($ids | Where-Object { $_ -ne $script:SignIn['Tenant'] })
    if ($other.Count) {
        return $other[0]
    }
    $ids[0]
}

function Get-PropertyValue {
    # The value of a property, or nothing. Property names differ in case between versions.
    [CmdletBinding()]
    param(
        [AllowNull()] $Row,
        [Parameter(Mandatory)] [string] $Name
    )
    if ($null -ne $Row) {
        $property = $Row.PSObject.Properties[$Name]
        if ($null -ne $property) {
            $property.Value
        }
    }
}

function Connect-GraphService {
    [CmdletBinding()]
    [OutputType([string])]
    param()
    $options = @{
        ClientId    = $script:SignIn['Client']
        TenantId    = $script:SignIn['Tenant']
        Certificate = $script:SignIn['Certificate']
        Environment = $script:SignIn['Cloud']['GraphName']
        NoWelcome   = $true
        ErrorAction = 'Stop'
    }
    Connect-MgGraph @options | Out-Null
    $script:Session['Base'] = $script:SignIn['Cloud']['Graph']
    $proofs = @(Get-PropertyValue -Row (Get-MgContext) -Name 'TenantId') + @(Get-OrganizationId)
    Select-ProvenTenant -Proof $proofs
}

function Get-OrganizationId {
    # What Graph itself says. Without the permission to read it the token's tenant is the proof.
    [CmdletBinding()]
    [OutputType([string])]
    param()
    try {
        $answer = Get-Answer -Uri (Get-FullUri -Path '/v1.0/organization?$select=id')
        if ($answer['Status'] -lt 300) {
            $body = ConvertFrom-Json -InputObject $answer['Text'] -AsHashtable -ErrorAction Stop
            Expand-Json -Value $body['value'] | ForEach-Object { $_['id'] }
        }
    } catch {
        $kind = Get-ErrorKind -ErrorRecord $_
        Send-Log -Level 'warning' -Message "the organization could not be read ($kind)"
    }
}

function Connect-ExchangeService {
    # Only the cmdlets that are read are loaded: the session holds none that could change anything.
    [CmdletBinding()]
    [OutputType([string])]
    param()
    $options = @{
        AppId        = $script:SignIn['Client']
        Organization = $script:SignIn['Domain']
        Certificate  = $script:SignIn['Certificate']
        ShowBanner   = $false
        ErrorAction  = 'Stop'
    }
    if ($script:SignIn['Command'].Count) {
        $options['CommandName'] = $script:SignIn['Command']
    }
    if ($script:SignIn['Cloud']['Exchange']) {
        $options['ExchangeEnvironmentName'] = $script:SignIn['Cloud']['Exchange']
    }
    Connect-ExchangeOnline @options | Out-Null
    Get-ExchangeTenant
}

function Connect-PurviewService {
    [CmdletBinding()]
    [OutputType([string])]
    param()
    $options = @{
        AppId        = $script:SignIn['Client']
        Organization = $script:SignIn['Domain']
        Certificate  = $script:SignIn['Certificate']
        ShowBanner   = $false
        ErrorAction  = 'Stop'
    }
    if ($script:SignIn['Command'].Count) {
        $options['CommandName'] = $script:SignIn['Command']
    }
    if ($script:SignIn['Cloud']['Compliance']) {
        $options['ConnectionUri'] = $script:SignIn['Cloud']['Compliance']
        $options['AzureADAuthorizationEndpointUri'] = $script:SignIn['Cloud']['Login'] + '/common'
    }
    Connect-IPPSSession @options | Out-Null
    Get-ExchangeTenant
}

function Get-ExchangeTenant {
    [CmdletBinding()]
    [OutputType([string])]
    param()
    $proofs = @(
        Get-ConnectionInformation -ErrorAction Stop |
            ForEach-Object { Get-PropertyValue -Row $_ -Name 'TenantID' }
    )
    Select-ProvenTenant -Proof $proofs
}

function Connect-TeamsService {
    [CmdletBinding()]
    [OutputType([string])]
    param()
    $options = @{
        TenantId      = $script:SignIn['Tenant']
        ApplicationId = $script:SignIn['Client']
        Certificate   = $script:SignIn['Certificate']
        ErrorAction   = 'Stop'
    }
    if ($script:SignIn['Cloud']['Teams']) {
        $options['TeamsEnvironmentName'] = $script:SignIn['Cloud']['Teams']
    }
    Connect-MicrosoftTeams @options | Out-Null
    $proofs = @(Get-CsTenant -ErrorAction Stop | ForEach-Object { Get-PropertyValue -Row $_ -Name 'TenantId' })
    Select-ProvenTenant -Proof $proofs
}

function Connect-SharePointService {
    # The token comes from the directory of this tenant id alone, and the admin site takes tokens
    # of its own tenant alone: a read that succeeds proves that the site belongs to the id.
    [CmdletBinding()]
    [OutputType([string])]
    param()
    $options = @{
        Url              = Get-AdminUrl
        ClientId         = $script:SignIn['Client']
        Tenant           = $script:SignIn['Tenant']
        AzureEnvironment = $script:SignIn['Cloud']['SharePointName']
        ErrorAction      = 'Stop'
    }
    if ($script:SignIn['Secret']['certificate_thumbprint']) {
        $options['Thumbprint'] = $script:SignIn['Certificate'].Thumbprint
    } else {
        $options['CertificateBase64Encoded'] = Get-PfxText -Certificate $script:SignIn['Certificate']
    }
    if ($IsWindows) {
        # The module's own choice leaves the key in a file of the user's profile.
        $options['X509KeyStorageFlags'] = 'EphemeralKeySet'
    }
    Connect-PnPOnline @options | Out-Null
    $answer = Get-Answer -Uri '/_api/SPO.Tenant'
    if ($answer['Status'] -ge 300) {
        throw (Get-HttpFailure -Answer $answer)
    }
    $script:SignIn['Tenant']
}

function Get-AdminUrl {
    # The first label of the initial domain names the host, unless the host was renamed.
    [CmdletBinding()]
    [OutputType([string])]
    param()
    $suffix = $script:SignIn['Cloud']['SharePoint']
    $given = [string] $script:SignIn['Secret']['sharepoint_admin_url']
    if ($given) {
        if ($given -notmatch ('^https://[a-z0-9-]+-admin\.' + [regex]::Escape($suffix) + '/?$')) {
            throw (Get-Failure -Kind 'other' -Message 'the address is not that of a SharePoint admin site')
        }
        return $given.TrimEnd('/')
    }
    $label = ($script:SignIn['Domain'] -split '\.')[0]
    if ($label -notmatch '^[A-Za-z0-9-]+$') {
        throw (Get-Failure -Kind 'other' -Message 'the tenant has no initial domain to find SharePoint by')
    }
    "https://$label-admin.$suffix"
}

function Connect-FabricService {
    [CmdletBinding()]
    [OutputType([string])]
    param()
    $script:Session['Base'] = $script:SignIn['Cloud']['Fabric']
    Clear-TokenHeader
    $header = Get-TokenHeader
    $claims = ($header['Authorization'] -split '\.')[1]
    $body = ConvertFrom-Json -InputObject (ConvertFrom-Base64Url -Text $claims) -AsHashtable -ErrorAction Stop
    Select-ProvenTenant -Proof @($body['tid'])
}

function Clear-TokenHeader {
    [CmdletBinding()]
    param()
    $script:Token = ''
}

function Get-TokenHeader {
    # Fabric has no module of its own: the token is asked for with a signed assertion.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param()
    if (-not $script:Token) {
        $certificate = $script:SignIn['Certificate']
        $address = $script:SignIn['Cloud']['Login'] + '/' + $script:SignIn['Tenant'] + '/oauth2/v2.0/token'
        $assertion = Get-ClientAssertion -Audience $address -Client $script:SignIn['Client'] -Certificate $certificate
        $form = @{
            grant_type            = 'client_credentials'
            client_id             = $script:SignIn['Client']
            scope                 = $script:SignIn['Cloud']['FabricScope']
            client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
            client_assertion      = $assertion
        }
        $options = @{ SkipHttpErrorCheck = $true; MaximumRedirection = 0; ErrorAction = 'Stop' }
        $reply = Invoke-WebRequest -Method Post -Uri $address -Body $form @options
        if ([int] $reply.StatusCode -ne 200) {
            throw (Get-HttpFailure -Answer @{ Status = [int] $reply.StatusCode; Text = [string] $reply.Content })
        }
        $body = ConvertFrom-Json -InputObject ([string] $reply.Content) -AsHashtable -ErrorAction Stop
        $script:Token = [string] $body['access_token']
    }
    @{ Authorization = 'Bearer ' + $script:Token }
}

Export-ModuleMember -Function @(
    'Clear-TokenHeader'
    'Connect-Service'
    'Disconnect-Service'
    'Get-Endpoint'
    'Get-TokenHeader'
    'Import-ServiceModule'
    'Select-ProvenTenant'
)
