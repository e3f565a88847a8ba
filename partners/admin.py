"""The stock admin shows people and partners and changes nothing: changes go through actions, which record them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from partners.models import Digest, Membership, Notification, Partner, SavedView, User, VendorRole


class ReadOnlyAdmin(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("email", "full_name", "is_active", "is_staff", "date_joined")
    search_fields = ("email", "full_name")
    list_filter = ("is_active", "is_staff")
    exclude = ("password",)


@admin.register(Partner)
class PartnerAdmin(ReadOnlyAdmin):
    list_display = ("name", "country", "status", "joined_on", "agreement_ends_on", "account_manager")
    list_select_related = ("account_manager",)
    list_filter = ("status", "country")
    search_fields = ("name", "legal_name", "domain", "public_id")


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("user", "partner", "role", "is_active")
    list_select_related = ("user", "partner")
    search_fields = ("user__email", "partner__name")


@admin.register(VendorRole)
class VendorRoleAdmin(ReadOnlyAdmin):
    list_display = ("user", "role")
    list_select_related = ("user",)
    list_filter = ("role",)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "user", "kind", "created_at", "read_at", "mail_due", "mailed_at")
    list_select_related = ("user",)
    list_filter = ("mail_due",)
    search_fields = ("user__email", "subject_id", "public_id")


@admin.register(Digest)
class DigestAdmin(ReadOnlyAdmin):
    list_display = ("user", "day", "sent_at")
    list_select_related = ("user",)


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    list_display = ("name", "page", "owner", "partner", "is_shared")
    list_select_related = ("owner", "partner")
    search_fields = ("name", "owner__email")
