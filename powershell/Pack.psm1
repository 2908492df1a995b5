# Writes an evidence pack, format 1, from the protocol lines of a collector.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$script:Utf8 = [System.Text.UTF8Encoding]::new($false)

function Open-Pack {
    # The folder is for its owner alone: it will hold evidence about a tenant.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [string] $Path,
        [Parameter(Mandatory)] [string] $TenantId,
        [Parameter(Mandatory)] [string] $TenantDomain
    )
    if ([System.IO.Directory]::Exists($Path) -or [System.IO.File]::Exists($Path)) {
        throw [System.ArgumentException]::new("$Path is there already")
    }
    foreach ($folder in @($Path, [System.IO.Path]::Combine($Path, 'datasets'))) {
        if ($IsWindows) {
            [void] [System.IO.Directory]::CreateDirectory($folder)
        } else {
            [void] [System.IO.Directory]::CreateDirectory($folder, 'UserRead, UserWrite, UserExecute')
        }
    }
    @{
        Path     = $Path
        Tenant   = [ordered]@{ tenant_id = $TenantId; name = ''; domain = $TenantDomain }
        Captured = [System.DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture)
        Datasets = [ordered]@{}
        Files    = @{}
        Refusal  = $null
    }
}

function Add-PackLine {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [hashtable] $Pack,
        [Parameter(Mandatory)] [string] $Json
    )
    if ($Json.StartsWith('{"type":"rows"')) {
        Add-PackRow -Pack $Pack -Json $Json
        return
    }
    $line = ConvertFrom-Json -InputObject $Json -AsHashtable
    switch ([string] $line['type']) {
        'hello' {
            $Pack['Refusal'] = $null
        }
        'connected' {
            if ($line['tenant_id'] -ne $Pack['Tenant']['tenant_id']) {
                $Pack['Refusal'] = @{ kind = 'other'; message = 'signed in to another tenant' }
            }
        }
        'connect-failed' {
            $Pack['Refusal'] = $line['error']
        }
        'dataset-started' {
            $entry = [ordered]@{ status = 'other'; rows = 0; read = $line['read'] }
            $Pack['Datasets'][$line['name']] = $entry
        }
        'dataset-finished' {
            $isWhole = $line['rows'] -eq $Pack['Datasets'][$line['name']]['rows']
            $reason = $null
            if (-not $isWhole) {
                $reason = @{ kind = 'other'; message = 'rows were lost on the way' }
            }
            $status = @('partial', 'ok')[[int] $isWhole]
            Close-PackDataset -Pack $Pack -Name $line['name'] -Status $status -Reason $reason
        }
        'dataset-failed' {
            $reason = $line['error']
            Close-PackDataset -Pack $Pack -Name $line['name'] -Status $reason['kind'] -Reason $reason
        }
    }
}

function Add-PackRow {
    # Rows pass from the line to the file untouched.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [hashtable] $Pack,
        [Parameter(Mandatory)] [string] $Json
    )
    $document = [System.Text.Json.JsonDocument]::Parse($Json)
    try {
        $name = $document.RootElement.GetProperty('name').GetString()
        $entry = $Pack['Datasets'][$name]
        if ($null -eq $entry) {
            return
        }
        $file = Open-PackFile -Pack $Pack -Name $name
        foreach ($row in $document.RootElement.GetProperty('rows').EnumerateArray()) {
            if ($entry['rows']) {
                $file.Write(",`n")
            }
            $file.Write($row.GetRawText())
            $entry['rows'] += 1
        }
    } finally {
        $document.Dispose()
    }
}

function Open-PackFile {
    [CmdletBinding()]
    [OutputType([System.IO.StreamWriter])]
    param(
        [Parameter(Mandatory)] [hashtable] $Pack,
        [Parameter(Mandatory)] [string] $Name
    )
    if ($Name -notmatch '^[a-z0-9]+\.[a-z0-9_]{1,100}$') {
        throw [System.ArgumentException]::new('a line names a dataset that cannot be a file')
    }
    if (-not $Pack['Files'].ContainsKey($Name)) {
        $path = [System.IO.Path]::Combine($Pack['Path'], 'datasets', "$Name.json")
        $file = [System.IO.StreamWriter]::new($path, $false, $script:Utf8)
        $file.Write("[`n")
        $Pack['Files'][$Name] = $file
    }
    $Pack['Files'][$Name]
}

function Close-PackDataset {
    # Rows that came before a failure stay, and the dataset is partial. Without rows there is no file.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [hashtable] $Pack,
        [Parameter(Mandatory)] [string] $Name,
        [Parameter(Mandatory)] [string] $Status,
        [AllowNull()] [System.Collections.IDictionary] $Reason
    )
    if (-not $Pack['Datasets'].Contains($Name)) {
        $Pack['Datasets'][$Name] = [ordered]@{ status = 'other'; rows = 0; read = '' }
    }
    $entry = $Pack['Datasets'][$Name]
    if ($Status -ne 'ok' -and $entry['rows']) {
        $Status = 'partial'
    }
    if (@('ok', 'partial') -contains $Status) {
        $file = Open-PackFile -Pack $Pack -Name $Name
        $file.Write("`n]`n")
        $file.Dispose()
        $Pack['Files'].Remove($Name)
    }
    $entry['status'] = $Status
    if ($null -ne $Reason) {
        $entry['error'] = $Reason
    }
}

function Close-PackService {
    # What the collector left without an answer was not read, and the pack says so.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [hashtable] $Pack,
        [Parameter(Mandatory)] [string[]] $Dataset
    )
    $reason = $Pack['Refusal']
    if ($null -eq $reason) {
        $reason = @{ kind = 'other'; message = 'the collector ended in the middle of its work' }
    }
    foreach ($name in $Dataset) {
        $entry = $Pack['Datasets'][$name]
        $isOpen = $Pack['Files'].ContainsKey($name)
        $isAnswered = $null -ne $entry -and ($entry['status'] -ne 'other' -or $entry.Contains('error'))
        if ($isOpen -or -not $isAnswered) {
            Close-PackDataset -Pack $Pack -Name $name -Status $reason['kind'] -Reason $reason
        }
    }
}

function Close-Pack {
    [CmdletBinding()]
    param([Parameter(Mandatory)] [hashtable] $Pack)
    $manifest = [ordered]@{
        format      = 1
        name        = $Pack['Tenant']['domain']
        description = 'Read by hand with Start-Checks.ps1'
        tenant      = $Pack['Tenant']
        captured_at = $Pack['Captured']
        parameters  = @{}
        datasets    = $Pack['Datasets']
    }
    $path = [System.IO.Path]::Combine($Pack['Path'], 'pack.json')
    $text = ConvertTo-Json -InputObject $manifest -Depth 10
    [System.IO.File]::WriteAllText($path, $text + "`n", $script:Utf8)
}

Export-ModuleMember -Function @(
    'Add-PackLine'
    'Close-Pack'
    'Close-PackService'
    'Open-Pack'
)
