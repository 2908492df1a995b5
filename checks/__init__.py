"""Imports every check module by name, so that CHECKS is whole."""

# ruff: noqa: F401

import checks.entra.administrators
import checks.entra.authentication_methods
import checks.entra.conditional_access
import checks.entra.consent
import checks.entra.directory_settings
import checks.entra.guests
import checks.entra.password_protection
import checks.entra.privileged_identity
import checks.entra.registration
import checks.exchange.antimalware
import checks.exchange.antiphishing
import checks.exchange.antispam
import checks.exchange.client_access
import checks.exchange.defender
import checks.exchange.mail_authentication
import checks.exchange.mail_flow
import checks.exchange.mailbox_auditing
import checks.exchange.priority_accounts
import checks.fabric.tenant_settings
import checks.intune.enrolment
import checks.microsoft365.tenant_settings
import checks.purview.auditing
import checks.purview.data_loss
import checks.purview.labels
import checks.sharepoint.access_and_scripts
import checks.sharepoint.sharing
import checks.teams.apps_and_reporting
import checks.teams.external_access
import checks.teams.meetings
