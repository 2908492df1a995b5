"""Imports every check module by name, so that CHECKS is whole."""

from checks.entra import (
    administrators as entra_administrators,
    authentication_methods as entra_authentication_methods,
    conditional_access as entra_conditional_access,
    consent as entra_consent,
    directory_settings as entra_directory_settings,
    guests as entra_guests,
    privileged_identity as entra_privileged_identity,
)
from checks.exchange import (
    antimalware as exchange_antimalware,
    antiphishing as exchange_antiphishing,
    antispam as exchange_antispam,
    client_access as exchange_client_access,
    defender as exchange_defender,
    mail_authentication as exchange_mail_authentication,
    mail_flow as exchange_mail_flow,
    mailbox_auditing as exchange_mailbox_auditing,
    priority_accounts as exchange_priority_accounts,
)
from checks.fabric import tenant_settings as fabric_tenant_settings
from checks.intune import enrolment as intune_enrolment
from checks.microsoft365 import tenant_settings as microsoft365_tenant_settings
from checks.purview import (
    auditing as purview_auditing,
    data_loss as purview_data_loss,
    labels as purview_labels,
)
from checks.sharepoint import (
    access_and_scripts as sharepoint_access_and_scripts,
    sharing as sharepoint_sharing,
)
from checks.teams import (
    apps_and_reporting as teams_apps_and_reporting,
    external_access as teams_external_access,
    meetings as teams_meetings,
)
