# Reads the datasets of one service: a table entry in, protocol lines out.

param(
    [ValidateSet('Graph', 'Exchange', 'Purview', 'SharePoint', 'Teams', 'Fabric')]
    [string] $ServiceFile
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$script:Datasets = . (Join-Path -Path $PSScriptRoot -ChildPath "Services/$ServiceFile.ps1")
$script:Needed = @()
$script:Rows = @{}
$script:Failures = @{}

function Open-Reading {
    # Rows are kept only for datasets that another one of this run starts from.
    [CmdletBinding()]
    param([string[]] $Name = @())
    $script:Needed = @(
        foreach ($wanted in $Name) {
            if ($script:Datasets.Contains($wanted)) {
                @($script:Datasets[$wanted]['DependsOn'])
            }
        }
    )
    $script:Rows = @{}
    $script:Failures = @{}
}

function Add-Failure {
    # A dataset that was stopped from outside: what starts from it must not read it again.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [string] $Name,
        [Parameter(Mandatory)] [System.Collections.IDictionary] $Shape
    )
    $script:Failures[$Name] = $Shape
}

function Get-Plan {
    # The datasets asked for, once each, those that start from others last; seconds by name.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory)] [AllowEmptyCollection()] [object[]] $Dataset)
    $seen = [System.Collections.Generic.HashSet[string]]::new()
    $plan = @(
        foreach ($asked in $Dataset) {
            $name = [string] $asked['name']
            if ($seen.Add($name)) {
                $entry = $script:Datasets[$name]
                @{
                    Asked   = $asked
                    Late    = ($null -ne $entry -and $null -ne $entry['DependsOn'])
                    Seconds = (Get-TimeLimit -Asked $asked -Entry $entry)
                }
            }
        }
    )
    @($plan | Where-Object { -not $_['Late'] }) + @($plan | Where-Object { $_['Late'] })
}

function Get-TimeLimit {
    [CmdletBinding()]
    [OutputType([double])]
    param(
        [Parameter(Mandatory)] [System.Collections.IDictionary] $Asked,
        [AllowNull()] [hashtable] $Entry
    )
    if ($null -ne $Asked['time_limit_s']) {
        return [double] $Asked['time_limit_s']
    }
    if ($null -ne $Entry -and $null -ne $Entry['TimeLimit']) {
        return [double] $Entry['TimeLimit']
    }
    300.0
}

function Get-ServiceCommand {
    # The cmdlets that the table's reads name, for a session that holds no others.
    [CmdletBinding()]
    [OutputType([string])]
    param()
    $names = foreach ($entry in $script:Datasets.Values) {
        if ($null -ne $entry['Commands']) {
            $entry['Commands']
        } elseif ($null -ne $entry['Read']) {
            $entry['Read'].Ast.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true) |
                ForEach-Object { $_.GetCommandName() }
        }
    }
    $names | Where-Object { $_ -like 'Get-*' -and $_ -notlike 'Get-EXO*' } | Sort-Object -Unique
}

function Read-Dataset {
    # One dataset: started, rows, finished or failed. Never throws.
    [CmdletBinding()]
    param([Parameter(Mandatory)] [System.Collections.IDictionary] $Asked)
    $name = [string] $Asked['name']
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    $writer = Open-RowWriter -Name $name
    $tally = @{ Pages = 0; Rows = 0 }
    try {
        $entry = Get-Entry -Name $name
        Send-Line -Line ([ordered]@{ type = 'dataset-started'; name = $name; read = (Get-ReadText -Entry $entry) })
        $select = @($Asked['select'] | Where-Object { $_ })
        if ($select.Count -eq 0) {
            $select = $entry['Select']
        }
        $keep = Get-NameSet -Name $select
        Read-Item -Name $name -Entry $entry -Asked $Asked -Tally $tally | ForEach-Object {
            Send-Row -Writer $writer -Json (ConvertTo-RowText -Row $_ -Keep $keep -Change $entry['Change'])
        }
        Close-RowWriter -Writer $writer
        Send-Line -Line ([ordered]@{
                type        = 'dataset-finished'
                name        = $name
                rows        = $writer['Rows']
                pages       = [Math]::Max(1, $tally['Pages'])
                duration_ms = $clock.ElapsedMilliseconds
            })
    } catch {
        $shape = Get-ErrorShape -ErrorRecord $_
        $script:Failures[$name] = $shape
        Close-RowWriter -Writer $writer
        Send-Line -Line ([ordered]@{ type = 'dataset-failed'; name = $name; error = $shape })
    }
}

function Get-Entry {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory)] [string] $Name)
    if (-not $script:Datasets.Contains($Name)) {
        throw (Get-Failure -Kind 'other' -Message "this collector does not read $Name")
    }
    $script:Datasets[$Name]
}

function Get-ReadText {
    # What the reader of the evidence is told: the command or the address.
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory)] [hashtable] $Entry)
    if ($null -ne $Entry['Shown']) {
        return $Entry['Shown']
    }
    if ($null -ne $Entry['Get']) {
        return 'GET ' + $Entry['Get']
    }
    $Entry['Read'].ToString().Trim()
}

function Read-Item {
    # The rows of a dataset as they come. Those that another dataset starts from are kept as well,
    # and count as read only when the last one has come.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [string] $Name,
        [Parameter(Mandatory)] [hashtable] $Entry,
        [Parameter(Mandatory)] [System.Collections.IDictionary] $Asked,
        [Parameter(Mandatory)] [hashtable] $Tally
    )
    if ($null -ne $Entry['Refusal']) {
        throw (Get-Failure -Kind 'denied' -Message $Entry['Refusal'])
    }
    $held = [System.Collections.Generic.List[string]]::new()
    $isNeeded = $script:Needed -contains $Name
    $keep = Get-NameSet -Name $Entry['Select']
    Read-Source -Entry $Entry -Asked $Asked -Tally $Tally | ForEach-Object {
        if ($null -ne $_) {
            $Tally['Rows'] += 1
            if ($isNeeded) {
                $held.Add((ConvertTo-RowText -Row $_ -Keep $keep -Change $Entry['Change']))
            }
            $_
        }
    }
    if ($isNeeded) {
        $script:Rows[$Name] = $held
    }
}

function Read-Source {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [hashtable] $Entry,
        [Parameter(Mandatory)] [System.Collections.IDictionary] $Asked,
        [Parameter(Mandatory)] [hashtable] $Tally
    )
    if ($null -ne $Entry['Get']) {
        $match = $Entry['Match']
        return Read-RestItem -Entry $Entry -Tally $Tally | Where-Object { -not $match -or $_.Contains($match) }
    }
    if ($null -ne $Entry['DependsOn']) {
        $source = Get-SourceRow -Name $Entry['DependsOn']
        return & $Entry['Read'] $source $Asked $Tally
    }
    Read-Patiently -Read $Entry['Read'] -Tally $Tally
}

function Read-Patiently {
    # Rows that have come cannot be taken back: then the read is not begun again.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [scriptblock] $Read,
        [Parameter(Mandatory)] [hashtable] $Tally
    )
    $attempt = 1
    while ($true) {
        try {
            return & $Read
        } catch {
            if ($Tally['Rows'] -or (Get-ErrorKind -ErrorRecord $_) -ne 'throttled') {
                throw
            }
            Wait-Service -What 'the service is busy' -Attempt $attempt
            $attempt += 1
        }
    }
}

function Get-SourceRow {
    # Rows by dataset, parsed. What was not asked for is read here, without lines of its own. A
    # dataset that cannot be read is left out as long as there is another one.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory)] [string[]] $Name)
    $found = @{}
    foreach ($source in $Name) {
        Read-Quietly -Name $source
        if ($script:Rows.ContainsKey($source)) {
            $found[$source] = @(
                $script:Rows[$source] | ForEach-Object { ConvertFrom-Json -InputObject $_ -AsHashtable -ErrorAction Stop }
            )
        } else {
            Send-Log -Level 'warning' -Message "$source was not read ($($script:Failures[$source]['kind'])): left out"
        }
    }
    if ($found.Count -eq 0) {
        $why = $script:Failures[$Name[0]]
        throw (Get-Failure -Kind $why['kind'] -Message "starts from $($Name[0]): $($why['message'])")
    }
    $found
}

function Read-Quietly {
    [CmdletBinding()]
    param([Parameter(Mandatory)] [string] $Name)
    if ($script:Rows.ContainsKey($Name) -or $script:Failures.ContainsKey($Name)) {
        return
    }
    try {
        $entry = Get-Entry -Name $Name
        Read-Item -Name $Name -Entry $entry -Asked @{ name = $Name } -Tally @{ Pages = 0; Rows = 0 } | Out-Null
    } catch {
        $script:Failures[$Name] = Get-ErrorShape -ErrorRecord $_
    }
}

function Get-NameSet {
    # Names compare without regard to case, as everywhere in PowerShell.
    [CmdletBinding()]
    param([AllowNull()] [string[]] $Name)
    $set = [System.Collections.Generic.HashSet[string]]::new([System.StringComparer]::OrdinalIgnoreCase)
    foreach ($text in $Name) {
        [void] $set.Add($text)
    }
    Write-Output -InputObject $set -NoEnumerate
}

function ConvertTo-RowText {
    # A row as JSON with the named properties: absence stays absence, null stays null.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)] $Row,
        [Parameter(Mandatory)] [System.Collections.Generic.HashSet[string]] $Keep,
        [AllowNull()] [hashtable] $Change
    )
    if ($Row -is [string]) {
        $text = Select-JsonMember -Text $Row -Keep $Keep
        if ($null -eq $Change) {
            return $text
        }
        $kept = ConvertFrom-Json -InputObject $text -AsHashtable -ErrorAction Stop
    } else {
        $kept = Select-ObjectMember -Row $Row -Keep $Keep
    }
    if ($null -ne $Change) {
        foreach ($name in $Change.Keys) {
            if ($kept.Contains($name)) {
                $kept[$name] = & $Change[$name] $kept[$name]
            }
        }
    }
    ConvertTo-Text -Value $kept
}

function Select-ObjectMember {
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param(
        [Parameter(Mandatory)] $Row,
        [Parameter(Mandatory)] [System.Collections.Generic.HashSet[string]] $Keep
    )
    $kept = [ordered]@{}
    foreach ($property in $Row.PSObject.Properties) {
        if ($Keep.Contains($property.Name)) {
            $kept[$property.Name] = $property.Value
        }
    }
    $kept
}

Export-ModuleMember -Function @(
    'Add-Failure'
    'ConvertTo-RowText'
    'Get-NameSet'
    'Get-Plan'
    'Get-ServiceCommand'
    'Open-Reading'
    'Read-Dataset'
)
