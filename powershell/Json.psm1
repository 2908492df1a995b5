# JSON of an answer, cut into pages and rows and passed on untouched: no date is made of a text.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$script:NextLinks = @('@odata.nextLink', 'odata.nextLink', 'continuationUri')

function Resolve-Next {
    # A link to another host would carry our token there.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)] [string] $Link,
        [Parameter(Mandatory)] [string] $Current
    )
    $here = [uri] $Current
    $next = [uri]::new($here, $Link)
    if ($next.AbsoluteUri -eq $here.AbsoluteUri) {
        throw (Get-Failure -Kind 'other' -Message 'a page names itself as the next one')
    }
    if ($next.Scheme -ne $here.Scheme -or $next.Authority -ne $here.Authority) {
        throw (Get-Failure -Kind 'other' -Message 'the next page is on another host')
    }
    if ([uri]::IsWellFormedUriString($Link, [System.UriKind]::Absolute)) {
        return $Link
    }
    $next.AbsoluteUri
}

function Split-Page {
    # Items and the link to the next page. Without a list, the object itself is the one item.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [AllowEmptyString()] [string] $Text,
        [Parameter(Mandatory)] [hashtable] $Entry
    )
    $lists = @('value')
    if ($null -ne $Entry['List']) {
        $lists = $Entry['List']
    }
    $document = Open-Json -Text $Text
    try {
        $root = $document.RootElement
        if ($root.ValueKind -ne 'Object') {
            throw (Get-Failure -Kind 'other' -Message 'the answer is not a JSON object')
        }
        $page = Get-PageMember -Root $root -List $lists
        if ($null -eq $page['Items']) {
            if (-not $Entry['Single']) {
                throw (Get-Failure -Kind 'other' -Message 'the answer holds no list')
            }
            $inner = Get-Inner -Element $root -Name @($Entry['Unwrap'])
            $page['Items'] = @(Get-RawText -Element $inner)
        }
    } finally {
        $document.Dispose()
    }
    $page
}

function Get-PageMember {
    # `Items` is null when there is no list: an empty list is something else.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [System.Text.Json.JsonElement] $Root,
        [Parameter(Mandatory)] [string[]] $List
    )
    $items = $null
    $next = ''
    foreach ($member in $Root.EnumerateObject()) {
        $kind = $member.Value.ValueKind
        if ($kind -eq 'Array' -and $List -contains $member.Name) {
            $items = [System.Collections.Generic.List[string]]::new()
            foreach ($item in $member.Value.EnumerateArray()) {
                $items.Add((Get-RawText -Element $item))
            }
        } elseif ($kind -eq 'String' -and $script:NextLinks -contains $member.Name) {
            $next = $member.Value.GetString()
        }
    }
    @{ Items = $items; Next = $next }
}

function Open-Json {
    [CmdletBinding()]
    [OutputType([System.Text.Json.JsonDocument])]
    param([Parameter(Mandatory)] [AllowEmptyString()] [string] $Text)
    try {
        [System.Text.Json.JsonDocument]::Parse($Text)
    } catch {
        throw (Get-Failure -Kind 'other' -Message 'the answer is not JSON')
    }
}

function Get-Inner {
    # An object may stand under a wrapper or under two; it is taken wherever it stands.
    [CmdletBinding()]
    [OutputType([System.Text.Json.JsonElement])]
    param(
        [Parameter(Mandatory)] [System.Text.Json.JsonElement] $Element,
        [AllowNull()] [string[]] $Name
    )
    foreach ($wrapper in $Name) {
        foreach ($member in $Element.EnumerateObject()) {
            if ($member.Name -eq $wrapper -and $member.Value.ValueKind -eq 'Object') {
                $Element = $member.Value
                break
            }
        }
    }
    $Element
}

function Get-RawText {
    # As it came, on one line: a line break in JSON can only stand between its parts.
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory)] [System.Text.Json.JsonElement] $Element)
    $Element.GetRawText().Replace("`r", ' ').Replace("`n", ' ')
}

function Select-JsonMember {
    # Keeps the named members. What is absent stays absent, what is null stays null.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)] [string] $Text,
        [Parameter(Mandatory)] [System.Collections.Generic.HashSet[string]] $Keep
    )
    $kept = [System.Collections.Generic.List[string]]::new()
    $document = Open-Json -Text $Text
    try {
        if ($document.RootElement.ValueKind -ne 'Object') {
            throw (Get-Failure -Kind 'other' -Message 'a row is not a JSON object')
        }
        foreach ($member in $document.RootElement.EnumerateObject()) {
            if ($Keep.Contains($member.Name)) {
                $name = [System.Text.Json.JsonEncodedText]::Encode($member.Name).ToString()
                $kept.Add('"' + $name + '":' + (Get-RawText -Element $member.Value))
            }
        }
    } finally {
        $document.Dispose()
    }
    '{' + [string]::Join(',', $kept) + '}'
}

function Expand-Json {
    # Every object inside a value, itself included, however deep it stands.
    [CmdletBinding()]
    [OutputType([System.Collections.IDictionary])]
    param([AllowNull()] $Value)
    if ($Value -is [System.Collections.IDictionary]) {
        $Value
        foreach ($inner in @($Value.Values)) {
            Expand-Json -Value $inner
        }
    } elseif ($Value -is [System.Collections.IList]) {
        foreach ($inner in $Value) {
            Expand-Json -Value $inner
        }
    }
}

Export-ModuleMember -Function @(
    'Expand-Json'
    'Resolve-Next'
    'Select-JsonMember'
    'Split-Page'
)
