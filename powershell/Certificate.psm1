# The certificate of the request: in memory, never in a file, and what is signed with it.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Get-RequestCertificate {
    # From the request, in memory: a PFX in Base64, a PEM with its key as text or in Base64, or,
    # for a run by hand on Windows, the thumbprint of one in the certificate store.
    [CmdletBinding()]
    [OutputType([System.Security.Cryptography.X509Certificates.X509Certificate2])]
    param([Parameter(Mandatory)] [hashtable] $SignIn)
    if ($SignIn['certificate_thumbprint']) {
        return Get-StoredCertificate -Thumbprint $SignIn['certificate_thumbprint']
    }
    $secret = [string] $SignIn['certificate_password']
    $pem = Get-PemText -SignIn $SignIn
    if ($pem) {
        if ($secret) {
            return [System.Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromEncryptedPem($pem, $pem, $secret)
        }
        return [System.Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromPem($pem, $pem)
    }
    $bytes = [Convert]::FromBase64String([string] $SignIn['certificate'])
    if ($bytes.Length -eq 0) {
        throw (Get-Failure -Kind 'denied' -Message 'the request holds no certificate')
    }
    $flags = [System.Security.Cryptography.X509Certificates.X509KeyStorageFlags]::Exportable
    if (-not $IsMacOS) {
        $flags = $flags -bor [System.Security.Cryptography.X509Certificates.X509KeyStorageFlags]::EphemeralKeySet
    }
    [System.Security.Cryptography.X509Certificates.X509Certificate2]::new($bytes, $secret, $flags)
}

function Get-PemText {
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory)] [hashtable] $SignIn)
    $text = ([string] $SignIn['certificate']).Trim()
    if (-not $text.StartsWith('-----')) {
        $text = [System.Text.Encoding]::ASCII.GetString([Convert]::FromBase64String($text)).Trim()
    }
    if ($text.StartsWith('-----')) {
        $text
    }
}

function Get-StoredCertificate {
    [CmdletBinding()]
    [OutputType([System.Security.Cryptography.X509Certificates.X509Certificate2])]
    param([Parameter(Mandatory)] [string] $Thumbprint)
    foreach ($place in @('CurrentUser', 'LocalMachine')) {
        $store = [System.Security.Cryptography.X509Certificates.X509Store]::new('My', $place)
        try {
            $store.Open('ReadOnly')
            $found = $store.Certificates.Find('FindByThumbprint', $Thumbprint, $false)
            if ($found.Count) {
                return $found[0]
            }
        } finally {
            $store.Dispose()
        }
    }
    throw (Get-Failure -Kind 'denied' -Message 'no certificate with this thumbprint is in the store')
}

function Get-PfxText {
    # PnP takes Base64 text alone. It goes from memory to memory, without a file.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)]
        [System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate
    )
    $type = [System.Security.Cryptography.X509Certificates.X509ContentType]::Pfx
    [Convert]::ToBase64String($Certificate.Export($type))
}

function Get-ClientAssertion {
    # RFC 7523, signed as Entra wants it: PS256 with the SHA-256 thumbprint of the certificate.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)] [string] $Audience,
        [Parameter(Mandatory)] [string] $Client,
        [Parameter(Mandatory)]
        [System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate
    )
    $sha256 = [System.Security.Cryptography.HashAlgorithmName]::SHA256
    $now = [System.DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
    $head = [ordered]@{
        'alg'      = 'PS256'
        'typ'      = 'JWT'
        'x5t#S256' = ConvertTo-Base64Url -Byte ($Certificate.GetCertHash($sha256))
    }
    $claims = [ordered]@{
        aud = $Audience
        iss = $Client
        sub = $Client
        jti = [guid]::NewGuid().ToString()
        nbf = $now - 60
        exp = $now + 540
    }
    $parts = @($head, $claims) | ForEach-Object {
        ConvertTo-Base64Url -Byte ([System.Text.Encoding]::UTF8.GetBytes((ConvertTo-Text -Value $_)))
    }
    $text = $parts -join '.'
    $key = [System.Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($Certificate)
    if ($null -eq $key) {
        throw (Get-Failure -Kind 'denied' -Message 'the certificate has no RSA private key')
    }
    $padding = [System.Security.Cryptography.RSASignaturePadding]::Pss
    $signature = $key.SignData([System.Text.Encoding]::ASCII.GetBytes($text), $sha256, $padding)
    $text + '.' + (ConvertTo-Base64Url -Byte $signature)
}

function ConvertTo-Base64Url {
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory)] [byte[]] $Byte)
    [Convert]::ToBase64String($Byte).TrimEnd('=').Replace('+', '-').Replace('/', '_')
}

function ConvertFrom-Base64Url {
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory)] [string] $Text)
    $padded = $Text.Replace('-', '+').Replace('_', '/')
    $padded += '=' * ((4 - $padded.Length % 4) % 4)
    [System.Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($padded))
}

Export-ModuleMember -Function @(
    'ConvertFrom-Base64Url'
    'ConvertTo-Base64Url'
    'Get-ClientAssertion'
    'Get-PfxText'
    'Get-RequestCertificate'
)
