from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Rule")


@_attrs_define
class Rule:
    """How counts of one disclosure class are protected. The defaults are the rule for people."""

    hide_from: int | Unset = 0
    """ The smallest hidden count. Above 0, a visible zero can reveal something about a whole group. """
    hide_to: int | Unset = 7
    """ The largest hidden count; -1 hides no count. """
    totals_open: bool | Unset = False
    """ If true, counts without a breakdown are never hidden. """
    base: int | Unset = 5
    """ Counts are rounded to the nearest multiple of this. """
    hold_back: int | Unset = 5
    """ A displayed number changes only when the true one has changed by this much since it was set. """
    smallest_after_shift: int | Unset = 10
    """ A displayed number that changes never falls below this. """
    width: int | Unset = 4
    """ The smallest allowed distance between the lowest and highest possible values of a hidden one. """
    smallest_denominator: int | Unset = 20
    """ A percentage with a smaller displayed denominator is not published. """
    whole_percent_below: int | Unset = 100
    """ A percentage with a smaller displayed denominator has no decimal; others have one. """
    audit_providers: bool | Unset = True
    """ If true, the audit also covers what each provider can infer. """
    protect_complements: bool | Unset = True
    """ If true, people outside a part are protected like the people in it. """
    shift: bool | Unset = True
    """ If true, a displayed number changes by the rounded increment and is not rounded again. """
    rates_from_displayed: bool | Unset = True
    """ If true, percentages are calculated from displayed numbers; if false, from true numbers. """

    def to_dict(self) -> dict[str, Any]:
        hide_from = self.hide_from

        hide_to = self.hide_to

        totals_open = self.totals_open

        base = self.base

        hold_back = self.hold_back

        smallest_after_shift = self.smallest_after_shift

        width = self.width

        smallest_denominator = self.smallest_denominator

        whole_percent_below = self.whole_percent_below

        audit_providers = self.audit_providers

        protect_complements = self.protect_complements

        shift = self.shift

        rates_from_displayed = self.rates_from_displayed

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if hide_from is not UNSET:
            field_dict["hide_from"] = hide_from
        if hide_to is not UNSET:
            field_dict["hide_to"] = hide_to
        if totals_open is not UNSET:
            field_dict["totals_open"] = totals_open
        if base is not UNSET:
            field_dict["base"] = base
        if hold_back is not UNSET:
            field_dict["hold_back"] = hold_back
        if smallest_after_shift is not UNSET:
            field_dict["smallest_after_shift"] = smallest_after_shift
        if width is not UNSET:
            field_dict["width"] = width
        if smallest_denominator is not UNSET:
            field_dict["smallest_denominator"] = smallest_denominator
        if whole_percent_below is not UNSET:
            field_dict["whole_percent_below"] = whole_percent_below
        if audit_providers is not UNSET:
            field_dict["audit_providers"] = audit_providers
        if protect_complements is not UNSET:
            field_dict["protect_complements"] = protect_complements
        if shift is not UNSET:
            field_dict["shift"] = shift
        if rates_from_displayed is not UNSET:
            field_dict["rates_from_displayed"] = rates_from_displayed

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        hide_from = d.pop("hide_from", UNSET)

        hide_to = d.pop("hide_to", UNSET)

        totals_open = d.pop("totals_open", UNSET)

        base = d.pop("base", UNSET)

        hold_back = d.pop("hold_back", UNSET)

        smallest_after_shift = d.pop("smallest_after_shift", UNSET)

        width = d.pop("width", UNSET)

        smallest_denominator = d.pop("smallest_denominator", UNSET)

        whole_percent_below = d.pop("whole_percent_below", UNSET)

        audit_providers = d.pop("audit_providers", UNSET)

        protect_complements = d.pop("protect_complements", UNSET)

        shift = d.pop("shift", UNSET)

        rates_from_displayed = d.pop("rates_from_displayed", UNSET)

        rule = cls(
            hide_from=hide_from,
            hide_to=hide_to,
            totals_open=totals_open,
            base=base,
            hold_back=hold_back,
            smallest_after_shift=smallest_after_shift,
            width=width,
            smallest_denominator=smallest_denominator,
            whole_percent_below=whole_percent_below,
            audit_providers=audit_providers,
            protect_complements=protect_complements,
            shift=shift,
            rates_from_displayed=rates_from_displayed,
        )

        return rule
