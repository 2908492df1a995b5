BeforeAll {
    Set-StrictMode -Version Latest
    Import-Module (Join-Path $PSScriptRoot '../Pack.psm1') -Force
    Import-Module (Join-Path $PSScriptRoot '../Callback.psm1') -Force
    $script:Tenant = '11111111-1111-1111-1111-111111111111'
}

Describe 'an evidence pack' {
    BeforeEach {
        $script:Path = Join-Path $TestDrive ([guid]::NewGuid())
        $script:Pack = Open-Pack -Path $script:Path -TenantId $script:Tenant -TenantDomain 'contoso.onmicrosoft.com'
        foreach ($json in @(
                '{"type":"hello","protocol":1,"collector":"powershell","versions":{}}'
                '{"type":"connected","service":"graph","tenant_id":"11111111-1111-1111-1111-111111111111"}'
                '{"type":"dataset-started","name":"graph.domains","read":"GET /v1.0/domains"}'
                '{"type":"rows","name":"graph.domains","rows":[{"id":"a","when":"2021-02-18T20:14:04.120Z"}]}'
                '{"type":"rows","name":"graph.domains","rows":[{"id":"b"}]}'
                '{"type":"dataset-finished","name":"graph.domains","rows":2}'
                '{"type":"dataset-started","name":"graph.groups","read":"GET /v1.0/groups"}'
                '{"type":"dataset-failed","name":"graph.groups","error":{"kind":"denied","message":"no"}}'
                '{"type":"dataset-started","name":"graph.users","read":"GET /v1.0/users"}'
                '{"type":"rows","name":"graph.users","rows":[{"id":"c"}]}'
            )) {
            Add-PackLine -Pack $script:Pack -Json $json
        }
        Close-PackService -Pack $script:Pack -Dataset @('graph.domains', 'graph.groups', 'graph.users', 'graph.organization')
        Close-Pack -Pack $script:Pack
        $script:Manifest = Get-Content -LiteralPath (Join-Path $script:Path 'pack.json') -Raw | ConvertFrom-Json -AsHashtable
    }

    It 'says how each dataset ended' {
        $found = $script:Manifest['datasets']
        $found['graph.domains']['status'] | Should -BeExactly 'ok'
        $found['graph.domains']['rows'] | Should -Be 2
        $found['graph.groups']['status'] | Should -BeExactly 'denied'
        $found['graph.users']['status'] | Should -BeExactly 'partial'
        $found['graph.organization']['status'] | Should -BeExactly 'other'
    }

    It 'holds the rows as they came, and files only where there are rows' {
        $folder = Join-Path $script:Path 'datasets'
        $text = Get-Content -LiteralPath (Join-Path $folder 'graph.domains.json') -Raw
        $text | Should -Match '"2021-02-18T20:14:04.120Z"'
        @($text | ConvertFrom-Json).Count | Should -Be 2
        @(Get-ChildItem -Path $folder -Name | Sort-Object) | Should -Be @('graph.domains.json', 'graph.users.json')
    }

    It 'is never written over another one' {
        { Open-Pack -Path $script:Path -TenantId $script:Tenant -TenantDomain 'x' } | Should -Throw
    }
}

Describe 'posts to the webhook' {
    BeforeEach {
        $script:Bodies = [System.Collections.Generic.List[string]]::new()
        $script:Statuses = [System.Collections.Generic.Queue[int]]::new()
        Mock Start-Sleep -ModuleName Callback
        Mock Send-CallbackBody -ModuleName Callback {
            $script:Bodies.Add($Body)
            @{ Status = $script:Statuses.Dequeue(); Text = '' }
        }
        $tokens = Join-Path $TestDrive 'tokens.json'
        Set-Content -LiteralPath $tokens -Value '{"items":[{"service":"graph","token":"secret-of-graph"}]}'
        $script:Callback = Open-Callback -Url 'https://assay.example' -Service 'graph' -ScanId $script:Tenant -TokenPath $tokens
    }

    It 'go to the address of the scan with the token of the service' {
        $script:Callback['Address'] | Should -BeExactly ('https://assay.example/msp/cspm/webhook/progress/' + $script:Tenant)
        $script:Callback['Token'] | Should -BeExactly 'secret-of-graph'
    }

    It 'count from one, and are sent again as they were' {
        foreach ($status in @(200, 503, 0, 200)) {
            $script:Statuses.Enqueue($status)
        }
        Send-CallbackLine -Callback $script:Callback -Json '{"type":"hello"}'
        Send-CallbackLine -Callback $script:Callback -Json '{"type":"bye","datasets":0}'
        $script:Bodies | Should -Be @(
            '{"sequence":1,"lines":[{"type":"hello"}]}'
            '{"sequence":2,"lines":[{"type":"bye","datasets":0}]}'
            '{"sequence":2,"lines":[{"type":"bye","datasets":0}]}'
            '{"sequence":2,"lines":[{"type":"bye","datasets":0}]}'
        )
    }

    It 'gather rows' {
        $script:Statuses.Enqueue(200)
        Send-CallbackLine -Callback $script:Callback -Json '{"type":"rows","name":"a.b","rows":[]}'
        $script:Bodies.Count | Should -Be 0
        Close-Callback -Callback $script:Callback
        $script:Bodies.Count | Should -Be 1
    }

    It 'end at a refusal' {
        $script:Statuses.Enqueue(401)
        { Send-CallbackLine -Callback $script:Callback -Json '{"type":"hello"}' } | Should -Throw
    }

    It 'never carry a token over plain HTTP to another machine' {
        { Open-Callback -Url 'http://assay.example' -Service 'graph' -ScanId $script:Tenant } | Should -Throw
    }
}
