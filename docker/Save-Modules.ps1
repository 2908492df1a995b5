#Requires -Version 7.6
<#
.SYNOPSIS
Saves the pinned modules into the image, and loads each once in a process of its own.

.DESCRIPTION
Runs when the image is built and never later. Dependencies are left out on purpose: what the pins
do not name is not in the image. A module that then does not load stops the build.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $PinFile,
    [Parameter(Mandatory)] [string] $Path
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

[void] (New-Item -Path $Path -ItemType Directory -Force)
$pins = (Get-Content -LiteralPath $PinFile -Raw | ConvertFrom-Json).modules
foreach ($pin in $pins) {
    $options = @{
        Name                = $pin.name
        Version             = "[$($pin.version)]"
        Path                = $Path
        SkipDependencyCheck = $true
        TrustRepository     = $true
        Quiet               = $true
    }
    Save-PSResource @options
    $load = "Import-Module -Name '$($pin.name)' -RequiredVersion '$($pin.version)' -ErrorAction Stop"
    & (Join-Path -Path $PSHOME -ChildPath 'pwsh') -NoLogo -NoProfile -NonInteractive -Command $load
    if ($LASTEXITCODE -ne 0) {
        throw [System.InvalidOperationException]::new("$($pin.name) $($pin.version) does not load")
    }
}
