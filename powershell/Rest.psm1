# Reads by HTTP: GET only, patience with a busy service, and one page after the other.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$script:Attempts = 6
$script:LongestWait = 120
$script:Busy = @(429, 503, 504)
$script:Elsewhere = @(400, 403, 404, 501)

function Get-ServiceAnswer {
    # One GET through the session of the service: status, text, seconds to wait (-1: not said).
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [string] $Uri,
        [hashtable] $Header = @{}
    )
    $endpoint = Get-Endpoint
    try {
        switch ($endpoint['Service']) {
            'graph' {
                return Get-GraphAnswer -Uri $Uri -Header $Header
            }
            'sharepoint' {
                return Get-SharePointAnswer -Uri $Uri
            }
            default {
                return Get-WebAnswer -Uri $Uri -Header ($Header + (Get-TokenHeader))
            }
        }
    } catch {
        $answer = ConvertFrom-HttpError -ErrorRecord $_
        if ($null -eq $answer) {
            throw
        }
        return $answer
    }
}

function Get-GraphAnswer {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [string] $Uri,
        [hashtable] $Header = @{}
    )
    $status = 0
    $headers = @{}
    $options = @{
        OutputType              = 'Json'
        SkipHttpErrorCheck      = $true
        StatusCodeVariable      = 'status'
        ResponseHeadersVariable = 'headers'
        ErrorAction             = 'Stop'
    }
    $body = Invoke-MgGraphRequest -Method GET -Uri $Uri -Headers $Header @options
    if ($status -eq 0) {
        $status = 200
    }
    @{
        Status     = [int] $status
        Text       = (ConvertTo-BodyText -Body $body)
        RetryAfter = (Get-RetryAfter -Header $headers)
    }
}

function Get-SharePointAnswer {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory)] [string] $Uri)
    $options = @{
        Accept      = 'application/json;odata=nometadata'
        Raw         = $true
        ErrorAction = 'Stop'
    }
    $body = Invoke-PnPSPRestMethod -Method Get -Url $Uri @options
    @{ Status = 200; Text = (ConvertTo-BodyText -Body $body); RetryAfter = -1 }
}

function Get-WebAnswer {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [string] $Uri,
        [hashtable] $Header = @{}
    )
    $options = @{
        SkipHttpErrorCheck       = $true
        MaximumRedirection       = 0
        ConnectionTimeoutSeconds = 30
        ErrorAction              = 'Stop'
    }
    $reply = Invoke-WebRequest -Method Get -Uri $Uri -Headers $Header @options
    @{
        Status     = [int] $reply.StatusCode
        Text       = (ConvertTo-BodyText -Body $reply.Content)
        RetryAfter = (Get-RetryAfter -Header $reply.Headers)
    }
}

function ConvertTo-BodyText {
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()] $Body)
    if ($null -eq $Body) {
        return ''
    }
    if ($Body -is [byte[]]) {
        return [System.Text.Encoding]::UTF8.GetString($Body)
    }
    if ($Body -is [string]) {
        return $Body
    }
    ConvertTo-Text -Value $Body
}

function ConvertFrom-HttpError {
    # What the service answered, when the error carries it. Nothing: it was no answer at all.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory)] [System.Management.Automation.ErrorRecord] $ErrorRecord)
    $found = $null
    $headers = @{}
    $response = $ErrorRecord.Exception.PSObject.Properties['Response']
    if ($null -ne $response -and $null -ne $response.Value) {
        $found = $response.Value.PSObject.Properties['StatusCode']
        $sent = $response.Value.PSObject.Properties['Headers']
        if ($null -ne $sent) {
            $headers = $sent.Value
        }
    } else {
        $found = $ErrorRecord.Exception.PSObject.Properties['StatusCode']
    }
    if ($null -eq $found -or $null -eq $found.Value -or [int] $found.Value -lt 400) {
        return
    }
    $text = ''
    if ($null -ne $ErrorRecord.ErrorDetails) {
        $text = [string] $ErrorRecord.ErrorDetails.Message
    }
    @{ Status = [int] $found.Value; Text = $text; RetryAfter = (Get-RetryAfter -Header $headers) }
}

function Get-RetryAfter {
    # Seconds; the header is a number or a date. Dictionaries and .NET header collections alike.
    [CmdletBinding()]
    [OutputType([double])]
    param([AllowNull()] $Header)
    $value = ''
    if ($Header -is [System.Collections.IDictionary]) {
        $names = @($Header.Keys | Where-Object { $_ -eq 'Retry-After' })
        if ($names.Count) {
            $value = [string] @($Header[$names[0]])[0]
        }
    } elseif ($null -ne $Header) {
        $pairs = @($Header | Where-Object { $_.Key -eq 'Retry-After' })
        if ($pairs.Count) {
            $value = [string] @($pairs[0].Value)[0]
        }
    }
    $seconds = 0.0
    $moment = [System.DateTimeOffset]::MinValue
    $style = [System.Globalization.NumberStyles]::Float
    $culture = [System.Globalization.CultureInfo]::InvariantCulture
    if ([double]::TryParse($value, $style, $culture, [ref] $seconds)) {
        return [Math]::Max(0.0, $seconds)
    }
    $dates = [System.Globalization.DateTimeStyles]::AssumeUniversal
    if ([System.DateTimeOffset]::TryParse($value, $culture, $dates, [ref] $moment)) {
        return [Math]::Max(0.0, ($moment - [System.DateTimeOffset]::UtcNow).TotalSeconds)
    }
    -1.0
}

function Get-Wait {
    # What the service asks for; without a word from it, doubling from one second. Plus jitter.
    [CmdletBinding()]
    [OutputType([double])]
    param(
        [Parameter(Mandatory)] [int] $Attempt,
        [double] $RetryAfter = -1
    )
    $wait = $RetryAfter
    if ($wait -lt 0) {
        $wait = [Math]::Min(60.0, [Math]::Pow(2, $Attempt - 1))
    }
    [Math]::Round($wait + (Get-Random -Minimum 0 -Maximum 1000) / 1000, 2)
}

function Wait-Service {
    # Sleeps and says so. Throws when the service wants more patience than a dataset has.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [string] $What,
        [Parameter(Mandatory)] [int] $Attempt,
        [double] $RetryAfter = -1
    )
    $wait = Get-Wait -Attempt $Attempt -RetryAfter $RetryAfter
    if ($Attempt -ge $script:Attempts -or $RetryAfter -gt $script:LongestWait) {
        throw (Get-Failure -Kind 'throttled' -Message "$What after $Attempt attempts" -RetryAfter $wait)
    }
    Send-Log -Level 'warning' -Message "throttled: $What, waiting $wait s (attempt $Attempt)"
    Start-Sleep -Milliseconds ([int] ($wait * 1000))
}

function Get-Answer {
    # The answer once the service is not busy any more, whatever it is.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [string] $Uri,
        [hashtable] $Header = @{}
    )
    $renewed = $false
    $attempt = 1
    while ($true) {
        $answer = Get-ServiceAnswer -Uri $Uri -Header $Header
        if ($answer['Status'] -eq 401 -and -not $renewed) {
            # A token that ended in the middle of a long read; a second refusal is one.
            $renewed = $true
            Clear-TokenHeader
        } elseif ($script:Busy -contains $answer['Status']) {
            $what = "the service answered $($answer['Status'])"
            Wait-Service -What $what -Attempt $attempt -RetryAfter $answer['RetryAfter']
            $attempt += 1
        } else {
            return $answer
        }
    }
}

function Get-HttpFailure {
    # Status and error code decide the kind. `Unlicensed`: codes that say so for this read.
    [CmdletBinding()]
    [OutputType([System.Exception])]
    param(
        [Parameter(Mandatory)] [hashtable] $Answer,
        [string[]] $Unlicensed = @()
    )
    $codes = @(Get-BodyCode -Text $Answer['Text']) + @(Get-EmbeddedCode -Text $Answer['Text'])
    $exception = [System.InvalidOperationException]::new(
        (@("HTTP $($Answer['Status'])") + $codes) -join ' '
    )
    $record = [System.Management.Automation.ErrorRecord]::new(
        $exception, ($codes -join ','), 'NotSpecified', $null
    )
    $kind = Get-ErrorKind -ErrorRecord $record
    if (@($codes | Where-Object { $Unlicensed -contains $_ }).Count) {
        $kind = 'unlicensed'
    } elseif ($kind -eq 'other' -and @(401, 403) -contains $Answer['Status']) {
        $kind = 'denied'
    } elseif ($kind -eq 'other' -and $Answer['Status'] -eq 402) {
        $kind = 'unlicensed'
    } elseif ($kind -eq 'other' -and $Answer['Status'] -eq 408) {
        $kind = 'timeout'
    }
    $failure = Get-Failure -Kind $kind -Message $exception.Message
    $failure.Data['Status'] = $Answer['Status']
    $failure
}

function Get-FullUri {
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory)] [string] $Path)
    (Get-Endpoint)['Base'] + $Path
}

function Read-RestItem {
    # The rows of a read as JSON texts, page by page. `Tally` counts the pages.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)] [hashtable] $Entry,
        [Parameter(Mandatory)] [hashtable] $Tally
    )
    $headers = @{}
    if ($null -ne $Entry['Headers']) {
        $headers = $Entry['Headers']
    }
    $answer = Get-FirstAnswer -Entry $Entry -Header $headers
    while ($true) {
        $Tally['Pages'] += 1
        $page = Split-Page -Text $answer['Text'] -Entry $Entry
        $page['Items']
        if (-not $page['Next']) {
            return
        }
        $uri = Resolve-Next -Link $page['Next'] -Current $answer['Uri']
        $answer = Get-Answer -Uri $uri -Header $headers
        $answer['Uri'] = $uri
        if ($answer['Status'] -ge 300) {
            throw (Get-HttpFailure -Answer $answer -Unlicensed @($Entry['Unlicensed']))
        }
    }
}

function Get-FirstAnswer {
    # Tries the other paths of an entry in turn. When all fail, the first refusal is the reason.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [hashtable] $Entry,
        [Parameter(Mandatory)] [hashtable] $Header
    )
    $failure = $null
    foreach ($path in @($Entry['Get']) + @($Entry['Fallback'])) {
        if (-not $path) {
            continue
        }
        $uri = Get-FullUri -Path $path
        $answer = Get-Answer -Uri $uri -Header $Header
        if ($answer['Status'] -lt 300) {
            $answer['Uri'] = $uri
            return $answer
        }
        if ($null -eq $failure) {
            $failure = Get-HttpFailure -Answer $answer -Unlicensed @($Entry['Unlicensed'])
        }
        if ($script:Elsewhere -notcontains $answer['Status']) {
            break
        }
    }
    throw $failure
}

Export-ModuleMember -Function @(
    'Get-Answer'
    'Get-FullUri'
    'Get-HttpFailure'
    'Get-RetryAfter'
    'Get-ServiceAnswer'
    'Get-Wait'
    'Read-RestItem'
    'Wait-Service'
)
