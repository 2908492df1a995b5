# Microsoft Graph: the addresses that are read, and the properties that are kept.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

. (Join-Path -Path $PSScriptRoot -ChildPath 'GraphGroups.ps1')

function Hide-BannedPassword {
    # The words are a secret of the tenant: their number takes their place.
    [CmdletBinding()]
    [OutputType([System.Collections.IDictionary])]
    param([AllowNull()] [object[]] $Setting)
    foreach ($pair in $Setting) {
        if ($pair['name'] -eq 'BannedPasswordList') {
            $words = @([string] $pair['value'] -split '[\t\r\n,]' | Where-Object { $_.Trim() })
            $pair['value'] = [string] $words.Count
        }
        $pair
    }
}

[ordered]@{
    'graph.access_review_definitions' = @{
        Get = '/v1.0/identityGovernance/accessReviews/definitions'
        Select = @(
            'id', 'displayName', 'status', 'scope', 'instanceEnumerationScope', 'reviewers'
            'stageSettings', 'settings'
        )
        TimeLimit = 600
    }
    'graph.activity_based_timeout_policies' = @{
        Get = '/v1.0/policies/activityBasedTimeoutPolicies'
        Select = @('id', 'displayName', 'isOrganizationDefault', 'definition')
    }
    'graph.admin_consent_request_policy' = @{
        Get = '/v1.0/policies/adminConsentRequestPolicy'
        Single = $true
        Select = @(
            'isEnabled', 'notifyReviewers', 'remindersEnabled', 'requestDurationInDays'
            'reviewers'
        )
    }
    'graph.apps_and_services_settings' = @{
        Get = '/beta/admin/appsAndServices/settings'
        Fallback = @('/beta/admin/appsAndServices')
        Single = $true
        Unwrap = @('value', 'settings')
        Select = @('isOfficeStoreEnabled', 'isAppAndServicesTrialEnabled')
    }
    'graph.authentication_methods_policy' = @{
        Get = '/beta/policies/authenticationMethodsPolicy'
        Single = $true
        Select = @(
            'policyMigrationState', 'authenticationMethodConfigurations'
            'systemCredentialPreferences'
        )
    }
    'graph.authentication_strengths' = @{
        Get = '/v1.0/policies/authenticationStrengthPolicies'
        Select = @(
            'id', 'displayName', 'policyType', 'requirementsSatisfied', 'allowedCombinations'
        )
    }
    'graph.authorization_policy' = @{
        Get = '/v1.0/policies/authorizationPolicy'
        Single = $true
        Select = @(
            'id', 'defaultUserRolePermissions', 'allowUserConsentForRiskyApps', 'guestUserRoleId'
            'allowInvitesFrom'
        )
    }
    'graph.b2b_management_policies' = @{
        Get = '/beta/policies/b2bManagementPolicies'
        Fallback = @('/beta/legacy/policies')
        Match = 'B2BManagementPolicy'
        Select = @('id', 'isOrganizationDefault', 'definition')
    }
    'graph.conditional_access_policies' = @{
        Get = '/v1.0/identity/conditionalAccess/policies'
        Headers = @{ Prefer = 'include-unknown-enum-members' }
        Select = @('id', 'displayName', 'state', 'conditions', 'sessionControls', 'grantControls')
    }
    'graph.device_enrollment_configurations' = @{
        Get = '/beta/deviceManagement/deviceEnrollmentConfigurations'
        Unlicensed = @('BadRequest')
        Select = @(
            'id', 'displayName', 'priority', 'deviceEnrollmentConfigurationType'
            'windowsRestriction', 'iosRestriction', 'androidRestriction'
            'androidForWorkRestriction', 'macOSRestriction', '@odata.type', 'macRestriction'
            'platformRestriction'
        )
    }
    'graph.device_management_settings' = @{
        Get = '/v1.0/deviceManagement/settings'
        Fallback = @('/v1.0/deviceManagement?$select=settings')
        Single = $true
        Unwrap = @('value', 'settings')
        Unlicensed = @('BadRequest')
        Select = @(
            'secureByDefault', 'isScheduledActionEnabled', 'deviceComplianceCheckinThresholdDays'
        )
    }
    'graph.directory_role_assignments' = @{
        Get = '/v1.0/roleManagement/directory/roleAssignments?$expand=principal'
        Select = @('principalId', 'roleDefinitionId', 'directoryScopeId', 'principal')
        TimeLimit = 600
    }
    'graph.domains' = @{
        Get = '/v1.0/domains'
        Select = @(
            'id', 'isInitial', 'authenticationType', 'isVerified', 'isRoot'
            'passwordValidityPeriodInDays'
        )
    }
    'graph.emergency_account_groups' = @{
        DependsOn = @(
            'graph.users'
        )
        Read = { Read-EmergencyGroup -Source $args[0] -Asked $args[1] -Tally $args[2] }
        Shown = 'GET /v1.0/users/{id}/transitiveMemberOf/microsoft.graph.group for each emergency account'
        Select = @('userId', 'groups')
    }
    'graph.entra_ux_setting' = @{
        Get = '/beta/admin/entra/uxSetting'
        Single = $true
        Select = @('id', 'restrictNonAdminAccess')
    }
    'graph.forms_settings' = @{
        Get = '/beta/admin/forms/settings'
        Fallback = @('/beta/admin/forms')
        Single = $true
        Unwrap = @('value', 'settings')
        Select = @('isInOrgFormsPhishingScanEnabled')
    }
    'graph.group_settings' = @{
        Get = '/v1.0/groupSettings'
        Change = @{ values = { , @(Hide-BannedPassword -Setting $args[0]) } }
        Select = @('id', 'displayName', 'templateId', 'values')
    }
    'graph.groups' = @{
        Get = '/v1.0/groups?$select=id,displayName,mail,groupTypes,visibility,membershipRule,membershipRuleProcessingState,resourceProvisioningOptions&$top=999'
        Select = @(
            'id', 'displayName', 'mail', 'visibility', 'resourceProvisioningOptions', 'groupTypes'
            'membershipRule', 'membershipRuleProcessingState'
        )
        TimeLimit = 1800
    }
    'graph.on_premises_synchronization' = @{
        Get = '/v1.0/directory/onPremisesSynchronization'
        Select = @('id', 'features')
    }
    'graph.organization' = @{
        Get = '/v1.0/organization?$select=id,displayName,createdDateTime,onPremisesSyncEnabled,onPremisesLastSyncDateTime,verifiedDomains'
        Select = @('id', 'createdDateTime', 'onPremisesSyncEnabled', 'onPremisesLastSyncDateTime')
    }
    'graph.per_user_mfa_states' = @{
        DependsOn = @(
            'graph.users'
        )
        Read = { Read-MfaState -Source $args[0] -Tally $args[2] }
        Shown = 'GET /beta/users/{id}/authentication/requirements for each user without perUserMfaState'
        Select = @('userId', 'perUserMfaState', 'status')
        TimeLimit = 3600
    }
    'graph.referenced_groups' = @{
        DependsOn = @(
            'graph.conditional_access_policies'
            'graph.role_management_policy_assignments'
            'graph.authentication_methods_policy'
        )
        Read = { Read-ReferencedGroup -Source $args[0] -Tally $args[2] }
        Shown = 'GET /v1.0/groups/{id} and its transitive users, counted, for each group that a policy names'
        Select = @('id', 'displayName', 'userCount', 'status')
    }
    'graph.role_assignment_schedule_instances' = @{
        Get = '/v1.0/roleManagement/directory/roleAssignmentScheduleInstances?$expand=principal'
        Select = @(
            'principalId', 'roleDefinitionId', 'assignmentType', 'endDateTime', 'directoryScopeId'
            'memberType', 'startDateTime', 'principal'
        )
        TimeLimit = 600
    }
    'graph.role_definitions' = @{
        Get = '/v1.0/roleManagement/directory/roleDefinitions?$select=id,templateId,displayName,isBuiltIn,isEnabled'
        Select = @('id', 'templateId', 'displayName', 'isBuiltIn')
    }
    'graph.role_eligibility_schedule_instances' = @{
        Get = '/v1.0/roleManagement/directory/roleEligibilityScheduleInstances'
        Select = @(
            'principalId', 'roleDefinitionId', 'directoryScopeId', 'memberType', 'endDateTime'
        )
        TimeLimit = 600
    }
    'graph.role_group_members' = @{
        DependsOn = @(
            'graph.directory_role_assignments'
            'graph.role_assignment_schedule_instances'
            'graph.role_eligibility_schedule_instances'
        )
        Read = { Read-RoleGroup -Source $args[0] -Tally $args[2] }
        Shown = 'GET /v1.0/groups/{id}/transitiveMembers for each group that holds a role'
        Select = @('groupId', 'resolved', 'members')
        TimeLimit = 600
    }
    'graph.role_management_policy_assignments' = @{
        Get = '/v1.0/policies/roleManagementPolicyAssignments?$filter=scopeId eq ''/'' and scopeType eq ''DirectoryRole''&$expand=policy($expand=rules)'
        Select = @('roleDefinitionId', 'policyId', 'policy')
    }
    'graph.security_defaults' = @{
        Get = '/v1.0/policies/identitySecurityDefaultsEnforcementPolicy'
        Single = $true
        Select = @('isEnabled')
    }
    'graph.subscribed_skus' = @{
        Get = '/v1.0/subscribedSkus'
        Select = @('skuId', 'skuPartNumber', 'servicePlans', 'capabilityStatus')
    }
    'graph.user_registration_details' = @{
        Get = '/v1.0/reports/authenticationMethods/userRegistrationDetails'
        Select = @(
            'id', 'userPrincipalName', 'userType', 'isMfaCapable', 'isAdmin'
            'lastUpdatedDateTime', 'isSsprEnabled', 'isSsprCapable', 'isSsprRegistered'
        )
        TimeLimit = 1800
    }
    'graph.users' = @{
        Get = '/v1.0/users?$select=id,displayName,userPrincipalName,userType,accountEnabled,onPremisesSyncEnabled,assignedLicenses,createdDateTime,perUserMfaState&$top=999'
        Fallback = @('/v1.0/users?$select=id,displayName,userPrincipalName,userType,accountEnabled,onPremisesSyncEnabled,assignedLicenses,createdDateTime&$top=999')
        Select = @(
            'id', 'userPrincipalName', 'displayName', 'onPremisesSyncEnabled', 'accountEnabled'
            'assignedLicenses', 'userType', 'perUserMfaState', 'createdDateTime'
        )
        TimeLimit = 1800
    }
    'graph.web_storage_service_principal' = @{
        Get = '/v1.0/servicePrincipals?$filter=appId eq ''c1f33bc0-bdb4-4248-ba9b-096807ddb43e''&$select=id,appId,displayName,accountEnabled'
        Select = @('id', 'appId', 'displayName', 'accountEnabled')
    }
}
