# Microsoft Graph, second phase: one GET for each id that stands in rows read before.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Test-ObjectId {
    # Ids become part of an address; the id of zeros means nobody.
    [CmdletBinding()]
    [OutputType([bool])]
    param([AllowNull()] [AllowEmptyString()] [string] $Id)
    $Id -match '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' -and $Id -notmatch '^[0-]+$'
}

function Get-PartAnswer {
    # The answer about one id. A refusal of the first says that a permission is missing; later ones
    # concern that id alone and stand in its row as a status.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [string] $Path,
        [Parameter(Mandatory)] [hashtable] $Tally,
        [hashtable] $Header = @{}
    )
    $answer = Get-Answer -Uri (Get-FullUri -Path $Path) -Header $Header
    $Tally['Pages'] += 1
    $isMissingPermission = $answer['Status'] -eq 403 -and $Tally['Rows'] -eq 0
    if ($isMissingPermission -or $answer['Status'] -eq 401 -or $answer['Status'] -ge 500) {
        throw (Get-HttpFailure -Answer $answer)
    }
    $answer
}

function Read-RoleGroup {
    # Members of the groups that hold a role. What is known as a group and is not here is a
    # partner's; an id of unknown kind that is no group here is passed over.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)] [hashtable] $Source,
        [Parameter(Mandatory)] [hashtable] $Tally
    )
    $kinds = Get-PrincipalKind -Source $Source
    foreach ($id in @($kinds.Keys)) {
        if ($kinds[$id] -and $kinds[$id] -ne '#microsoft.graph.group') {
            continue
        }
        $head = '{"groupId":' + (ConvertTo-Text -Value $id)
        $path = '/v1.0/groups/' + $id + '/transitiveMembers?$select=id,displayName,userPrincipalName'
        $members = Read-Member -Path $path -Tally $Tally
        if ($members['Found']) {
            $head + ',"resolved":true,"members":[' + ($members['Items'] -join ',') + ']}'
        } elseif ($kinds[$id]) {
            $head + ',"resolved":false,"members":[]}'
        }
    }
}

function Get-PrincipalKind {
    # Type by principal id, empty where no row says it.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([Parameter(Mandatory)] [hashtable] $Source)
    $kinds = [ordered]@{}
    foreach ($rows in $Source.Values) {
        foreach ($row in $rows) {
            $id = [string] $row['principalId']
            $type = ''
            if ($row['principal'] -is [System.Collections.IDictionary]) {
                $type = [string] $row['principal']['@odata.type']
            }
            if ((Test-ObjectId -Id $id) -and ($type -or -not $kinds.Contains($id))) {
                $kinds[$id] = $type
            }
        }
    }
    $kinds
}

function Read-Member {
    # All pages of a list of members or groups; not found is an answer of its own.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [string] $Path,
        [Parameter(Mandatory)] [hashtable] $Tally,
        [string[]] $Fallback = @(),
        [hashtable] $Header = @{}
    )
    $entry = @{ Get = $Path; Fallback = $Fallback; Headers = $Header }
    $keep = Get-NameSet -Name @('@odata.type', 'id', 'displayName', 'userPrincipalName')
    try {
        $items = @(
            Read-RestItem -Entry $entry -Tally $Tally | ForEach-Object { Select-JsonMember -Text $_ -Keep $keep }
        )
    } catch {
        if ($_.Exception.Data['Status'] -eq 404) {
            return @{ Found = $false; Items = @() }
        }
        throw
    }
    @{ Found = $true; Items = $items }
}

function Read-EmergencyGroup {
    # The groups of each emergency account that the provider named, by object id or by name; the row
    # calls the account as the provider does.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)] [hashtable] $Source,
        [Parameter(Mandatory)] [System.Collections.IDictionary] $Asked,
        [Parameter(Mandatory)] [hashtable] $Tally
    )
    $parameters = $Asked['parameters']
    if ($null -eq $parameters -or $null -eq $parameters['emergency_accounts']) {
        throw (Get-Failure -Kind 'other' -Message 'the emergency accounts of the tenant are not known')
    }
    $ids = @{}
    foreach ($user in @($Source.Values | ForEach-Object { $_ })) {
        $ids[[string] $user['userPrincipalName']] = [string] $user['id']
        $ids[[string] $user['id']] = [string] $user['id']
    }
    foreach ($account in @($parameters['emergency_accounts'])) {
        $id = $ids[[string] $account]
        if (-not (Test-ObjectId -Id $id)) {
            Send-Log -Level 'warning' -Message 'an emergency account is not a user of the tenant'
            continue
        }
        $path = '/v1.0/users/' + $id + '/transitiveMemberOf/microsoft.graph.group?$select=id,displayName'
        $options = @{ Fallback = @($path + '&$count=true'); Header = @{ ConsistencyLevel = 'eventual' } }
        $groups = Read-Member -Path $path -Tally $Tally @options
        '{"userId":' + (ConvertTo-Text -Value ([string] $account)) + ',"groups":[' + ($groups['Items'] -join ',') + ']}'
    }
}

function Read-ReferencedGroup {
    # Name and number of users of each group that a policy names; gone ones with their status.
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [Parameter(Mandatory)] [hashtable] $Source,
        [Parameter(Mandatory)] [hashtable] $Tally
    )
    $header = @{ ConsistencyLevel = 'eventual' }
    foreach ($id in @(Get-ReferencedId -Source $Source)) {
        $path = '/v1.0/groups/' + $id
        $group = Get-PartAnswer -Path ($path + '?$select=id,displayName') -Tally $Tally
        if ($group['Status'] -ge 300) {
            [pscustomobject]@{ id = $id; status = $group['Status'] }
            continue
        }
        $body = ConvertFrom-Json -InputObject $group['Text'] -AsHashtable -ErrorAction Stop
        $path += '/transitiveMembers/microsoft.graph.user/$count'
        $count = Get-PartAnswer -Path $path -Tally $Tally -Header $header
        $row = [ordered]@{ id = $id; displayName = $body['displayName']; status = $count['Status'] }
        $number = [regex]::Match($count['Text'], '^\W*(\d+)\W*$')
        if ($count['Status'] -lt 300 -and $number.Success) {
            $row['userCount'] = [int] $number.Groups[1].Value
        }
        [pscustomobject] $row
    }
}

function Get-ReferencedId {
    # Groups excluded by Conditional Access, approvers of privileged roles, targets of methods.
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory)] [hashtable] $Source)
    $ids = foreach ($row in @($Source.Values | ForEach-Object { $_ })) {
        foreach ($part in @(Expand-Json -Value $row)) {
            @($part['excludeGroups'])
            $part['groupId']
            if ([string] $part['@odata.type'] -like '*.groupMembers') {
                $part['id']
            }
            if ($part['targetType'] -eq 'group') {
                $part['id']
            }
        }
    }
    $ids | Where-Object { Test-ObjectId -Id ([string] $_) } | Sort-Object -Unique
}

function Read-MfaState {
    # Only of users whose state the list of users did not tell.
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [Parameter(Mandatory)] [hashtable] $Source,
        [Parameter(Mandatory)] [hashtable] $Tally
    )
    foreach ($user in @($Source.Values | ForEach-Object { $_ })) {
        if ($user['perUserMfaState'] -or -not (Test-ObjectId -Id ([string] $user['id']))) {
            continue
        }
        $path = '/beta/users/' + $user['id'] + '/authentication/requirements'
        $answer = Get-PartAnswer -Path $path -Tally $Tally
        $row = [ordered]@{ userId = $user['id']; status = $answer['Status'] }
        if ($answer['Status'] -lt 300) {
            $body = ConvertFrom-Json -InputObject $answer['Text'] -AsHashtable -ErrorAction Stop
            if ($body.Contains('perUserMfaState')) {
                $row['perUserMfaState'] = $body['perUserMfaState']
            }
        }
        [pscustomobject] $row
    }
}
