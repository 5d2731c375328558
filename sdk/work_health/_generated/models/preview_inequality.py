from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define as _attrs_define

from ..models.inequality_fields import InequalityFields
from ..models.preview_inequality_protection import PreviewInequalityProtection
from ..models.revision_basis import RevisionBasis

if TYPE_CHECKING:
    pass


@_attrs_define(repr=False, kw_only=True)
class PreviewInequality(InequalityFields):
    """Inequality between the categories of a dimension, calculated from live figures. Not for publication."""

    protection: PreviewInequalityProtection
    """ No disclosure control has been applied. """
    revision_basis: RevisionBasis
    """ Which revision of each return counts. """

    def to_dict(self) -> dict[str, Any]:
        protection = self.protection.value

        revision_basis = self.revision_basis.value

        field_dict = super().to_dict()

        field_dict.update(
            {
                "protection": protection,
                "revision_basis": revision_basis,
            }
        )

        return field_dict

    @classmethod
    def _parse_fields(cls, d: dict[str, Any]) -> dict[str, Any]:
        fields = super()._parse_fields(d)
        protection = PreviewInequalityProtection(d.pop("protection"))

        revision_basis = RevisionBasis(d.pop("revision_basis"))

        return {
            **fields,
            "protection": protection,
            "revision_basis": revision_basis,
        }
