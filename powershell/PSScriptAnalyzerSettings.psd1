@{
    Severity     = @('Error', 'Warning')
    IncludeRules = @('PS*')
    ExcludeRules = @()
    Rules        = @{
        PSUseCompatibleSyntax = @{
            Enable         = $true
            TargetVersions = @('7.0')
        }
    }
}
