from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define as _attrs_define

from ..models.inequality_fields import InequalityFields

if TYPE_CHECKING:
    pass


@_attrs_define(repr=False, kw_only=True)
class ReleasedInequality(InequalityFields):
    """The inequality between categories of a dimension, calculated from displayed figures."""

    release: int
    protection: str
    """ How people are protected, in plain words. """

    def to_dict(self) -> dict[str, Any]:
        release = self.release

        protection = self.protection

        field_dict = super().to_dict()

        field_dict.update(
            {
                "release": release,
                "protection": protection,
            }
        )

        return field_dict

    @classmethod
    def _parse_fields(cls, d: dict[str, Any]) -> dict[str, Any]:
        fields = super()._parse_fields(d)
        release = d.pop("release")

        protection = d.pop("protection")

        return {
            **fields,
            "release": release,
            "protection": protection,
        }
