from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.failed_scope_code import FailedScopeCode

T = TypeVar("T", bound="FailedScope")


@_attrs_define(repr=False)
class FailedScope(ContractStruct):
    """Figures that cannot be published, and why. It contains no count."""

    scope: str
    measures: list[str]
    code: FailedScopeCode
    """ The reason, as a code. """
    detail: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        scope = self.scope

        measures = self.measures

        code = self.code.value

        detail = self.detail

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "scope": scope,
                "measures": measures,
                "code": code,
                "detail": detail,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        scope = d.pop("scope")

        measures = cast(list[str], d.pop("measures"))

        code = FailedScopeCode(d.pop("code"))

        detail = d.pop("detail")

        failed_scope = cls(
            scope=scope,
            measures=measures,
            code=code,
            detail=detail,
        )

        failed_scope.additional_properties = d
        return failed_scope

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
