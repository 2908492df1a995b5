BeforeAll {
    Set-StrictMode -Version Latest
    foreach ($name in @('Protocol', 'Json', 'Rest', 'Cloud', 'Certificate', 'Connect')) {
        Import-Module (Join-Path $PSScriptRoot "../$name.psm1") -Force
    }

    function Import-Reading {
        param([string] $Service)
        Import-Module (Join-Path $PSScriptRoot '../Reading.psm1') -ArgumentList $Service -Force
        $script:Capture = [System.IO.MemoryStream]::new()
        Open-Protocol -Stream $script:Capture
    }

    function Get-Said {
        $text = [System.Text.Encoding]::UTF8.GetString($script:Capture.ToArray())
        @($text -split "`n" | Where-Object { $_ } | ForEach-Object { $_.Substring(7) | ConvertFrom-Json -AsHashtable })
    }
}

Describe 'a table' {
    It 'of <_> has an entry for each dataset, with its properties' -ForEach @(
        'Graph', 'Exchange', 'Purview', 'SharePoint', 'Teams', 'Fabric'
    ) {
        Import-Reading -Service $_
        InModuleScope Reading {
            $script:Datasets.Count | Should -BeGreaterThan 0
            foreach ($key in $script:Datasets.Keys) {
                @($script:Datasets[$key]['Select']).Count | Should -BeGreaterThan 0 -Because $key
            }
        }
    }

    It 'names the cmdlets that a session needs, and they only get' {
        Import-Reading -Service 'Exchange'
        $names = @(Get-ServiceCommand)
        $names | Should -Contain 'Get-AcceptedDomain'
        $names | Should -Contain 'Get-UnifiedGroupLinks'
        @($names | Where-Object { $_ -notlike 'Get-*' }).Count | Should -Be 0
    }
}

Describe 'a row of a cmdlet' {
    BeforeAll { Import-Reading -Service 'Exchange' }

    It 'keeps what is named, absent stays absent, lists stay lists' {
        $row = [pscustomobject]@{ Name = 'x'; Day = [System.DayOfWeek]::Friday; List = @('a'); Empty = $null; Other = 1 }
        $keep = Get-NameSet -Name @('name', 'Day', 'List', 'Empty', 'Missing')
        ConvertTo-RowText -Row $row -Keep $keep |
            Should -BeExactly '{"Name":"x","Day":"Friday","List":["a"],"Empty":null}'
    }
}

Describe 'a dataset' {
    BeforeEach { Import-Reading -Service 'Exchange' }

    It 'that is not there fails alone' {
        Read-Dataset -Asked @{ name = 'exchange.nothing' }
        $said = @(Get-Said)
        $said.Count | Should -Be 1
        $said[0]['type'] | Should -BeExactly 'dataset-failed'
    }

    It 'whose cmdlet is missing says so' {
        Read-Dataset -Asked @{ name = 'exchange.accepted_domains' }
        (Get-Said)[-1]['error']['kind'] | Should -BeExactly 'missing-cmdlet'
    }

    It 'is started, sent and finished with what was asked for' {
        InModuleScope Reading {
            $script:Datasets['exchange.transport_config']['Read'] = {
                [pscustomobject]@{ SmtpClientAuthenticationDisabled = $true; Other = 1 }
            }
        }
        Read-Dataset -Asked @{ name = 'exchange.transport_config'; select = @('SmtpClientAuthenticationDisabled') }
        $said = @(Get-Said)
        @($said | ForEach-Object { $_['type'] }) | Should -Be @('dataset-started', 'rows', 'dataset-finished')
        $said[1]['rows'][0].Keys | Should -Be @('SmtpClientAuthenticationDisabled')
        $said[2]['rows'] | Should -Be 1
    }

    It 'that breaks after some rows sends them and fails' {
        InModuleScope Reading {
            $script:Datasets['exchange.transport_config']['Read'] = {
                [pscustomobject]@{ SmtpClientAuthenticationDisabled = $true }
                throw [System.UnauthorizedAccessException]::new('no more')
            }
        }
        Read-Dataset -Asked @{ name = 'exchange.transport_config' }
        $said = @(Get-Said)
        @($said | ForEach-Object { $_['type'] }) | Should -Be @('dataset-started', 'rows', 'dataset-failed')
        $said[2]['error']['kind'] | Should -BeExactly 'denied'
    }
}

Describe 'members of groups that rules name' {
    BeforeEach {
        Import-Reading -Service 'Exchange'
        InModuleScope Reading {
            foreach ($key in $script:Datasets['exchange.threat_policy_scope_members']['DependsOn']) {
                $script:Datasets[$key]['Read'] = { Get-NothingOfThatName -ErrorAction Stop }
            }
        }
        function global:Get-DistributionGroupMember {
            [CmdletBinding()]
            param($Identity, $ResultSize)
            if ($Identity -ne 'Staff' -or $ResultSize -ne 'Unlimited') {
                throw 'not here'
            }
            [pscustomobject]@{ PrimarySmtpAddress = 'a@x.example'; Name = 'a'; RecipientTypeDetails = 'UserMailbox'; Other = 1 }
        }
        function global:Get-UnifiedGroupLinks {
            [CmdletBinding()]
            param($Identity, $LinkType, $ResultSize)
            throw "no $Identity, $LinkType, $ResultSize"
        }
    }

    AfterEach {
        Remove-Item -Path 'function:global:Get-DistributionGroupMember'
        Remove-Item -Path 'function:global:Get-UnifiedGroupLinks'
    }

    It 'are read although rules of Defender cannot be' {
        InModuleScope Reading {
            $script:Datasets['exchange.malware_filter_rules']['Read'] = {
                [pscustomobject]@{ Identity = 'r'; SentToMemberOf = @('Staff', 'Gone'); ExceptIfSentToMemberOf = $null }
            }
        }
        Open-Reading -Name @('exchange.threat_policy_scope_members')
        Read-Dataset -Asked @{ name = 'exchange.threat_policy_scope_members' }
        $said = @(Get-Said | Where-Object { $_['type'] -ne 'log' })
        $said[-1]['type'] | Should -BeExactly 'dataset-finished'
        $rows = $said[1]['rows']
        @($rows | ForEach-Object { $_['group'] }) | Should -Be @('Gone', 'Staff')
        @($rows | ForEach-Object { $_['resolved'] }) | Should -Be @($false, $true)
        $rows[1]['members'][0]['RecipientTypeDetails'] | Should -BeExactly 'UserMailbox'
    }

    It 'are not read when no rule can be' {
        Open-Reading -Name @('exchange.threat_policy_scope_members')
        Read-Dataset -Asked @{ name = 'exchange.threat_policy_scope_members' }
        (Get-Said)[-1]['error']['kind'] | Should -BeExactly 'missing-cmdlet'
    }
}

Describe 'domains that Teams allows' {
    BeforeAll { Import-Reading -Service 'Teams' }

    It 'are told apart from everybody' {
        InModuleScope Reading {
            (ConvertTo-AllowedDomain -Value ([pscustomobject]@{}))['kind'] | Should -BeExactly 'AllowAllKnownDomains'
            $list = ConvertTo-AllowedDomain -Value ([pscustomobject]@{ AllowedDomain = @('Domain=a.example') })
            $list['kind'] | Should -BeExactly 'AllowList'
            $list['domains'] | Should -Be @('a.example')
            ConvertTo-AllowedDomain -Value $null | Should -BeNullOrEmpty
        }
    }
}

Describe 'banned passwords' {
    BeforeAll { Import-Reading -Service 'Graph' }

    It 'are counted and never sent' {
        $row = '{"id":"1","templateId":"t","values":[{"name":"BannedPasswordList","value":"one\ttwo"}]}'
        InModuleScope Reading -Parameters @{ Row = $row } {
            param($Row)
            $entry = $script:Datasets['graph.group_settings']
            $text = ConvertTo-RowText -Row $Row -Keep (Get-NameSet -Name $entry['Select']) -Change $entry['Change']
            $text | Should -Match '"value":"2"'
            $text | Should -Not -Match 'one'
        }
    }
}
