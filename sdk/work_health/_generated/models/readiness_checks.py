from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.check_state import CheckState

T = TypeVar("T", bound="ReadinessChecks")


@_attrs_define(repr=False)
class ReadinessChecks(ContractStruct):
    """The result of each check."""

    database: CheckState
    """ The result of a check. """
    public_database: CheckState
    """ The result of a check. """
    replica: CheckState
    """ The result of a check. """
    schema: CheckState
    """ The result of a check. """
    walls: CheckState
    """ The result of a check. """
    worker: CheckState
    """ The result of a check. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        database = self.database.value

        public_database = self.public_database.value

        replica = self.replica.value

        schema = self.schema.value

        walls = self.walls.value

        worker = self.worker.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "database": database,
                "public_database": public_database,
                "replica": replica,
                "schema": schema,
                "walls": walls,
                "worker": worker,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        database = CheckState(d.pop("database"))

        public_database = CheckState(d.pop("public_database"))

        replica = CheckState(d.pop("replica"))

        schema = CheckState(d.pop("schema"))

        walls = CheckState(d.pop("walls"))

        worker = CheckState(d.pop("worker"))

        readiness_checks = cls(
            database=database,
            public_database=public_database,
            replica=replica,
            schema=schema,
            walls=walls,
            worker=worker,
        )

        readiness_checks.additional_properties = d
        return readiness_checks

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
