"""The same submission in Django REST Framework: nested serializers, a transaction, `bulk_create`.

Written as its documentation shows it. The checks are those of the server that it is measured against: the key and its
grant, the plan version, known codes, what is collected of which measure, one form of number, each cell once, and parts
that fit their totals; then those of `peer_checks` against the current revision and the other periods. Each submission
stores revisions, events, an audit entry and the response to its idempotency key.
"""

# ruff: noqa: I001  rest_framework_models configures Django, so it comes first

import hashlib
import json
import os
from collections import defaultdict
from datetime import timedelta
from itertools import combinations
from uuid import uuid4

import peer_checks
from rest_framework_models import (
    ApiKey,
    AuditEntry,
    Event,
    Grant,
    Observation,
    PlanVersion,
    Return,
    Revision,
    StoredResponse,
    Submission,
)
from django.core.wsgi import get_wsgi_application
from django.db import connection, models, transaction
from django.urls import path
from django.utils import timezone
from peer_checks import CELL_FIELDS, NUMBER_FIELDS, format_breakdown
from rest_framework import authentication, exceptions, permissions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

PLAN = json.loads(os.environ["PEER_PLAN"])


class KeyAuthentication(authentication.BaseAuthentication):
    """Identifies a caller by the hash of its key."""

    def authenticate(self, request):
        digest = hashlib.sha256(request.headers.get("Authorization", "").removeprefix("Bearer ").encode()).digest()
        key = ApiKey.objects.prefetch_related("grants").filter(digest=digest).first()
        if key is None or key.revoked_at is not None or key.expires_at <= timezone.now():
            raise exceptions.AuthenticationFailed("The key is not valid.")
        return None, key


class CanSubmit(permissions.BasePermission):
    def has_permission(self, request, view):
        programme = view.kwargs["programme"]
        request.grant = next((g for g in request.auth.grants.all() if g.programme == programme), None)
        newest = PlanVersion.objects.filter(programme=programme).aggregate(newest=models.Max("number"))["newest"]
        return request.grant is not None and "submit" in request.grant.scope.split() and newest == PLAN["version"]


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

    def create(self, validated_data: dict) -> dict:
        organisation = validated_data["organisation"]
        pairs = [(find_return(organisation, one), one) for one in validated_data["returns"]]
        report = {
            "submission": str(uuid4()),
            "content_sha256": validated_data["content_sha256"],
            "returns": [check_return(*pair) for pair in pairs],
        }
        submission = Submission.objects.create(
            id=report["submission"], organisation=organisation, plan_version=PLAN["version"], report=report
        )
        for returned, new in pairs:
            returned.current += 1
            returned.save(update_fields=["current"])
            revision = Revision.objects.create(returned=returned, submission=submission, number=returned.current)
            rows = [
                Observation(revision=revision, **cell | {"breakdown": format_breakdown(cell["breakdown"])})
                for cell in new["observations"]
            ]
            Observation.objects.bulk_create(rows, batch_size=5000)
            Event.objects.create(returned=returned, number=returned.current, event="recorded")
        return report


def find_return(organisation: str, new: dict) -> Return:
    """Return the row of a return, locked."""
    if new["measure"] not in PLAN["duties"].get(organisation, ()):
        raise serializers.ValidationError(f"{organisation} does not return {new['measure']}.")
    returned, _ = Return.objects.select_for_update().get_or_create(
        organisation=organisation, measure=new["measure"], period=new["period"]
    )
    return returned


def fetch_cells(returned: Return) -> dict:
    """Return the cells of the current revision of a return."""
    if not returned.current:
        return {}
    cells = Observation.objects.filter(revision__returned=returned, revision__number=returned.current)
    return {(cell.area, cell.breakdown): {name: getattr(cell, name) for name in CELL_FIELDS} for cell in cells}


def fetch_totals(returned: Return) -> dict:
    """Return the total of each period of the same measure, from the current revisions."""
    cells = Observation.objects.filter(
        revision__returned__organisation=returned.organisation,
        revision__returned__measure=returned.measure,
        revision__number=models.F("revision__returned__current"),
        area=PLAN["area"],
        breakdown="",
    )
    return {
        cell["revision__returned__period"]: peer_checks.read_figure(cell)
        for cell in cells.values("revision__returned__period", *CELL_FIELDS)
    }


def check_return(returned: Return, new: dict) -> dict:
    """Compare a return with its current revision and with other periods, and return its part of the report."""
    kind, period = PLAN["measures"][new["measure"]], new["period"]
    cells = {
        (cell["area"], format_breakdown(cell["breakdown"])): {name: cell.get(name) for name in CELL_FIELDS}
        for cell in new["observations"]
    }
    old, totals = fetch_cells(returned), fetch_totals(returned)
    counts = peer_checks.count_changes(cells, old)
    try:
        peer_checks.check_withdrawals(counts, old)
    except ValueError as error:
        raise serializers.ValidationError(str(error)) from error
    figure = peer_checks.read_figure(cells.get((PLAN["area"], "")))
    findings = peer_checks.find_outlier(figure, period, totals)
    if kind == "cumulative":
        neighbours = [
            fetch_cells(Return.objects.get(organisation=returned.organisation, measure=returned.measure, period=other))
            if other
            else {}
            for other in peer_checks.find_neighbours(period, totals)
        ]
        findings += [*peer_checks.find_falls(neighbours[0], cells), *peer_checks.find_falls(cells, neighbours[1])]
    effects = peer_checks.calculate_effects(kind, period, figure, totals)
    return {"measure": new["measure"], "period": period, "counts": counts, "findings": findings, "effects": effects}


class Submissions(APIView):
    authentication_classes = (KeyAuthentication,)
    permission_classes = (CanSubmit,)

    def post(self, request, programme):
        key, body_sha256 = request.headers.get("Idempotency-Key"), hashlib.sha256(request.body).hexdigest()
        organisation = request.grant.organisation
        with transaction.atomic():
            if key and (stored := StoredResponse.objects.filter(key=key).first()):
                if stored.body_sha256 != body_sha256:
                    raise serializers.ValidationError("The key was used for another body.")
                return Response(stored.content, status=201)
            serializer = SubmissionSerializer(data=request.data)
            serializer.is_valid(raise_exception=True)
            report = serializer.save(organisation=organisation, content_sha256=body_sha256)
            AuditEntry.objects.create(
                operation="create_submission",
                programme=programme,
                organisation=organisation,
                detail={"submission": report["submission"], "returns": len(report["returns"])},
            )
            if key:
                StoredResponse.objects.create(key=key, body_sha256=body_sha256, content=report)
        return Response(report, status=201)


urlpatterns = [path("v1/programmes/<slug:programme>/submissions", Submissions.as_view())]
MODELS = (ApiKey, Grant, PlanVersion, Submission, Return, Revision, Observation, Event, StoredResponse, AuditEntry)


def serve():
    """Create the tables, the plan version, and a key for each organisation."""
    if "peer_return" in connection.introspection.table_names():
        return get_wsgi_application()
    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
    PlanVersion.objects.create(programme=PLAN["programme"], number=PLAN["version"])
    for secret, organisation in json.loads(os.environ["PEER_KEYS"]).items():
        key = ApiKey.objects.create(
            digest=hashlib.sha256(secret.encode()).digest(), expires_at=timezone.now() + timedelta(days=1)
        )
        Grant.objects.create(key=key, programme=PLAN["programme"], organisation=organisation, scope="read submit")
    return get_wsgi_application()
