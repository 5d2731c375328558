"""The settings and tables of the peer in Django REST Framework."""

import os
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import django
from django.conf import settings

url = urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    SECRET_KEY="only for measuring",  # noqa: S106
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="rest_framework_peer",
    INSTALLED_APPS=["rest_framework"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATA_UPLOAD_MAX_MEMORY_SIZE=2**26,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.path.lstrip("/"),
            "USER": url.username or parse_qs(url.query).get("user", [""])[0],
            "HOST": url.hostname or parse_qs(url.query)["host"][0],
            "CONN_MAX_AGE": None,
        }
    },
    REST_FRAMEWORK={
        "UNAUTHENTICATED_USER": None,
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)
django.setup()

from django.db import models


class ApiKey(models.Model):
    digest = models.BinaryField(primary_key=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "peer"


class Grant(models.Model):
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="grants")
    programme = models.CharField(max_length=80)
    organisation = models.CharField(max_length=80)
    scope = models.CharField(max_length=80)

    class Meta:
        app_label = "peer"


class PlanVersion(models.Model):
    programme = models.CharField(max_length=80)
    number = models.IntegerField()

    class Meta:
        app_label = "peer"


class Submission(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4)
    organisation = models.CharField(max_length=80)
    plan_version = models.IntegerField()
    received_at = models.DateTimeField(auto_now_add=True)
    report = models.JSONField()

    class Meta:
        app_label = "peer"


class Return(models.Model):
    organisation = models.CharField(max_length=80)
    measure = models.CharField(max_length=80)
    period = models.CharField(max_length=20)
    current = models.IntegerField(default=0)

    class Meta:
        app_label = "peer"
        constraints = (models.UniqueConstraint(fields=["organisation", "measure", "period"], name="one_return"),)


class Revision(models.Model):
    returned = models.ForeignKey(Return, on_delete=models.CASCADE, related_name="revisions")
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE)
    number = models.IntegerField()

    class Meta:
        app_label = "peer"
        constraints = (models.UniqueConstraint(fields=["returned", "number"], name="one_revision"),)


class Observation(models.Model):
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="observations")
    area = models.CharField(max_length=20)
    breakdown = models.CharField(max_length=120)
    value = models.BigIntegerField(null=True)
    numerator = models.BigIntegerField(null=True)
    denominator = models.BigIntegerField(null=True)
    lower = models.BigIntegerField(null=True)
    upper = models.BigIntegerField(null=True)
    status = models.CharField(max_length=1, null=True)
    note = models.TextField(null=True)

    class Meta:
        app_label = "peer"
        constraints = (models.UniqueConstraint(fields=["revision", "area", "breakdown"], name="once"),)


class Event(models.Model):
    returned = models.ForeignKey(Return, on_delete=models.CASCADE)
    number = models.IntegerField()
    event = models.CharField(max_length=20)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "peer"


class StoredResponse(models.Model):
    key = models.CharField(max_length=200, primary_key=True)
    body_sha256 = models.CharField(max_length=64)
    content = models.JSONField()

    class Meta:
        app_label = "peer"


class AuditEntry(models.Model):
    at = models.DateTimeField(auto_now_add=True)
    operation = models.CharField(max_length=80)
    programme = models.CharField(max_length=80)
    organisation = models.CharField(max_length=80)
    detail = models.JSONField()

    class Meta:
        app_label = "peer"
