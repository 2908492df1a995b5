BeforeAll {
    Set-StrictMode -Version Latest
    foreach ($name in @('Protocol', 'Json', 'Rest', 'Cloud', 'Certificate', 'Connect')) {
        Import-Module (Join-Path $PSScriptRoot "../$name.psm1") -Force
    }
    $script:Key = [System.Security.Cryptography.RSA]::Create(2048)
    $request = [System.Security.Cryptography.X509Certificates.CertificateRequest]::new(
        'CN=stand-in', $script:Key, [System.Security.Cryptography.HashAlgorithmName]::SHA256,
        [System.Security.Cryptography.RSASignaturePadding]::Pkcs1
    )
    $now = [System.DateTimeOffset]::UtcNow
    $script:Certificate = $request.CreateSelfSigned($now.AddDays(-1), $now.AddDays(1))
    $script:Pfx = [Convert]::ToBase64String($script:Certificate.Export('Pfx', 'open sesame'))
    $script:Pem = $script:Certificate.ExportCertificatePem() + "`n" + $script:Key.ExportPkcs8PrivateKeyPem()
}

Describe 'the certificate of a request' {
    It 'is read from a PFX with its password' {
        $found = Get-RequestCertificate -SignIn @{ certificate = $script:Pfx; certificate_password = 'open sesame' }
        $found.Thumbprint | Should -BeExactly $script:Certificate.Thumbprint
        $found.HasPrivateKey | Should -BeTrue
    }

    It 'is read from PEM, as text and in Base64' {
        $bytes = [System.Text.Encoding]::ASCII.GetBytes($script:Pem)
        foreach ($text in @($script:Pem, [Convert]::ToBase64String($bytes))) {
            $found = Get-RequestCertificate -SignIn @{ certificate = $text }
            $found.Thumbprint | Should -BeExactly $script:Certificate.Thumbprint
            $found.HasPrivateKey | Should -BeTrue
        }
    }

    It 'with a wrong password is a refusal' {
        $kind = ''
        try {
            Get-RequestCertificate -SignIn @{ certificate = $script:Pfx; certificate_password = 'wrong' }
        } catch {
            $kind = Get-ErrorKind -ErrorRecord $_
        }
        $kind | Should -BeExactly 'denied'
    }

    It 'signs an assertion that its public key confirms' {
        $options = @{ Audience = 'https://login/token'; Client = 'app'; Certificate = $script:Certificate }
        $parts = (Get-ClientAssertion @options) -split '\.'
        $parts.Count | Should -Be 3
        $padded = $parts[2].Replace('-', '+').Replace('_', '/')
        $padded += '=' * ((4 - $padded.Length % 4) % 4)
        $signed = [System.Text.Encoding]::ASCII.GetBytes($parts[0] + '.' + $parts[1])
        $script:Key.VerifyData(
            $signed, [Convert]::FromBase64String($padded),
            [System.Security.Cryptography.HashAlgorithmName]::SHA256,
            [System.Security.Cryptography.RSASignaturePadding]::Pss
        ) | Should -BeTrue
    }
}

Describe 'a cloud' {
    It '<_> has every endpoint' -ForEach @('worldwide', 'gcc', 'gcc-high', 'dod', 'china') {
        $cloud = Get-Cloud -Name $_
        foreach ($name in @('Graph', 'Login', 'Fabric', 'FabricScope')) {
            $cloud[$name] | Should -Match '^https://'
        }
        $cloud['SharePoint'] | Should -Match '^sharepoint'
    }

    It 'that is not known is an error' {
        { Get-Cloud -Name 'mars' } | Should -Throw
    }
}

Describe 'the tenant of a session' {
    BeforeAll {
        $script:Mine = '11111111-1111-1111-1111-111111111111'
        $script:Other = '22222222-2222-2222-2222-222222222222'
    }

    It 'is the other one as soon as one proof says so' {
        InModuleScope Connect -Parameters @{ Mine = $script:Mine; Other = $script:Other } {
            param($Mine, $Other)
            $script:SignIn = @{ Tenant = $Mine }
            Select-ProvenTenant -Proof @($Mine, $Other) | Should -BeExactly $Other
            Select-ProvenTenant -Proof @($Mine, $null) | Should -BeExactly $Mine
        }
    }

    It 'that nothing proves is an error' {
        InModuleScope Connect {
            $script:SignIn = @{ Tenant = '11111111-1111-1111-1111-111111111111' }
            { Select-ProvenTenant -Proof @('contoso.onmicrosoft.com') } | Should -Throw
        }
    }
}
