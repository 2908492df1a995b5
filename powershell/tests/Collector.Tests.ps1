# The whole collector as a process, with stand-ins for the modules of Microsoft.

BeforeAll {
    Set-StrictMode -Version Latest
    $script:Tenant = '11111111-1111-1111-1111-111111111111'
    $script:Collector = Join-Path $PSScriptRoot '../Invoke-Collector.ps1'
    $script:Modules = Join-Path $TestDrive 'modules'
    $folder = Join-Path $script:Modules 'ExchangeOnlineManagement'
    $null = New-Item -ItemType Directory -Path $folder
    Set-Content -Path (Join-Path $folder 'ExchangeOnlineManagement.psm1') -Value @'
function Connect-ExchangeOnline {
    [CmdletBinding()]
    param($AppId, $Organization, $Certificate, [switch] $ShowBanner, $CommandName, $ExchangeEnvironmentName)
    if ($Certificate.Subject -ne 'CN=stand-in' -or -not $Certificate.HasPrivateKey) {
        throw [System.UnauthorizedAccessException]::new('no certificate')
    }
    Write-Host 'a banner'
    [Console]::WriteLine('more noise')
    Write-Warning "for $AppId at $Organization"
}
function Disconnect-ExchangeOnline { [CmdletBinding(SupportsShouldProcess)] param() }
function Get-ConnectionInformation { [CmdletBinding()] param() [pscustomobject]@{ TenantID = $env:STAND_IN_TENANT } }
function Get-AcceptedDomain {
    [CmdletBinding()]
    param($ResultSize)
    foreach ($name in @('contoso.example', 'contoso.onmicrosoft.com')) {
        [pscustomobject]@{ DomainName = $name; InitialDomain = $name -like '*onmicrosoft.com'; ResultSize = $ResultSize }
    }
}
function Get-TransportConfig { [CmdletBinding()] param() Start-Sleep -Seconds 600 }
function Get-SharingPolicy { [CmdletBinding()] param() throw [System.UnauthorizedAccessException]::new('not for you') }
'@
    $key = [System.Security.Cryptography.RSA]::Create(2048)
    $asked = [System.Security.Cryptography.X509Certificates.CertificateRequest]::new(
        'CN=stand-in', $key, [System.Security.Cryptography.HashAlgorithmName]::SHA256,
        [System.Security.Cryptography.RSASignaturePadding]::Pkcs1
    )
    $now = [System.DateTimeOffset]::UtcNow
    $script:Pfx = [Convert]::ToBase64String($asked.CreateSelfSigned($now.AddDays(-1), $now.AddDays(1)).Export('Pfx'))

    function Open-Collector {
        param([string] $Line, [string] $Tenant = $script:Tenant)
        $program = [System.Environment]::ProcessPath
        if ([System.IO.Path]::GetFileNameWithoutExtension($program) -ne 'pwsh') {
            $program = 'pwsh'
        }
        $start = [System.Diagnostics.ProcessStartInfo]::new($program)
        foreach ($argument in @('-NoLogo', '-NoProfile', '-NonInteractive', '-File', $script:Collector)) {
            $start.ArgumentList.Add($argument)
        }
        $start.Environment['PSModulePath'] = $script:Modules + [System.IO.Path]::PathSeparator + $env:PSModulePath
        $start.Environment['STAND_IN_TENANT'] = $Tenant
        $start.RedirectStandardInput = $true
        $start.RedirectStandardOutput = $true
        $start.RedirectStandardError = $true
        $process = [System.Diagnostics.Process]::Start($start)
        $process.StandardInput.WriteLine($Line)
        $process.StandardInput.Flush()
        $process
    }

    function Get-Request {
        param([object[]] $Dataset)
        ConvertTo-Json -Depth 5 -Compress -InputObject @{
            protocol   = 1
            scan_id    = 's'
            service    = 'exchange'
            tenant     = @{ tenant_id = $script:Tenant; domain = 'contoso.onmicrosoft.com' }
            credential = @{ client_id = 'app'; certificate = $script:Pfx }
            datasets   = $Dataset
        }
    }

    function Invoke-Collector {
        param([string] $Line, [string] $Tenant = $script:Tenant)
        $process = Open-Collector -Line $Line -Tenant $Tenant
        $said = $process.StandardOutput.ReadToEndAsync()
        $noise = $process.StandardError.ReadToEndAsync()
        $process.WaitForExit(120000) | Should -BeTrue
        $lines = @($said.Result -split "`n" | Where-Object { $_ })
        @{
            Code  = $process.ExitCode
            Raw   = $said.Result
            Noise = $noise.Result
            Lines = @($lines | Where-Object { $_.StartsWith('@assay ') } | ForEach-Object { $_.Substring(7) | ConvertFrom-Json -AsHashtable })
            Other = @($lines | Where-Object { -not $_.StartsWith('@assay ') })
        }
    }
}

Describe 'a collector' {
    It 'reads, keeps the order of the protocol, and prints nothing else' {
        $found = Invoke-Collector -Line (Get-Request -Dataset @(
                @{ name = 'exchange.accepted_domains'; select = @('DomainName', 'InitialDomain') }
                @{ name = 'exchange.sharing_policies' }
                @{ name = 'exchange.dkim_signing_configs' }
            ))
        $found['Code'] | Should -Be 0
        $found['Other'].Count | Should -Be 0
        $lines = @($found['Lines'] | Where-Object { $_['type'] -ne 'log' })
        @($lines | ForEach-Object { $_['type'] }) | Should -Be @(
            'hello', 'connected', 'dataset-started', 'rows', 'dataset-finished'
            'dataset-started', 'dataset-failed', 'dataset-started', 'dataset-failed', 'bye'
        )
        $lines[0]['versions'].Keys | Should -Contain 'ExchangeOnlineManagement'
        $lines[1]['tenant_id'] | Should -BeExactly $script:Tenant
        $lines[3]['rows'].Count | Should -Be 2
        $lines[3]['rows'][0].Keys | Sort-Object | Should -Be @('DomainName', 'InitialDomain')
        $lines[6]['error']['kind'] | Should -BeExactly 'denied'
        $lines[8]['error']['kind'] | Should -BeExactly 'missing-cmdlet'
        $lines[9]['datasets'] | Should -Be 3
    }

    It 'tells the secret of the request to nobody' {
        $found = Invoke-Collector -Line (Get-Request -Dataset @(@{ name = 'exchange.accepted_domains' }))
        $found['Raw'] + $found['Noise'] | Should -Not -Match ([regex]::Escape($script:Pfx.Substring(0, 40)))
    }

    It 'that is signed in to another tenant reads nothing' {
        $line = Get-Request -Dataset @(@{ name = 'exchange.accepted_domains' })
        $found = Invoke-Collector -Line $line -Tenant '22222222-2222-2222-2222-222222222222'
        $lines = @($found['Lines'] | Where-Object { $_['type'] -ne 'log' })
        @($lines | ForEach-Object { $_['type'] }) | Should -Be @('hello', 'connected', 'bye')
        $lines[1]['tenant_id'] | Should -BeExactly '22222222-2222-2222-2222-222222222222'
    }

    It 'stops a read at its time limit and goes on with the next' {
        $found = Invoke-Collector -Line (Get-Request -Dataset @(
                @{ name = 'exchange.transport_config'; time_limit_s = 2 }
                @{ name = 'exchange.accepted_domains' }
            ))
        $ends = @($found['Lines'] | Where-Object { $_['type'] -like 'dataset-f*' })
        $ends[0]['error']['kind'] | Should -BeExactly 'timeout'
        $ends[1]['type'] | Should -BeExactly 'dataset-finished'
        $found['Code'] | Should -Be 0
    }

    It 'ends with 3 in the middle of a read when the leash is let go' {
        $process = Open-Collector -Line (Get-Request -Dataset @(@{ name = 'exchange.transport_config' }))
        $line = ''
        while ($null -ne $line -and -not $line.Contains('dataset-started')) {
            $line = $process.StandardOutput.ReadLine()
        }
        $process.StandardInput.Close()
        $process.WaitForExit(10000) | Should -BeTrue
        $process.ExitCode | Should -Be 3
    }

    It 'ends with 2 for what is no request' -ForEach @('', 'x', '{}', '{"protocol":2,"service":"exchange"}') {
        $found = Invoke-Collector -Line $_
        $found['Code'] | Should -Be 2
        $found['Lines'].Count | Should -Be 0
    }

    It 'without a usable certificate says connect-failed and ends well' {
        $line = (Get-Request -Dataset @(@{ name = 'exchange.accepted_domains' })).Replace($script:Pfx, 'AAAA')
        $found = Invoke-Collector -Line $line
        $failed = @($found['Lines'] | Where-Object { $_['type'] -eq 'connect-failed' })
        $failed.Count | Should -Be 1
        $failed[0]['error']['kind'] | Should -BeExactly 'denied'
        $found['Lines'][-1]['type'] | Should -BeExactly 'bye'
        $found['Code'] | Should -Be 0
    }
}
