BeforeAll {
    Set-StrictMode -Version Latest
    Import-Module (Join-Path $PSScriptRoot '../Protocol.psm1') -Force

    function Open-Capture {
        $script:Capture = [System.IO.MemoryStream]::new()
        Open-Protocol -Stream $script:Capture -Secret @('a-long-secret')
    }

    function Get-Captured {
        $text = [System.Text.Encoding]::UTF8.GetString($script:Capture.ToArray())
        @($text -split "`n" | Where-Object { $_ })
    }

    function Get-Caught {
        param([scriptblock] $Block)
        try {
            & $Block
        } catch {
            return $_
        }
    }
}

Describe 'a protocol line' {
    BeforeEach { Open-Capture }

    It 'is marked, ends with a line feed and has no byte order mark' {
        Send-Line -Line ([ordered]@{ type = 'bye'; datasets = 3 })
        $bytes = $script:Capture.ToArray()
        [System.Text.Encoding]::ASCII.GetString($bytes) | Should -BeExactly "@assay {`"type`":`"bye`",`"datasets`":3}`n"
    }

    It 'keeps characters of all languages' {
        Send-Line -Line ([ordered]@{ type = 'log'; message = [string] [char] 0x00fc })
        $bytes = $script:Capture.ToArray()
        ($bytes -join ',') | Should -Match '195,188'
    }

    It 'holds no secret' {
        Send-Log -Message 'it was a-long-secret'
        Get-Captured | Should -Match 'it was \[redacted\]'
    }

    It 'is never longer than the protocol allows' {
        { Write-ProtocolText -Json ('"' + ('x' * 262144) + '"') } | Should -Throw
        $script:Capture.Length | Should -Be 0
    }
}

Describe 'rows' {
    BeforeEach { Open-Capture }

    It 'are split at 500' {
        $writer = Open-RowWriter -Name 'graph.users'
        foreach ($number in 1..501) {
            Send-Row -Writer $writer -Json ('{"id":' + $number + '}')
        }
        Close-RowWriter -Writer $writer
        $lines = @(Get-Captured)
        $lines.Count | Should -Be 2
        $writer['Rows'] | Should -Be 501
        ($lines[0].Substring(7) | ConvertFrom-Json).rows.Count | Should -Be 500
    }

    It 'are split at 256 KiB' {
        $writer = Open-RowWriter -Name 'graph.users'
        $row = '{"id":"' + ('x' * 100000) + '"}'
        foreach ($number in 1..5) {
            Send-Row -Writer $writer -Json $row
        }
        Close-RowWriter -Writer $writer
        $lines = @(Get-Captured)
        $lines.Count | Should -Be 3
        ($lines | Measure-Object -Property Length -Maximum).Maximum | Should -BeLessThan 262144
    }

    It 'of which one fits into no line fail the read' {
        $writer = Open-RowWriter -Name 'graph.users'
        { Send-Row -Writer $writer -Json ('"' + ('x' * 262144) + '"') } | Should -Throw
    }

    It 'are not announced when there are none' {
        Close-RowWriter -Writer (Open-RowWriter -Name 'graph.users')
        @(Get-Captured).Count | Should -Be 0
    }
}

Describe 'the kind of an error' {
    It 'is <Kind> for <Name>' -ForEach @(
        @{ Kind = 'missing-cmdlet'; Name = 'an unknown command'; Block = { Get-NothingOfThatName -ErrorAction Stop } }
        @{ Kind = 'missing-cmdlet'; Name = 'an unknown module'; Block = { Import-Module NothingOfThatName -ErrorAction Stop } }
        @{ Kind = 'missing-cmdlet'; Name = 'an unknown parameter'; Block = { Get-Date -NothingOfThatName } }
        @{ Kind = 'denied'; Name = 'a refusal'; Block = { throw [System.UnauthorizedAccessException]::new('x') } }
        @{ Kind = 'denied'; Name = 'a code of Entra'; Block = { throw 'AADSTS700016: x' } }
        @{ Kind = 'timeout'; Name = 'a time limit'; Block = { throw [System.TimeoutException]::new('x') } }
        @{ Kind = 'denied'; Name = 'an inner refusal'; Block = { throw [System.Exception]::new('x', [System.UnauthorizedAccessException]::new('y')) } }
        @{ Kind = 'unlicensed'; Name = 'a code of Graph'; Block = { throw [System.Exception]::new('{"error":{"code":"AadPremiumLicenseRequired"}}') } }
        @{ Kind = 'denied'; Name = 'a code of SharePoint'; Block = { throw [System.Exception]::new('{"odata.error":{"code":"-2147024891, System.UnauthorizedAccessException"}}') } }
        @{ Kind = 'throttled'; Name = 'a type that Exchange names'; Block = { throw 'Ex1|Microsoft.Exchange.Data.ServerBusyException|x' } }
        @{ Kind = 'other'; Name = 'English alone'; Block = { throw 'Access denied: the license was throttled by a timeout' } }
    ) {
        Get-ErrorKind -ErrorRecord (Get-Caught -Block $Block) | Should -BeExactly $Kind
    }

    It 'is what a failure of our own says, with the wait' {
        $caught = Get-Caught -Block { throw (Get-Failure -Kind 'throttled' -Message 'busy' -RetryAfter 30) }
        $shape = Get-ErrorShape -ErrorRecord $caught
        $shape['kind'] | Should -BeExactly 'throttled'
        $shape['retry_after_s'] | Should -Be 30
    }

    It 'comes with a message of one line that holds no secret' {
        Open-Capture
        $caught = Get-Caught -Block { throw [System.Exception]::new("first`r`na-long-secret") }
        (Get-ErrorShape -ErrorRecord $caught)['message'] | Should -BeExactly 'first [redacted]'
    }
}

Describe 'JSON text' {
    It 'writes enumerations by name' {
        ConvertTo-Text -Value @{ day = [System.DayOfWeek]::Monday } | Should -BeExactly '{"day":"Monday"}'
    }

    It 'is never cut in silence' {
        $deep = @{ end = 1 }
        foreach ($number in 1..25) {
            $deep = @{ inner = $deep }
        }
        { ConvertTo-Text -Value $deep } | Should -Throw
    }
}
