from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.severity import Severity

if TYPE_CHECKING:
    from ..models.cell_name import CellName


T = TypeVar("T", bound="Finding")


@_attrs_define(repr=False)
class Finding(ContractStruct):
    """The result of a check: the fault, its location and the fix."""

    code: str
    """ Stable; `/errors/{code}` explains it. """
    severity: Severity
    """ An error rejects the submission, a warning does not. A justification turns a justifiable error into a
    warning. """
    message: str
    id: None | str = None
    """ The id that a justification names. It stays the same for the same fault in the same figures. """
    path: None | str = None
    """ A JSON pointer to the first occurrence. """
    rows: list[int] | None = None
    """ The rows concerned, at most 1,000. In JSON, observations are counted from 1 over the submission. In CSV and
    NDJSON, it is the number of the line; the first line is 1. """
    row_count: int | None = None
    """ How many rows there are, if more than are listed. """
    column: None | str = None
    """ The CSV column or the JSON field. """
    cell: CellName | None = None
    """ The cell, if the finding is about a single one. """
    expected: None | str = None
    """ The expected value. """
    actual: None | str = None
    """ The value that was sent. """
    fix: None | str = None
    """ How to fix it. """
    justifiable: bool | None = False
    """ True if a justification that names this finding lets the submission pass. """
    justification: None | str = None
    """ The justification that the submission gives. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.cell_name import CellName  # noqa: PLC0415

        code = self.code

        severity = self.severity.value

        message = self.message

        id: None | str
        if self.id is None:
            id = None
        else:
            id = self.id

        path: None | str
        if self.path is None:
            path = None
        else:
            path = self.path

        rows: list[int] | None = None
        if self.rows is not None:
            rows = self.rows

        row_count: int | None
        if self.row_count is None:
            row_count = None
        else:
            row_count = self.row_count

        column: None | str
        if self.column is None:
            column = None
        else:
            column = self.column

        cell: dict[str, Any] | None
        if self.cell is None:
            cell = None
        elif isinstance(self.cell, CellName):
            cell = self.cell.to_dict()
        else:
            cell = self.cell

        expected: None | str
        if self.expected is None:
            expected = None
        else:
            expected = self.expected

        actual: None | str
        if self.actual is None:
            actual = None
        else:
            actual = self.actual

        fix: None | str
        if self.fix is None:
            fix = None
        else:
            fix = self.fix

        justifiable = self.justifiable

        justification: None | str
        if self.justification is None:
            justification = None
        else:
            justification = self.justification

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
                "severity": severity,
                "message": message,
            }
        )
        field_dict["id"] = id
        field_dict["path"] = path
        if rows is not None:
            field_dict["rows"] = rows
        field_dict["row_count"] = row_count
        field_dict["column"] = column
        field_dict["cell"] = cell
        field_dict["expected"] = expected
        field_dict["actual"] = actual
        field_dict["fix"] = fix
        if justifiable is not None:
            field_dict["justifiable"] = justifiable
        field_dict["justification"] = justification

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cell_name import CellName  # noqa: PLC0415

        d = dict(src_dict)
        code = d.pop("code")

        severity = Severity(d.pop("severity"))

        message = d.pop("message")

        def _parse_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        id = _parse_id(d.pop("id", None))

        def _parse_path(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        path = _parse_path(d.pop("path", None))

        rows = cast(list[int], d.pop("rows", None))

        def _parse_row_count(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        row_count = _parse_row_count(d.pop("row_count", None))

        def _parse_column(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        column = _parse_column(d.pop("column", None))

        def _parse_cell(data: object) -> CellName | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                cell_type_0 = CellName.from_dict(data)

                return cell_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CellName | None, data)

        cell = _parse_cell(d.pop("cell", None))

        def _parse_expected(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        expected = _parse_expected(d.pop("expected", None))

        def _parse_actual(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        actual = _parse_actual(d.pop("actual", None))

        def _parse_fix(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        fix = _parse_fix(d.pop("fix", None))

        justifiable = d.pop("justifiable", False)

        def _parse_justification(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        justification = _parse_justification(d.pop("justification", None))

        finding = cls(
            code=code,
            severity=severity,
            message=message,
            id=id,
            path=path,
            rows=rows,
            row_count=row_count,
            column=column,
            cell=cell,
            expected=expected,
            actual=actual,
            fix=fix,
            justifiable=justifiable,
            justification=justification,
        )

        finding.additional_properties = d
        return finding

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
