"""Cases of checks/purview/labels.py."""

from checks.purview.labels import sensitivity_labels_published
from evidence.licences import SubscribedSku
from evidence.purview import LabelPolicy
from tests.builders.licences import plan, sku
from tests.builders.purview import label_policy
from tests.checks.case import Case

_LICENSED = [sku(plan("MIP_S_CLP1", "5136a095-5cf0-4aff-bec3-e84448b38ea5"))]

CASES = [
    Case(
        sensitivity_labels_published,
        "a policy for everybody",
        given={LabelPolicy: [label_policy()]},
        expect="pass",
        says="Global policy",
    ),
    Case(
        sensitivity_labels_published,
        "a policy without a mode, for one site, beside a disabled one",
        given={
            LabelPolicy: [
                label_policy(Name="Old", Enabled=False),
                label_policy(Mode=None, ExchangeLocation=[], SharePointLocation=[{"Name": "HR"}]),
            ]
        },
        expect="pass",
    ),
    Case(
        sensitivity_labels_published,
        "nothing published in a licensed tenant",
        given={LabelPolicy: [], SubscribedSku: _LICENSED},
        expect="fail",
    ),
    Case(
        sensitivity_labels_published,
        "a policy without labels",
        given={LabelPolicy: [label_policy(Labels=[])]},
        expect="fail",
        affected=["Global policy"],
    ),
    Case(
        sensitivity_labels_published,
        "a policy for nobody",
        given={LabelPolicy: [label_policy(ExchangeLocation=None)]},
        expect="fail",
    ),
    Case(
        sensitivity_labels_published,
        "a disabled policy",
        given={LabelPolicy: [label_policy(Enabled=False)]},
        expect="fail",
    ),
    Case(
        sensitivity_labels_published,
        "a policy in test mode",
        given={LabelPolicy: [label_policy(Mode="TestWithNotifications")]},
        expect="fail",
    ),
    Case(
        sensitivity_labels_published,
        "only another type of policy, although it has a property Published",
        given={LabelPolicy: [label_policy(Type="Label", Published=True)]},
        expect="fail",
    ),
    Case(
        sensitivity_labels_published,
        "no policy and no plan",
        given={LabelPolicy: [], SubscribedSku: [sku()]},
        expect="not_applicable",
    ),
    Case(
        sensitivity_labels_published,
        "a bad policy without a plan is judged all the same",
        given={LabelPolicy: [label_policy(Labels=[])], SubscribedSku: [sku()]},
        expect="fail",
    ),
    Case(
        sensitivity_labels_published,
        "the only policy has no readable type",
        given={LabelPolicy: [label_policy(Type=None)]},
        expect="error",
    ),
    Case(
        sensitivity_labels_published,
        "an unreadable policy beside a good one",
        given={LabelPolicy: [label_policy(Name="Odd", Type=None), label_policy()]},
        expect="pass",
    ),
    Case(
        sensitivity_labels_published,
        "denied",
        given={SubscribedSku: _LICENSED},
        unread={LabelPolicy: "denied"},
        expect="error",
    ),
    Case(
        sensitivity_labels_published,
        "the read ran into its time limit",
        given={LabelPolicy: [label_policy(Labels=[])]},
        unread={LabelPolicy: "timeout"},
        expect="error",
        says="time limit",
    ),
]
