#Requires -Version 7.4
<#
.SYNOPSIS
Reads one service of one tenant: a request on stdin, protocol lines on stdout.

.DESCRIPTION
The first line of stdin is the request (protocol version 1); its secrets stand nowhere else. stdin
stays open as a leash: when it ends, this process ends. The session and its reads live in a runspace
of their own, so that a read can be stopped from here at its time limit. That runspace has a host
that shows nothing: what a module writes cannot come between the lines.

Exit codes: 0 after bye, 1 for a fault of our own, 2 for a request that is none, 3 when the leash was
let go, 4 when a read went on after its time limit and could not be stopped.
#>
[CmdletBinding()]
param()

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$WarningPreference = 'SilentlyContinue'
$InformationPreference = 'SilentlyContinue'
$VerbosePreference = 'SilentlyContinue'
$DebugPreference = 'SilentlyContinue'
$ProgressPreference = 'SilentlyContinue'

# What others print goes to the log; lines go to the stream behind stdout.
[Console]::SetOut([Console]::Error)

$script:SignInSeconds = 150
$script:StopMilliseconds = 5000
$script:ServiceFiles = @{
    graph      = 'Graph'
    exchange   = 'Exchange'
    purview    = 'Purview'
    sharepoint = 'SharePoint'
    teams      = 'Teams'
    fabric     = 'Fabric'
}
$script:ModuleFiles = @('Protocol', 'Json', 'Rest', 'Cloud', 'Certificate', 'Connect', 'Reading')

function Read-Request {
    # Throws when the line is not a request.
    [CmdletBinding()]
    [OutputType([System.Collections.IDictionary])]
    param([Parameter(Mandatory)] [System.IO.Stream] $Stream)
    $reader = [System.IO.StreamReader]::new($Stream, [System.Text.UTF8Encoding]::new($false))
    $line = $reader.ReadLine()
    if ([string]::IsNullOrWhiteSpace($line)) {
        throw [System.FormatException]::new('stdin is empty')
    }
    $request = ConvertFrom-Json -InputObject $line -AsHashtable -ErrorAction Stop
    foreach ($name in @('tenant', 'credential')) {
        if ($request[$name] -isnot [System.Collections.IDictionary]) {
            throw [System.FormatException]::new("$name is missing")
        }
    }
    $isKnown = $script:ServiceFiles.ContainsKey([string] $request['service'])
    if ($request['protocol'] -ne 1 -or -not $isKnown) {
        throw [System.FormatException]::new('protocol or service is not known')
    }
    if ([string] $request['tenant']['tenant_id'] -notmatch '^[0-9a-fA-F-]{36}$') {
        throw [System.FormatException]::new('tenant_id is not a GUID')
    }
    if ($request['datasets'] -isnot [System.Collections.IList]) {
        throw [System.FormatException]::new('datasets is missing')
    }
    $request
}

function Open-Leash {
    # Reads stdin to its end in a runspace of its own, and ends this process there, in mid-read too.
    [CmdletBinding()]
    param([Parameter(Mandatory)] [System.IO.Stream] $Stream)
    $leash = [powershell]::Create()
    $watch = {
        $buffer = [byte[]]::new(4096)
        $count = 1
        while ($count -gt 0) {
            $count = $args[0].Read($buffer, 0, $buffer.Length)
        }
        [System.Environment]::Exit(3)
    }
    [void] $leash.AddScript($watch.ToString()).AddArgument($Stream)
    [void] $leash.BeginInvoke()
}

function Open-Worker {
    [CmdletBinding()]
    [OutputType([System.Management.Automation.Runspaces.Runspace])]
    param()
    $runspace = [runspacefactory]::CreateRunspace()
    $runspace.ThreadOptions = 'ReuseThread'
    $runspace.Open()
    $runspace.SessionStateProxy.SetVariable('ProgressPreference', 'SilentlyContinue')
    $runspace
}

function Invoke-Worker {
    # One command in the worker; its output, or its error. Throws TimeoutException at the limit.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [string] $Command,
        [hashtable] $Parameter = @{},
        [double] $Seconds = 60
    )
    $shell = [powershell]::Create()
    $shell.Runspace = $script:Worker
    [void] $shell.AddCommand($Command).AddParameters($Parameter)
    $pending = $shell.BeginInvoke()
    if (-not $pending.AsyncWaitHandle.WaitOne([timespan]::FromSeconds($Seconds))) {
        $stopping = $shell.BeginStop($null, $null)
        if (-not $stopping.AsyncWaitHandle.WaitOne($script:StopMilliseconds)) {
            $script:IsStuck = $true
        }
        throw [System.TimeoutException]::new("not finished within $Seconds s")
    }
    try {
        $shell.EndInvoke($pending)
    } finally {
        Send-Warning -Shell $shell
        $shell.Dispose()
    }
}

function Send-Warning {
    # The first few warnings and errors of the modules, for the batch log.
    [CmdletBinding()]
    param([Parameter(Mandatory)] [powershell] $Shell)
    $records = @($Shell.Streams.Warning.ReadAll()) + @($Shell.Streams.Error.ReadAll())
    foreach ($record in ($records | Select-Object -First 10)) {
        $text = ([string] $record -replace '\s+', ' ')
        Send-Log -Level 'warning' -Message ($text.Substring(0, [Math]::Min(500, $text.Length)))
    }
}

function Get-Cause {
    # The error inside the wrappers that a call into the worker puts around it.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param([Parameter(Mandatory)] [System.Management.Automation.ErrorRecord] $ErrorRecord)
    $exception = $ErrorRecord.Exception
    $wrapper = [System.Management.Automation.MethodInvocationException]
    while ($exception -is $wrapper -and $null -ne $exception.InnerException) {
        $exception = $exception.InnerException
    }
    if ($exception -is [System.Management.Automation.RuntimeException] -and $null -ne $exception.ErrorRecord) {
        return $exception.ErrorRecord
    }
    [System.Management.Automation.ErrorRecord]::new($exception, 'Collector', 'NotSpecified', $null)
}

function Connect-Worker {
    # Hello, then connected or connect-failed. True when there is a session to read from.
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory)] [System.Collections.IDictionary] $Request)
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    $service = [string] $Request['service']
    try {
        Send-Hello -Service $service
        $options = @{
            Service = $service
            Tenant  = [hashtable] $Request['tenant']
            SignIn  = [hashtable] $Request['credential']
            Command = @(Invoke-Worker -Command 'Get-ServiceCommand')
        }
        $left = [Math]::Max(10, $script:SignInSeconds - $clock.Elapsed.TotalSeconds)
        $proven = @(Invoke-Worker -Command 'Connect-Service' -Parameter $options -Seconds $left)[-1]
    } catch {
        $shape = Get-ErrorShape -ErrorRecord (Get-Cause -ErrorRecord $_)
        Send-Line -Line ([ordered]@{ type = 'connect-failed'; service = $service; error = $shape })
        return $false
    }
    Send-Line -Line ([ordered]@{
            type        = 'connected'
            service     = $service
            tenant_id   = [string] $proven
            duration_ms = $clock.ElapsedMilliseconds
        })
    [string] $proven -eq [string] $Request['tenant']['tenant_id']
}

function Send-Hello {
    # Says which versions read, also when the module of the service cannot be loaded: then throws.
    [CmdletBinding()]
    param([Parameter(Mandatory)] [string] $Service)
    $versions = @{ PowerShell = [string] $PSVersionTable.PSVersion }
    try {
        $options = @{ Command = 'Import-ServiceModule'; Seconds = $script:SignInSeconds }
        foreach ($found in @(Invoke-Worker -Parameter @{ Service = $Service } @options)) {
            $versions += $found
        }
    } finally {
        $hello = [ordered]@{ type = 'hello'; protocol = 1; collector = 'powershell' }
        $hello['versions'] = $versions
        Send-Line -Line $hello
    }
}

function Read-Plan {
    # Every dataset once. One that is over its time is stopped, and the others go on.
    [CmdletBinding()]
    [OutputType([int])]
    param([Parameter(Mandatory)] [System.Collections.IDictionary] $Request)
    $asked = @($Request['datasets'])
    $overall = $Request['time_limit_s']
    $names = @($asked | ForEach-Object { $_['name'] })
    Invoke-Worker -Command 'Open-Reading' -Parameter @{ Name = $names } | Out-Null
    $plan = @(Invoke-Worker -Command 'Get-Plan' -Parameter @{ Dataset = $asked })
    foreach ($step in $plan) {
        $seconds = $step['Seconds']
        if ($null -ne $overall) {
            $seconds = [Math]::Min($seconds, [double] $overall)
        }
        Read-Step -Asked $step['Asked'] -Seconds $seconds
    }
    $plan.Count
}

function Read-Step {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [System.Collections.IDictionary] $Asked,
        [Parameter(Mandatory)] [double] $Seconds
    )
    try {
        Invoke-Worker -Command 'Read-Dataset' -Parameter @{ Asked = $Asked } -Seconds $Seconds | Out-Null
    } catch {
        $shape = Get-ErrorShape -ErrorRecord (Get-Cause -ErrorRecord $_)
        Send-Line -Line ([ordered]@{ type = 'dataset-failed'; name = $Asked['name']; error = $shape })
        if ($script:IsStuck) {
            [System.Environment]::Exit(4)
        }
        Invoke-Worker -Command 'Add-Failure' -Parameter @{ Name = $Asked['name']; Shape = $shape } | Out-Null
    }
}

function Get-RequestSecret {
    # Whatever the credential holds, but for the names that are none.
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory)] [System.Collections.IDictionary] $Request)
    foreach ($name in $Request['credential'].Keys) {
        $isPublic = @('client_id', 'certificate_thumbprint', 'sharepoint_admin_url') -contains $name
        if (-not $isPublic -and $Request['credential'][$name] -is [string]) {
            $Request['credential'][$name]
        }
    }
}

function Close-Worker {
    # Everything is read by now: a sign-out that fails changes nothing.
    [CmdletBinding()]
    param()
    try {
        Invoke-Worker -Command 'Disconnect-Service' -Seconds 10 | Out-Null
    } catch {
        Send-Log -Level 'warning' -Message ('sign-out failed: ' + $_.Exception.GetType().Name)
    }
}

function Invoke-Request {
    # The whole conversation after the request.
    [CmdletBinding()]
    param([Parameter(Mandatory)] [System.Collections.IDictionary] $Request)
    $secrets = @(Get-RequestSecret -Request $Request)
    Open-Protocol -Secret $secrets
    foreach ($name in $script:ModuleFiles) {
        $options = @{ Name = (Join-Path -Path $PSScriptRoot -ChildPath "$name.psm1") }
        if ($name -eq 'Reading') {
            $options['ArgumentList'] = @($script:ServiceFiles[[string] $Request['service']])
        }
        Invoke-Worker -Command 'Import-Module' -Parameter $options | Out-Null
    }
    Invoke-Worker -Command 'Open-Protocol' -Parameter @{ Secret = $secrets } | Out-Null
    $count = 0
    if (Connect-Worker -Request $Request) {
        $count = Read-Plan -Request $Request
        Close-Worker
    }
    Send-Line -Line ([ordered]@{ type = 'bye'; datasets = $count })
}

$exitCode = 1
try {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'Protocol.psm1')
    $stdin = [Console]::OpenStandardInput()
    $request = $null
    try {
        $request = Read-Request -Stream $stdin
    } catch {
        $why = $_.Exception.GetType().Name
        if ($_.Exception -is [System.FormatException]) {
            $why = $_.Exception.Message
        }
        [Console]::Error.WriteLine('not a request: ' + $why)
        $exitCode = 2
    }
    if ($null -ne $request) {
        $script:IsStuck = $false
        Open-Leash -Stream $stdin
        $script:Worker = Open-Worker
        Invoke-Request -Request $request
        $exitCode = 0
    }
} catch {
    [Console]::Error.WriteLine('the collector failed: ' + (Hide-Secret -Text ([string] $_)))
}
# Threads that wait for stdin or for a module must not hold the process.
[System.Environment]::Exit($exitCode)
