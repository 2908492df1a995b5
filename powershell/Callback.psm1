# Posts protocol lines to the webhook of a scan: in order, again when the network fails, once each.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$script:MaxLines = 100
$script:MaxBytes = 512 * 1024
$script:Attempts = 8
$script:LongestHoldSeconds = 15
$script:Passing = @(0, 408, 425, 429, 500, 502, 503, 504)

function Open-Callback {
    # One service's run: its token, and its own sequence from 1.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [uri] $Url,
        [Parameter(Mandatory)] [string] $Service,
        [Parameter(Mandatory)] [string] $ScanId,
        [AllowEmptyString()] [string] $TokenPath = ''
    )
    if ($Url.Scheme -ne 'https' -and -not $Url.IsLoopback) {
        throw [System.ArgumentException]::new('the token goes over https only')
    }
    $address = $Url.AbsoluteUri.TrimEnd('/')
    if ($Url.AbsolutePath -eq '/') {
        $address += '/msp/cspm/webhook/progress/' + $ScanId
    }
    @{
        Address  = $address
        Token    = Get-CallbackToken -Service $Service -Path $TokenPath
        Sequence = 1
        Held     = [System.Collections.Generic.List[string]]::new()
        Bytes    = 0
        Clock    = [System.Diagnostics.Stopwatch]::StartNew()
    }
}

function Get-CallbackToken {
    # From a file, or typed in by whoever starts the run. Never an argument, never the environment.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)] [string] $Service,
        [AllowEmptyString()] [string] $Path = ''
    )
    if ($Path) {
        $text = (Get-Content -LiteralPath $Path -Raw).Trim()
        if ($text.StartsWith('{')) {
            $text = Select-CallbackToken -Service $Service -Json $text
        }
    } else {
        $Host.UI.Write('Token of the scan for ' + $Service + ': ')
        $typed = $Host.UI.ReadLineAsSecureString()
        $text = [System.Net.NetworkCredential]::new('', $typed).Password
    }
    if ([string]::IsNullOrWhiteSpace($text)) {
        throw [System.ArgumentException]::new("there is no token for $Service")
    }
    $text
}

function Select-CallbackToken {
    # From tokens by service, or from the answer of the platform that made them.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)] [string] $Service,
        [Parameter(Mandatory)] [string] $Json
    )
    $given = ConvertFrom-Json -InputObject $Json -AsHashtable
    foreach ($item in @($given['items'] | Where-Object { $null -ne $_ })) {
        if ($item['service'] -eq $Service) {
            return [string] $item['token']
        }
    }
    [string] $given[$Service]
}

function Send-CallbackLine {
    # Rows wait until there are enough of them, but not long: silence would count as lost contact.
    # Everything else tells a person something, and goes at once.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [hashtable] $Callback,
        [Parameter(Mandatory)] [string] $Json
    )
    $size = [System.Text.Encoding]::UTF8.GetByteCount($Json) + 1
    if ($Callback['Bytes'] + $size -gt $script:MaxBytes) {
        Send-CallbackBatch -Callback $Callback
    }
    $Callback['Held'].Add($Json)
    $Callback['Bytes'] += $size
    $isFull = $Callback['Held'].Count -ge $script:MaxLines
    $isOld = $Callback['Clock'].Elapsed.TotalSeconds -ge $script:LongestHoldSeconds
    if ($isFull -or $isOld -or -not $Json.StartsWith('{"type":"rows"')) {
        Send-CallbackBatch -Callback $Callback
    }
}

function Close-Callback {
    [CmdletBinding()]
    param([Parameter(Mandatory)] [hashtable] $Callback)
    Send-CallbackBatch -Callback $Callback
}

function Send-CallbackBatch {
    # The same sequence with the same lines, until it is taken: a repeat changes nothing there.
    [CmdletBinding()]
    param([Parameter(Mandatory)] [hashtable] $Callback)
    if ($Callback['Held'].Count -eq 0) {
        return
    }
    $lines = [string]::Join(',', $Callback['Held'])
    $body = '{"sequence":' + $Callback['Sequence'] + ',"lines":[' + $lines + ']}'
    for ($attempt = 1; $attempt -le $script:Attempts; $attempt += 1) {
        $answer = Send-CallbackBody -Callback $Callback -Body $body
        $status = $answer['Status']
        if ($status -ge 200 -and $status -lt 300) {
            $Callback['Sequence'] += 1
            $Callback['Held'].Clear()
            $Callback['Bytes'] = 0
            $Callback['Clock'].Restart()
            return
        }
        $isFull = $status -eq 409 -and $answer['Text'] -like '*#remote-queue-full*'
        if (-not $isFull -and $script:Passing -notcontains $status) {
            throw [System.InvalidOperationException]::new("the webhook refused the lines: HTTP $status")
        }
        $pause = [Math]::Min(60000, 1000 * [Math]::Pow(2, $attempt - 1))
        Start-Sleep -Milliseconds ([int] $pause + (Get-Random -Minimum 0 -Maximum 1000))
    }
    throw [System.InvalidOperationException]::new('the webhook could not be reached')
}

function Send-CallbackBody {
    # Status and text of the answer; status 0 when there was none.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [hashtable] $Callback,
        [Parameter(Mandatory)] [string] $Body
    )
    $options = @{
        Method                   = 'Post'
        Uri                      = $Callback['Address']
        Headers                  = @{ Authorization = 'Bearer ' + $Callback['Token'] }
        ContentType              = 'application/json; charset=utf-8'
        Body                     = [System.Text.Encoding]::UTF8.GetBytes($Body)
        MaximumRedirection       = 0
        ConnectionTimeoutSeconds = 30
        SkipHttpErrorCheck       = $true
        ErrorAction              = 'Stop'
    }
    try {
        $reply = Invoke-WebRequest @options
        $text = $reply.Content
        if ($text -is [byte[]]) {
            $text = [System.Text.Encoding]::UTF8.GetString($text)
        }
        @{ Status = [int] $reply.StatusCode; Text = [string] $text }
    } catch [System.Net.Http.HttpRequestException] {
        @{ Status = 0; Text = '' }
    } catch [System.OperationCanceledException] {
        @{ Status = 0; Text = '' }
    }
}

Export-ModuleMember -Function @(
    'Close-Callback'
    'Open-Callback'
    'Send-CallbackLine'
)
