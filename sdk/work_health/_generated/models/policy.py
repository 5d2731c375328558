from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.policy_decision import PolicyDecision
    from ..models.rule import Rule


T = TypeVar("T", bound="Policy")


@_attrs_define
class Policy:
    """The rules of all disclosure classes, under one version that every release states."""

    version: int | Unset = 1
    breakdowns: int | Unset = 2
    """ The largest number of dimensions in addition to area and period. """
    persons: Rule | Unset = UNSET
    """ How counts of one disclosure class are protected. The defaults are the rule for people. """
    organisations: Rule | Unset = UNSET
    """ How counts of one disclosure class are protected. The defaults are the rule for people. """
    published: Rule | Unset = UNSET
    """ How counts of one disclosure class are protected. The defaults are the rule for people. """
    none: Rule | Unset = UNSET
    """ How counts of one disclosure class are protected. The defaults are the rule for people. """
    decision: None | PolicyDecision | Unset = UNSET
    """ Required if any rule is laxer than the default; null otherwise. """

    def to_dict(self) -> dict[str, Any]:
        from ..models.policy_decision import PolicyDecision  # noqa: PLC0415

        version = self.version

        breakdowns = self.breakdowns

        persons: dict[str, Any] | Unset = UNSET
        if not isinstance(self.persons, Unset):
            persons = self.persons.to_dict()

        organisations: dict[str, Any] | Unset = UNSET
        if not isinstance(self.organisations, Unset):
            organisations = self.organisations.to_dict()

        published: dict[str, Any] | Unset = UNSET
        if not isinstance(self.published, Unset):
            published = self.published.to_dict()

        none: dict[str, Any] | Unset = UNSET
        if not isinstance(self.none, Unset):
            none = self.none.to_dict()

        decision: dict[str, Any] | None | Unset
        if isinstance(self.decision, Unset):
            decision = UNSET
        elif isinstance(self.decision, PolicyDecision):
            decision = self.decision.to_dict()
        else:
            decision = self.decision

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if version is not UNSET:
            field_dict["version"] = version
        if breakdowns is not UNSET:
            field_dict["breakdowns"] = breakdowns
        if persons is not UNSET:
            field_dict["persons"] = persons
        if organisations is not UNSET:
            field_dict["organisations"] = organisations
        if published is not UNSET:
            field_dict["published"] = published
        if none is not UNSET:
            field_dict["none"] = none
        if decision is not UNSET:
            field_dict["decision"] = decision

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.policy_decision import PolicyDecision  # noqa: PLC0415
        from ..models.rule import Rule  # noqa: PLC0415

        d = dict(src_dict)
        version = d.pop("version", UNSET)

        breakdowns = d.pop("breakdowns", UNSET)

        _persons = d.pop("persons", UNSET)
        persons: Rule | Unset
        if isinstance(_persons, Unset):
            persons = UNSET
        else:
            persons = Rule.from_dict(_persons)

        _organisations = d.pop("organisations", UNSET)
        organisations: Rule | Unset
        if isinstance(_organisations, Unset):
            organisations = UNSET
        else:
            organisations = Rule.from_dict(_organisations)

        _published = d.pop("published", UNSET)
        published: Rule | Unset
        if isinstance(_published, Unset):
            published = UNSET
        else:
            published = Rule.from_dict(_published)

        _none = d.pop("none", UNSET)
        none: Rule | Unset
        if isinstance(_none, Unset):
            none = UNSET
        else:
            none = Rule.from_dict(_none)

        def _parse_decision(data: object) -> None | PolicyDecision | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                decision_type_0 = PolicyDecision.from_dict(data)

                return decision_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PolicyDecision | Unset, data)

        decision = _parse_decision(d.pop("decision", UNSET))

        policy = cls(
            version=version,
            breakdowns=breakdowns,
            persons=persons,
            organisations=organisations,
            published=published,
            none=none,
            decision=decision,
        )

        return policy
