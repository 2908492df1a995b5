# Where each cloud of Microsoft 365 answers, and what the modules call it.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Get-Cloud {
    # Endpoints by cloud. Hosts of Fabric outside the worldwide cloud are those of Power BI.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([AllowEmptyString()] [string] $Name = 'worldwide')
    $worldwide = @{
        Graph           = 'https://graph.microsoft.com'
        GraphName       = 'Global'
        Login           = 'https://login.microsoftonline.com'
        Exchange        = ''
        Compliance      = ''
        Teams           = ''
        SharePoint      = 'sharepoint.com'
        SharePointName  = 'Production'
        Fabric          = 'https://api.fabric.microsoft.com'
        FabricScope     = 'https://api.fabric.microsoft.com/.default'
    }
    switch (($Name -replace '[^A-Za-z0-9]', '').ToLowerInvariant()) {
        '' {
            return $worldwide
        }
        'worldwide' {
            return $worldwide
        }
        'gcc' {
            $gcc = $worldwide.Clone()
            $gcc['SharePointName'] = 'USGovernment'
            $gcc['Fabric'] = 'https://api.powerbigov.us'
            $gcc['FabricScope'] = 'https://analysis.usgovcloudapi.net/powerbi/api/.default'
            return $gcc
        }
        'gcchigh' {
            return @{
                Graph           = 'https://graph.microsoft.us'
                GraphName       = 'USGov'
                Login           = 'https://login.microsoftonline.us'
                Exchange        = 'O365USGovGCCHigh'
                Compliance      = 'https://ps.compliance.protection.office365.us/powershell-liveid/'
                Teams           = 'TeamsGCCH'
                SharePoint      = 'sharepoint.us'
                SharePointName  = 'USGovernmentHigh'
                Fabric          = 'https://api.high.powerbigov.us'
                FabricScope     = 'https://high.analysis.usgovcloudapi.net/powerbi/api/.default'
            }
        }
        'dod' {
            return @{
                Graph           = 'https://dod-graph.microsoft.us'
                GraphName       = 'USGovDoD'
                Login           = 'https://login.microsoftonline.us'
                Exchange        = 'O365USGovDoD'
                Compliance      = 'https://l5.ps.compliance.protection.office365.us/powershell-liveid/'
                Teams           = 'TeamsDOD'
                SharePoint      = 'sharepoint-mil.us'
                SharePointName  = 'USGovernmentDoD'
                Fabric          = 'https://api.mil.powerbigov.us'
                FabricScope     = 'https://mil.analysis.usgovcloudapi.net/powerbi/api/.default'
            }
        }
        'china' {
            return @{
                Graph           = 'https://microsoftgraph.chinacloudapi.cn'
                GraphName       = 'China'
                Login           = 'https://login.chinacloudapi.cn'
                Exchange        = 'O365China'
                Compliance      = 'https://ps.compliance.protection.partner.outlook.cn/powershell-liveid'
                Teams           = 'TeamsChina'
                SharePoint      = 'sharepoint.cn'
                SharePointName  = 'China'
                Fabric          = 'https://api.powerbi.cn'
                FabricScope     = 'https://analysis.chinacloudapi.cn/powerbi/api/.default'
            }
        }
    }
    throw (Get-Failure -Kind 'other' -Message 'the cloud of the tenant is not known')
}

Export-ModuleMember -Function 'Get-Cloud'
