"""Addresses below ``/api/v1/``."""

from django.urls import path

from deals.api import (
    cases,
    conversation,
    imports,
    leads,
    life,
    participants,
    policies,
    preflight,
    reviews,
    rulebooks,
    views,
)

app_name = "deals"

urlpatterns = [
    path("registrations", views.RegistrationList.as_view(), name="registration-list"),
    path("registrations/batch", imports.RegistrationBatch.as_view(), name="registration-batch"),
    path("preflight", preflight.Preflight.as_view(), name="preflight"),
    path("pencil-holds", preflight.PencilHoldList.as_view(), name="pencil-hold-list"),
    path("pencil-holds/<slug:public_id>", preflight.PencilHoldDetail.as_view(), name="pencil-hold-detail"),
    path(
        "registrations/<slug:public_id>/participants", participants.ParticipantList.as_view(), name="participant-list"
    ),
    path("registrations/<slug:public_id>/co-sell", participants.CoSellAnswer.as_view(), name="co-sell-answer"),
    path("participations/<slug:public_id>", participants.Invitation.as_view(), name="participation-detail"),
    path(
        "participations/<slug:public_id>/answer", participants.InvitationAnswer.as_view(), name="participation-answer"
    ),
    path("registrations/<slug:public_id>", views.RegistrationDetail.as_view(), name="registration-detail"),
    path("registrations/<slug:public_id>/submit", views.RegistrationSubmission.as_view(), name="registration-submit"),
    path("registrations/<slug:public_id>/decisions", views.DecisionList.as_view(), name="decision-list"),
    path("registrations/<slug:public_id>/approve", reviews.Approval.as_view(), name="registration-approve"),
    path("registrations/<slug:public_id>/reject", reviews.Rejection.as_view(), name="registration-reject"),
    path("registrations/<slug:public_id>/ask", reviews.Question.as_view(), name="registration-ask"),
    path("registrations/<slug:public_id>/answer", reviews.Answer.as_view(), name="registration-answer"),
    path("registrations/<slug:public_id>/assign", reviews.Assignment.as_view(), name="registration-assign"),
    path("reviews", reviews.Queue.as_view(), name="review-list"),
    path("registrations/<slug:public_id>/extend", life.Extension.as_view(), name="registration-extend"),
    path("registrations/<slug:public_id>/extensions", life.ExtensionList.as_view(), name="extension-list"),
    path("registrations/<slug:public_id>/changes", life.ChangeList.as_view(), name="change-list"),
    path("registrations/<slug:public_id>/release", life.Release.as_view(), name="registration-release"),
    path("registrations/<slug:public_id>/revoke", life.Revocation.as_view(), name="registration-revoke"),
    path("registrations/<slug:public_id>/stage", life.Stage.as_view(), name="registration-stage"),
    path("registrations/<slug:public_id>/comments", conversation.CommentList.as_view(), name="comment-list"),
    path("registrations/<slug:public_id>/attachments", conversation.AttachmentList.as_view(), name="attachment-list"),
    path(
        "registrations/<slug:public_id>/attachments/<slug:file_id>",
        conversation.AttachmentDetail.as_view(),
        name="attachment-detail",
    ),
    path("changes/<slug:public_id>/assign", reviews.ChangeAssignment.as_view(), name="change-assign"),
    path("appeals", cases.AppealList.as_view(), name="appeal-list"),
    path("appeals/<slug:public_id>", cases.AppealDetail.as_view(), name="appeal-detail"),
    path("appeals/<slug:public_id>/assign", reviews.AppealAssignment.as_view(), name="appeal-assign"),
    path("breaches", cases.BreachList.as_view(), name="breach-list"),
    path("breaches/<slug:public_id>", cases.BreachDetail.as_view(), name="breach-detail"),
    path("breaches/<slug:public_id>/acknowledge", cases.BreachAcknowledgement.as_view(), name="breach-acknowledge"),
    path("breaches/<slug:public_id>/settle", cases.BreachSettlement.as_view(), name="breach-settle"),
    path("breaches/<slug:public_id>/reject", cases.BreachRejection.as_view(), name="breach-reject"),
    path("leads", leads.LeadList.as_view(), name="lead-list"),
    path("leads/<slug:public_id>", leads.LeadDetail.as_view(), name="lead-detail"),
    path("leads/<slug:public_id>/offer", leads.LeadOffering.as_view(), name="lead-offer"),
    path("leads/<slug:public_id>/close", leads.LeadClosing.as_view(), name="lead-close"),
    path("lead-offers", leads.OfferList.as_view(), name="lead-offer-list"),
    path("lead-offers/<slug:public_id>", leads.OfferDetail.as_view(), name="lead-offer-detail"),
    path("lead-offers/<slug:public_id>/accept", leads.Acceptance.as_view(), name="lead-offer-accept"),
    path("lead-offers/<slug:public_id>/decline", leads.Declination.as_view(), name="lead-offer-decline"),
    path("rulebooks", rulebooks.RulebookList.as_view(), name="rulebook-list"),
    path("rulebooks/<slug:public_id>", rulebooks.RulebookDetail.as_view(), name="rulebook-detail"),
]

for kind, serializer in policies.LISTS.items():
    own = {"kind": kind, "serializer_class": serializer}
    urlpatterns += [
        path(f"{kind}", policies.PolicyList.as_view(**own), name=f"{kind}-list"),
        path(f"{kind}/<slug:public_id>", policies.PolicyDetail.as_view(**own), name=f"{kind}-detail"),
        path(f"{kind}/<slug:public_id>/end", policies.PolicyEnd.as_view(**own), name=f"{kind}-end"),
    ]
