# The collector protocol, version 1: marked NDJSON lines on stdout, and the shapes of errors.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$script:MaxLineBytes = 256 * 1024
$script:MaxRows = 500
$script:ShortestSecret = 6
$script:Utf8 = [System.Text.UTF8Encoding]::new($false)
$script:Stream = [Console]::OpenStandardOutput()
$script:Secrets = [System.Collections.Generic.List[string]]::new()

function Open-Protocol {
    # Where lines go (a test gives a stream of its own), and what must never stand in one.
    [CmdletBinding()]
    param(
        [System.IO.Stream] $Stream,
        [string[]] $Secret = @()
    )
    if ($null -ne $Stream) {
        $script:Stream = $Stream
    }
    $script:Secrets.Clear()
    foreach ($text in $Secret) {
        if ($text.Length -ge $script:ShortestSecret) {
            $script:Secrets.Add($text)
        }
    }
}

function Write-ProtocolText {
    # The one place that writes to stdout. The lock is one object for all runspaces of the process.
    [CmdletBinding()]
    param([Parameter(Mandatory)] [string] $Json)
    $bytes = $script:Utf8.GetBytes('@assay ' + $Json + "`n")
    if ($bytes.Length -gt $script:MaxLineBytes) {
        throw [System.InvalidOperationException]::new("a line of $($bytes.Length) bytes is too long")
    }
    $lock = [Console]::Out
    [System.Threading.Monitor]::Enter($lock)
    try {
        $script:Stream.Write($bytes, 0, $bytes.Length)
        $script:Stream.Flush()
    } finally {
        [System.Threading.Monitor]::Exit($lock)
    }
}

function ConvertTo-Text {
    # JSON on one line. A value nested deeper than 20 is an error, never a silent cut.
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()] $Value)
    $options = @{
        InputObject    = $Value
        Depth          = 20
        Compress       = $true
        EnumsAsStrings = $true
        WarningAction  = 'Stop'
    }
    ConvertTo-Json @options
}

function Send-Line {
    [CmdletBinding()]
    param([Parameter(Mandatory)] [System.Collections.IDictionary] $Line)
    Write-ProtocolText -Json (ConvertTo-Text -Value $Line)
}

function Send-Log {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [string] $Message,
        [string] $Level = 'info'
    )
    Send-Line -Line ([ordered]@{ type = 'log'; level = $Level; message = (Hide-Secret -Text $Message) })
}

function Open-RowWriter {
    # Collects rows until a line is full. What it says of rows is what was really sent.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory)] [string] $Name)
    $head = '{"type":"rows","name":' + (ConvertTo-Text -Value $Name) + ',"rows":['
    $frame = $script:Utf8.GetByteCount('@assay ' + $head + "]}`n")
    @{
        Head  = $head
        Room  = $script:MaxLineBytes - $frame
        Held  = [System.Collections.Generic.List[string]]::new()
        Bytes = 0
        Rows  = 0
    }
}

function Send-Row {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [hashtable] $Writer,
        [Parameter(Mandatory)] [string] $Json
    )
    $size = $script:Utf8.GetByteCount($Json) + 1
    if ($size -gt $Writer['Room']) {
        throw [System.InvalidOperationException]::new("a row of $size bytes does not fit into a line")
    }
    $full = $Writer['Held'].Count -eq $script:MaxRows
    if ($full -or ($Writer['Bytes'] + $size -gt $Writer['Room'])) {
        Close-RowWriter -Writer $Writer
    }
    $Writer['Held'].Add($Json)
    $Writer['Bytes'] += $size
}

function Close-RowWriter {
    [CmdletBinding()]
    param([Parameter(Mandatory)] [hashtable] $Writer)
    if ($Writer['Held'].Count -eq 0) {
        return
    }
    Write-ProtocolText -Json ($Writer['Head'] + [string]::Join(',', $Writer['Held']) + ']}')
    $Writer['Rows'] += $Writer['Held'].Count
    $Writer['Held'].Clear()
    $Writer['Bytes'] = 0
}

function Hide-Secret {
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowEmptyString()] [string] $Text)
    foreach ($secret in $script:Secrets) {
        $Text = $Text.Replace($secret, '[redacted]')
    }
    $Text
}

function Get-Failure {
    # An exception that knows its kind. The kinds are the protocol's.
    [CmdletBinding()]
    [OutputType([System.Exception])]
    param(
        [Parameter(Mandatory)]
        [ValidateSet('denied', 'throttled', 'unlicensed', 'missing-cmdlet', 'timeout', 'other')]
        [string] $Kind,
        [Parameter(Mandatory)] [string] $Message,
        [double] $RetryAfter = -1
    )
    $exception = [System.InvalidOperationException]::new($Message)
    $exception.Data['Kind'] = $Kind
    if ($RetryAfter -ge 0) {
        $exception.Data['RetryAfter'] = $RetryAfter
    }
    $exception
}

# Identifiers, compared whole: exception types, error ids, categories, codes of answers.
$script:Words = [ordered]@{
    'unlicensed'     = @(
        'AadPremiumLicenseRequired'
        'Authentication_RequestFromNonPremiumTenantOrB2CTenant'
        'Forbidden_LicensingError'
        'RequestFromNonPremiumTenantOrB2CTenant'
        'PaymentRequired'
    )
    'missing-cmdlet' = @(
        'CommandNotFoundException'
        'CouldNotAutoLoadModule'
        'Modules_ModuleNotFound'
        'NamedParameterNotFound'
    )
    'throttled'      = @(
        'TooManyRequests'
        'ServiceUnavailable'
        'GatewayTimeout'
        'ServerBusyException'
        'OverBudgetException'
        'ThrottlingException'
        'activityLimitReached'
        'RequestThrottled'
    )
    'timeout'        = @(
        'TimeoutException'
        'TaskCanceledException'
        'OperationCanceledException'
        'OperationTimeout'
        'RequestTimeout'
    )
    'denied'         = @(
        'UnauthorizedAccessException'
        'SecurityException'
        'AuthenticationException'
        'AuthenticationFailedException'
        'CryptographicException'
        'PermissionDenied'
        'SecurityError'
        'AuthenticationError'
        'Unauthorized'
        'Forbidden'
        'AccessDenied'
        'ErrorAccessDenied'
        'AccessDeniedException'
        'Authorization_RequestDenied'
        'Authorization_IdentityNotFound'
        'InvalidAuthenticationToken'
        'invalid_client'
        'unauthorized_client'
        'access_denied'
        'AADSTS'
    )
}

function Get-ErrorWord {
    # Identifiers only: English sentences change with version and language.
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory)] [System.Management.Automation.ErrorRecord] $ErrorRecord)
    $ErrorRecord.FullyQualifiedErrorId -split ','
    [string] $ErrorRecord.CategoryInfo.Category
    [string] $ErrorRecord.CategoryInfo.Reason
    if ($null -ne $ErrorRecord.ErrorDetails) {
        Get-BodyCode -Text $ErrorRecord.ErrorDetails.Message
    }
    $texts = @([string] $ErrorRecord.FullyQualifiedErrorId)
    $exception = $ErrorRecord.Exception
    while ($null -ne $exception) {
        $exception.GetType().Name
        foreach ($name in @('StatusCode', 'ErrorCode')) {
            $property = $exception.PSObject.Properties[$name]
            if ($null -ne $property) {
                [string] $property.Value
            }
        }
        Get-BodyCode -Text $exception.Message
        $texts += $exception.Message
        $exception = $exception.InnerException
    }
    foreach ($text in $texts) {
        Get-EmbeddedCode -Text $text
    }
}

function Get-EmbeddedCode {
    # Codes that services write into sentences: AADSTS700016, |Some.Type.Exception|, FailureCategory=.
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()] [AllowEmptyString()] [string] $Text)
    if ($Text -cmatch '\bAADSTS\d{5,}') {
        'AADSTS'
    }
    foreach ($found in [regex]::Matches($Text, '\|(?:[\w.]+\.)?(\w+Exception)\|')) {
        $found.Groups[1].Value
    }
    foreach ($found in [regex]::Matches($Text, 'FailureCategory=(?:\w+-)?(\w+)')) {
        $found.Groups[1].Value
    }
}

function Get-BodyCode {
    # Error codes of a JSON answer: Graph, Entra, Fabric and SharePoint each have their own place.
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()] [AllowEmptyString()] [string] $Text)
    if ([string]::IsNullOrWhiteSpace($Text) -or -not $Text.TrimStart().StartsWith('{')) {
        return
    }
    try {
        $body = ConvertFrom-Json -InputObject $Text -AsHashtable -ErrorAction Stop
    } catch {
        return
    }
    while ($body -is [System.Collections.IDictionary]) {
        foreach ($name in @('code', 'errorCode', 'error')) {
            if ($body[$name] -is [string]) {
                $body[$name] -split '[,\s]+' | ForEach-Object { ($_ -split '\.')[-1] }
            }
        }
        $inner = $null
        foreach ($name in @('error', 'odata.error', 'innerError')) {
            if ($body[$name] -is [System.Collections.IDictionary]) {
                $inner = $body[$name]
            }
        }
        $body = $inner
    }
}

function Get-ErrorKind {
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory)] [System.Management.Automation.ErrorRecord] $ErrorRecord)
    $known = $ErrorRecord.Exception.Data['Kind']
    if ($null -ne $known) {
        return [string] $known
    }
    $found = @(Get-ErrorWord -ErrorRecord $ErrorRecord)
    foreach ($kind in $script:Words.Keys) {
        foreach ($word in $script:Words[$kind]) {
            if ($found -contains $word) {
                return $kind
            }
        }
    }
    'other'
}

function Get-ErrorShape {
    # The error object of the protocol: one line, no secret, not endless.
    [CmdletBinding()]
    [OutputType([System.Collections.IDictionary])]
    param([Parameter(Mandatory)] [System.Management.Automation.ErrorRecord] $ErrorRecord)
    $message = Hide-Secret -Text ([string] $ErrorRecord.Exception.Message)
    $message = ($message -replace '[\x00-\x1f\x7f]+', ' ').Trim()
    if ($message.Length -gt 500) {
        $message = $message.Substring(0, 500)
    }
    $shape = [ordered]@{ kind = (Get-ErrorKind -ErrorRecord $ErrorRecord); message = $message }
    $wait = $ErrorRecord.Exception.Data['RetryAfter']
    if ($null -ne $wait) {
        $shape['retry_after_s'] = $wait
    }
    $shape
}

Export-ModuleMember -Function @(
    'Close-RowWriter'
    'ConvertTo-Text'
    'Get-BodyCode'
    'Get-EmbeddedCode'
    'Get-ErrorKind'
    'Get-ErrorShape'
    'Get-ErrorWord'
    'Get-Failure'
    'Hide-Secret'
    'Open-Protocol'
    'Open-RowWriter'
    'Send-Line'
    'Send-Log'
    'Send-Row'
    'Write-ProtocolText'
)
