BeforeAll {
    Set-StrictMode -Version Latest
    foreach ($name in @('Protocol', 'Json', 'Rest', 'Cloud', 'Certificate', 'Connect')) {
        Import-Module (Join-Path $PSScriptRoot "../$name.psm1") -Force
    }
    Open-Protocol -Stream ([System.IO.MemoryStream]::new())

    function Get-Keep {
        param([string[]] $Name)
        $set = [System.Collections.Generic.HashSet[string]]::new([System.StringComparer]::OrdinalIgnoreCase)
        foreach ($text in $Name) {
            [void] $set.Add($text)
        }
        , $set
    }
}

Describe 'a row of an answer' {
    It 'keeps what is named, absent stays absent and null stays null' {
        $row = '{"id":"1","mail":null,"other":2}'
        $keep = Get-Keep -Name @('ID', 'mail', 'missing')
        Select-JsonMember -Text $row -Keep $keep | Should -BeExactly '{"id":"1","mail":null}'
    }

    It 'keeps dates as they came' {
        $row = '{"when":"2021-02-18T20:14:04.120Z"}'
        Select-JsonMember -Text $row -Keep (Get-Keep -Name @('when')) | Should -BeExactly $row
    }

    It 'is one line' {
        $row = "{`r`n `"a`": {`n `"b`": 1 }`n}"
        Select-JsonMember -Text $row -Keep (Get-Keep -Name @('a')) | Should -Not -Match "[`r`n]"
    }
}

Describe 'a page' {
    It 'gives its items and the link to the next' {
        $page = Split-Page -Text '{"value":[{"a":1},{"a":2}],"@odata.nextLink":"https://h/x?2"}' -Entry @{}
        $page['Items'].Count | Should -Be 2
        $page['Next'] | Should -BeExactly 'https://h/x?2'
    }

    It 'may be empty' {
        @((Split-Page -Text '{"value":[]}' -Entry @{})['Items']).Count | Should -Be 0
    }

    It 'without a list is an error' {
        { Split-Page -Text '{"a":1}' -Entry @{} } | Should -Throw
    }

    It 'of a single object finds it under its wrappers' -ForEach @(
        '{"isOk":true}'
        '{"settings":{"isOk":true}}'
        '{"value":{"settings":{"isOk":true}}}'
    ) {
        $entry = @{ Single = $true; Unwrap = @('value', 'settings') }
        @((Split-Page -Text $_ -Entry $entry)['Items']) | Should -Be '{"isOk":true}'
    }

    It 'never leads to another host' {
        { Resolve-Next -Link 'https://evil.example/x' -Current 'https://graph.microsoft.com/v1.0/users' } |
            Should -Throw
    }

    It 'never leads to itself' {
        { Resolve-Next -Link 'https://h/x?1' -Current 'https://h/x?1' } | Should -Throw
    }
}

Describe 'Retry-After' {
    It 'is read as <Expected> from <Value>' -ForEach @(
        @{ Value = '12'; Expected = 12 }
        @{ Value = '0'; Expected = 0 }
        @{ Value = 'soon'; Expected = -1 }
        @{ Value = 'Wed, 01 Jan 2020 00:00:00 GMT'; Expected = 0 }
    ) {
        Get-RetryAfter -Header @{ 'retry-after' = @($Value) } | Should -Be $Expected
    }

    It 'is not there' {
        Get-RetryAfter -Header $null | Should -Be -1
    }
}

Describe 'a busy service' {
    BeforeEach {
        Mock Start-Sleep -ModuleName Rest
        Mock Send-Log -ModuleName Rest
        $script:Answers = [System.Collections.Generic.Queue[hashtable]]::new()
        Mock Get-ServiceAnswer -ModuleName Rest { $script:Answers.Dequeue() }
    }

    It 'is waited for as long as it asks, and the wait is told' {
        $script:Answers.Enqueue(@{ Status = 429; Text = ''; RetryAfter = 7 })
        $script:Answers.Enqueue(@{ Status = 503; Text = ''; RetryAfter = -1 })
        $script:Answers.Enqueue(@{ Status = 200; Text = 'x'; RetryAfter = -1 })
        (Get-Answer -Uri 'https://h/x')['Text'] | Should -BeExactly 'x'
        Should -Invoke Start-Sleep -ModuleName Rest -Times 1 -ParameterFilter { $Milliseconds -ge 7000 }
        Should -Invoke Send-Log -ModuleName Rest -Times 2 -Exactly
    }

    It 'that asks for too long is given up with its wait' {
        $script:Answers.Enqueue(@{ Status = 429; Text = ''; RetryAfter = 3600 })
        $caught = $null
        try {
            Get-Answer -Uri 'https://h/x'
        } catch {
            $caught = Get-ErrorShape -ErrorRecord $_
        }
        $caught['kind'] | Should -BeExactly 'throttled'
        $caught['retry_after_s'] | Should -BeGreaterOrEqual 3600
    }

    It 'is given up after six attempts' {
        foreach ($number in 1..6) {
            $script:Answers.Enqueue(@{ Status = 504; Text = ''; RetryAfter = 1 })
        }
        { Get-Answer -Uri 'https://h/x' } | Should -Throw
        $script:Answers.Count | Should -Be 0
    }

    It 'is asked again once when a token has ended' {
        $script:Answers.Enqueue(@{ Status = 401; Text = ''; RetryAfter = -1 })
        $script:Answers.Enqueue(@{ Status = 401; Text = ''; RetryAfter = -1 })
        (Get-Answer -Uri 'https://h/x')['Status'] | Should -Be 401
        $script:Answers.Count | Should -Be 0
    }
}

Describe 'a read of several pages' {
    BeforeEach {
        $script:Asked = [System.Collections.Generic.List[string]]::new()
        Mock Get-FullUri -ModuleName Rest { 'https://h' + $Path }
    }

    It 'follows the links to the end and counts the pages' {
        Mock Get-ServiceAnswer -ModuleName Rest {
            if ($Uri -eq 'https://h/a') {
                return @{ Status = 200; Text = '{"value":[{"n":1}],"@odata.nextLink":"https://h/b"}'; RetryAfter = -1 }
            }
            @{ Status = 200; Text = '{"value":[{"n":2}]}'; RetryAfter = -1 }
        }
        $tally = @{ Pages = 0; Rows = 0 }
        $rows = @(Read-RestItem -Entry @{ Get = '/a' } -Tally $tally)
        $rows | Should -Be @('{"n":1}', '{"n":2}')
        $tally['Pages'] | Should -Be 2
    }

    It 'tries the other path, and tells the first refusal when both fail' {
        Mock Get-ServiceAnswer -ModuleName Rest {
            $script:Asked.Add($Uri)
            if ($Uri -eq 'https://h/a') {
                return @{ Status = 403; Text = '{"error":{"code":"Forbidden"}}'; RetryAfter = -1 }
            }
            @{ Status = 404; Text = ''; RetryAfter = -1 }
        }
        $kind = ''
        try {
            Read-RestItem -Entry @{ Get = '/a'; Fallback = @('/b') } -Tally @{ Pages = 0 }
        } catch {
            $kind = Get-ErrorKind -ErrorRecord $_
        }
        $kind | Should -BeExactly 'denied'
        $script:Asked | Should -Be @('https://h/a', 'https://h/b')
    }

    It 'is unlicensed when the entry knows the code of the refusal' {
        Mock Get-ServiceAnswer -ModuleName Rest {
            @{ Status = 400; Text = '{"error":{"code":"BadRequest"}}'; RetryAfter = -1 }
        }
        $kind = ''
        try {
            Read-RestItem -Entry @{ Get = '/a'; Unlicensed = @('BadRequest') } -Tally @{ Pages = 0 }
        } catch {
            $kind = Get-ErrorKind -ErrorRecord $_
        }
        $kind | Should -BeExactly 'unlicensed'
    }
}
