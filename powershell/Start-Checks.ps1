#Requires -Version 7.4
<#
.SYNOPSIS
Reads a tenant by hand, without the platform, into an evidence pack or to the platform's webhook.

.DESCRIPTION
Starts Invoke-Collector.ps1 once for each service, one after the other, and hands it the request on
stdin: the certificate stands neither in an argument nor in the environment. What is read goes into
an evidence pack (-OutputPath), to a scan that waits for it (-ProgressCallbackUrl), or to both.
Records of DNS are not read here: the platform reads them itself.

.PARAMETER CheckIds
Recommendations such as CIS_1_1_3 or 1.1.3. Without it: all of them.

.PARAMETER L1Only
Recommendations of Level 1 alone.

.PARAMETER OutputPath
A folder that is not there yet. It will hold evidence about the tenant: keep it as such.

.PARAMETER ProgressCallbackUrl
The address of the platform, or the whole address of the webhook of the scan.

.PARAMETER CallbackTokenPath
A file with the token, or with the tokens of several services: the platform's answer as it came, or a
JSON object of tokens by service. Without it the token is asked for. It is never an argument:
arguments can be read by others.

.EXAMPLE
./Start-Checks.ps1 -TenantId $id -TenantDomain contoso.onmicrosoft.com -ClientId $app `
    -CertificatePath ./assay.pfx -L1Only -OutputPath ./contoso
#>
[CmdletBinding(DefaultParameterSetName = 'File')]
param(
    [Parameter(Mandatory)]
    [ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')]
    [string] $TenantId,

    [Parameter(Mandatory)]
    [ValidatePattern('^[A-Za-z0-9][A-Za-z0-9.-]*$')]
    [string] $TenantDomain,

    [Parameter(Mandatory)]
    [ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')]
    [string] $ClientId,

    [Parameter(Mandatory, ParameterSetName = 'File')]
    [string] $CertificatePath,

    [Parameter(ParameterSetName = 'File')]
    [securestring] $CertificatePassword,

    [Parameter(Mandatory, ParameterSetName = 'Store')]
    [ValidatePattern('^[0-9A-Fa-f]{40}$')]
    [string] $CertificateThumbprint,

    [string[]] $CheckIds = @(),

    [switch] $L1Only,

    [ValidateSet('graph', 'exchange', 'purview', 'sharepoint', 'teams', 'fabric')]
    [string[]] $Service = @('graph', 'exchange', 'purview', 'sharepoint', 'teams', 'fabric'),

    [ValidateSet('worldwide', 'gcc', 'gcc-high', 'dod', 'china')]
    [string] $Cloud = 'worldwide',

    [string] $OutputPath,

    [uri] $ProgressCallbackUrl,

    [ValidatePattern('^[0-9a-fA-F-]{36}$')]
    [string] $ScanId,

    [string] $CallbackTokenPath
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$script:StillReading = '{"type":"log","level":"info","message":"still reading"}'

Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'Pack.psm1')
Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'Callback.psm1')

function Get-Wanted {
    # Names of datasets by service, for the recommendations that were chosen.
    [CmdletBinding()]
    [OutputType([System.Collections.IDictionary])]
    param(
        [Parameter(Mandatory)] [AllowEmptyCollection()] [string[]] $Id,
        [Parameter(Mandatory)] [bool] $IsLevelOneOnly
    )
    $text = Get-Content -LiteralPath (Join-Path -Path $PSScriptRoot -ChildPath 'checks.json') -Raw
    $known = ConvertFrom-Json -InputObject $text -AsHashtable
    $asked = @($Id | ForEach-Object { 'CIS_' + (($_ -replace '^CIS_', '') -replace '\.', '_') })
    foreach ($name in $asked) {
        if (-not $known.Contains($name)) {
            throw [System.ArgumentException]::new("$name is not a recommendation of the benchmark")
        }
    }
    $wanted = [ordered]@{}
    foreach ($name in $known.Keys) {
        $isAsked = $asked.Count -eq 0 -or $asked -contains $name
        if ($isAsked -and ($known[$name]['level'] -eq 1 -or -not $IsLevelOneOnly)) {
            foreach ($dataset in $known[$name]['datasets']) {
                $of = ($dataset -split '\.')[0]
                if (-not $wanted.Contains($of)) {
                    $wanted[$of] = [System.Collections.Generic.SortedSet[string]]::new()
                }
                [void] $wanted[$of].Add($dataset)
            }
        }
    }
    $wanted
}

function Get-FileSignIn {
    # The credential of the request. It leaves this process through the stdin of the collector alone.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [string] $Path,
        [AllowNull()] [securestring] $Secret
    )
    $file = (Resolve-Path -LiteralPath $Path).ProviderPath
    $found = @{ certificate = [Convert]::ToBase64String([System.IO.File]::ReadAllBytes($file)) }
    if ($null -ne $Secret) {
        $found['certificate_password'] = [System.Net.NetworkCredential]::new('', $Secret).Password
    }
    $found
}

function Open-Collector {
    # The child process, with the request written and stdin held open as its leash.
    [CmdletBinding()]
    [OutputType([System.Diagnostics.Process])]
    param([Parameter(Mandatory)] [string] $Request)
    $utf8 = [System.Text.UTF8Encoding]::new($false)
    $program = [System.Environment]::ProcessPath
    if ([System.IO.Path]::GetFileNameWithoutExtension($program) -ne 'pwsh') {
        $program = 'pwsh'
    }
    $start = [System.Diagnostics.ProcessStartInfo]::new($program)
    $collector = Join-Path -Path $PSScriptRoot -ChildPath 'Invoke-Collector.ps1'
    foreach ($argument in @('-NoLogo', '-NoProfile', '-NonInteractive', '-File', $collector)) {
        $start.ArgumentList.Add($argument)
    }
    $start.UseShellExecute = $false
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.StandardInputEncoding = $utf8
    $start.StandardOutputEncoding = $utf8
    $process = [System.Diagnostics.Process]::Start($start)
    $process.StandardInput.WriteLine($Request)
    $process.StandardInput.Flush()
    $process
}

function Send-Everywhere {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [string] $Json,
        [AllowNull()] [hashtable] $Pack,
        [AllowNull()] [hashtable] $Callback
    )
    if ($null -ne $Pack) {
        Add-PackLine -Pack $Pack -Json $Json
    }
    if ($null -ne $Callback) {
        Send-CallbackLine -Callback $Callback -Json $Json
    }
}

function Read-Service {
    # One collector from its request to its end. True when it said bye.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory)] [System.Collections.IDictionary] $Request,
        [AllowNull()] [hashtable] $Pack,
        [AllowNull()] [hashtable] $Callback
    )
    $process = Open-Collector -Request (ConvertTo-Json -InputObject $Request -Depth 5 -Compress)
    $isDone = $false
    try {
        $pending = $process.StandardOutput.ReadLineAsync()
        while ($true) {
            if (-not $pending.Wait(30000)) {
                # A long read says nothing; the platform would take that for lost contact.
                Send-Everywhere -Json $script:StillReading -Callback $Callback
                continue
            }
            $line = $pending.Result
            if ($null -eq $line) {
                break
            }
            if ($line.StartsWith('@assay ')) {
                $json = $line.Substring(7)
                Send-Everywhere -Json $json -Pack $Pack -Callback $Callback
                $isDone = $isDone -or $json.StartsWith('{"type":"bye"')
            }
            $pending = $process.StandardOutput.ReadLineAsync()
        }
        $process.StandardInput.Close()
        $isDone = $process.WaitForExit(10000) -and $isDone -and $process.ExitCode -eq 0
    } finally {
        if (-not $process.HasExited) {
            $process.Kill($true)
        }
        $process.Dispose()
    }
    $isDone
}

if (-not $OutputPath -and $null -eq $ProgressCallbackUrl) {
    throw [System.ArgumentException]::new('give -OutputPath, -ProgressCallbackUrl or both')
}
if ($null -ne $ProgressCallbackUrl -and -not $ScanId) {
    throw [System.ArgumentException]::new('-ProgressCallbackUrl needs -ScanId')
}
$signIn = @{ certificate_thumbprint = $CertificateThumbprint }
if ($CertificatePath) {
    $signIn = Get-FileSignIn -Path $CertificatePath -Secret $CertificatePassword
}
$signIn['client_id'] = $ClientId
$wanted = Get-Wanted -Id $CheckIds -IsLevelOneOnly $L1Only.IsPresent
$pack = $null
if ($OutputPath) {
    $path = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($OutputPath)
    $pack = Open-Pack -Path $path -TenantId $TenantId -TenantDomain $TenantDomain
}
try {
    foreach ($name in @($Service | Where-Object { $wanted.Contains($_) })) {
        $callback = $null
        if ($null -ne $ProgressCallbackUrl) {
            $options = @{ Service = $name; ScanId = $ScanId; TokenPath = $CallbackTokenPath }
            $callback = Open-Callback -Url $ProgressCallbackUrl @options
        }
        $datasets = [string[]] @($wanted[$name])
        $request = [ordered]@{
            protocol   = 1
            scan_id    = $ScanId
            service    = $name
            tenant     = @{ tenant_id = $TenantId; domain = $TenantDomain; cloud = $Cloud }
            credential = $signIn
            datasets   = @($datasets | ForEach-Object { @{ name = $_ } })
        }
        $isDone = Read-Service -Request $request -Pack $pack -Callback $callback
        if ($null -ne $callback) {
            Close-Callback -Callback $callback
        }
        if ($null -ne $pack) {
            Close-PackService -Pack $pack -Dataset $datasets
        }
        [pscustomobject]@{ Service = $name; Datasets = $datasets.Count; Complete = $isDone }
    }
} finally {
    if ($null -ne $pack) {
        Close-Pack -Pack $pack
    }
}
