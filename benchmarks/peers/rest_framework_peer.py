"""The same submission in Django REST Framework: nested serializers, a transaction, `bulk_create`.

Written as its documentation shows it. The checks are those of the server that it is measured against: known codes, what
is collected of which measure, one form of number, each cell once, and parts that fit their totals. An idempotency key and
an audit entry are stored with it.
"""

import hashlib
import json
import os
from collections import defaultdict
from itertools import combinations
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings

url = urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    SECRET_KEY="only for measuring",  # noqa: S106
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
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

from django.core.wsgi import get_wsgi_application
from django.db import connection, models, transaction
from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView


class Return(models.Model):
    measure = models.CharField(max_length=80)
    period = models.CharField(max_length=20)

    class Meta:
        app_label = "peer"


class Observation(models.Model):
    submitted = models.ForeignKey(Return, on_delete=models.CASCADE)
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
        constraints = (models.UniqueConstraint(fields=["submitted", "area", "breakdown"], name="once"),)


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
    detail = models.JSONField()

    class Meta:
        app_label = "peer"


PLAN = json.loads(os.environ["PEER_PLAN"])
NUMBER_FIELDS = ("value", "numerator", "denominator", "lower", "upper")


def format_breakdown(breakdown: dict) -> str:
    return ",".join(f"{name}={code}" for name, code in sorted(breakdown.items()))


class ObservationSerializer(serializers.Serializer):
    area = serializers.ChoiceField(choices=list(PLAN["areas"]))
    breakdown = serializers.DictField(child=serializers.SlugField(), default=dict)
    value = serializers.IntegerField(min_value=0, required=False, allow_null=True)
    numerator = serializers.IntegerField(min_value=0, required=False, allow_null=True)
    denominator = serializers.IntegerField(min_value=0, required=False, allow_null=True)
    lower = serializers.IntegerField(min_value=0, required=False, allow_null=True)
    upper = serializers.IntegerField(min_value=0, required=False, allow_null=True)
    status = serializers.ChoiceField(choices=["c", "x", "z", "w"], required=False, allow_null=True)
    note = serializers.CharField(max_length=2000, required=False, allow_null=True)

    def validate_breakdown(self, breakdown: dict) -> dict:
        if breakdown and sorted(breakdown) not in PLAN["schemes"]:
            raise serializers.ValidationError(f"Nothing is collected by {' and '.join(breakdown)}.")
        for name, code in breakdown.items():
            if code not in PLAN["dimensions"][name]:
                raise serializers.ValidationError(f"{code} is not a category of {name}.")
        return breakdown

    def validate(self, attrs: dict) -> dict:
        numbers = {name for name in NUMBER_FIELDS if attrs.get(name) is not None}
        if attrs.get("status"):
            if numbers - {"lower", "upper"}:
                raise serializers.ValidationError("There is both a number and a status.")
        elif numbers not in ({"value"}, {"numerator", "denominator"}):
            raise serializers.ValidationError("There is neither a number nor a status.")
        if "numerator" in numbers and attrs["numerator"] > attrs["denominator"]:
            raise serializers.ValidationError("The numerator is above the denominator.")
        return attrs


class ReturnSerializer(serializers.Serializer):
    measure = serializers.ChoiceField(choices=list(PLAN["measures"]))
    period = serializers.RegexField(r"^\d{4}-\d{2}$")
    observations = ObservationSerializer(many=True)

    def validate(self, attrs: dict) -> dict:
        cells: dict = {}
        for cell in attrs["observations"]:
            place = (cell["area"], format_breakdown(cell["breakdown"]))
            if place in cells:
                raise serializers.ValidationError(f"{place} is there twice.")
            cells[place] = cell
        self.check_sums(attrs, cells)
        return attrs

    def check_sums(self, attrs: dict, cells: dict) -> None:
        ratio = PLAN["measures"][attrs["measure"]] == "proportion"

        def bounds(cell: dict) -> tuple[float, float]:
            number = cell.get("denominator") if ratio else cell.get("value")
            if number is not None:
                return number, number
            return cell.get("lower") or 0, float("inf") if cell.get("upper") is None else cell["upper"]

        parts: dict = defaultdict(list)
        for (area, _), cell in cells.items():
            breakdown = cell["breakdown"]
            for size in range(len(breakdown)):
                for kept in combinations(sorted(breakdown), size):
                    wanted = (area, format_breakdown({name: breakdown[name] for name in kept}))
                    parts[wanted, "by", tuple(sorted(breakdown))].append(bounds(cell))
            if parent := PLAN["areas"][area]:
                parts[(parent, format_breakdown(breakdown)), "area"].append(bounds(cell))
        for (place, *how), stored in parts.items():
            if place not in cells:
                raise serializers.ValidationError(f"There is a breakdown without its total for {place}.")
            low, high = bounds(cells[place])
            if sum(one[0] for one in stored) > high or (how[0] == "by" and sum(one[1] for one in stored) < low):
                raise serializers.ValidationError(f"The parts of {place} do not fit their total.")


class SubmissionSerializer(serializers.Serializer):
    returns = ReturnSerializer(many=True)

    def create(self, validated_data: dict) -> int:
        created = Return.objects.bulk_create(
            [Return(measure=one["measure"], period=one["period"]) for one in validated_data["returns"]]
        )
        rows = [
            Observation(submitted=parent, **cell | {"breakdown": format_breakdown(cell["breakdown"])})
            for parent, one in zip(created, validated_data["returns"], strict=True)
            for cell in one["observations"]
        ]
        Observation.objects.bulk_create(rows, batch_size=5000)
        return len(rows)


class Submissions(APIView):
    def post(self, request, programme):
        key, body_sha256 = request.headers.get("Idempotency-Key"), hashlib.sha256(request.body).hexdigest()
        with transaction.atomic():
            if key and (stored := StoredResponse.objects.filter(key=key).first()):
                if stored.body_sha256 != body_sha256:
                    raise serializers.ValidationError("The key was used for another body.")
                return Response(stored.content, status=201)
            serializer = SubmissionSerializer(data=request.data)
            serializer.is_valid(raise_exception=True)
            content = {"added": serializer.save()}
            AuditEntry.objects.create(operation="create_submission", programme=programme, detail=content)
            if key:
                StoredResponse.objects.create(key=key, body_sha256=body_sha256, content=content)
        return Response(content, status=201)


urlpatterns = [path("v1/programmes/<slug:programme>/submissions", Submissions.as_view())]


def serve():
    if "peer_return" not in connection.introspection.table_names():
        with connection.schema_editor() as editor:
            for model in (Return, Observation, StoredResponse, AuditEntry):
                editor.create_model(model)
    return get_wsgi_application()
