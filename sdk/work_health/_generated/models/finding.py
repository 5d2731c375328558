from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.severity import Severity
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.cell_name import CellName


T = TypeVar("T", bound="Finding")


@_attrs_define
class Finding:
    """The result of a check: the fault, its location and the fix."""

    code: str
    """ Stable; `/errors/{code}` explains it. """
    severity: Severity
    """ An error rejects the submission, a warning does not. A justification turns a justifiable error into a
    warning. """
    message: str
    id: None | str | Unset = UNSET
    """ The id that a justification names. It stays the same for the same fault in the same figures. """
    path: None | str | Unset = UNSET
    """ A JSON pointer to the first occurrence. """
    rows: list[int] | Unset = UNSET
    """ The rows concerned, at most 1,000. In JSON, observations are counted from 1 over the submission. In CSV and
    NDJSON, it is the number of the line; the first line is 1. """
    row_count: int | None | Unset = UNSET
    """ How many rows there are, if more than are listed. """
    column: None | str | Unset = UNSET
    """ The CSV column or the JSON field. """
    cell: CellName | None | Unset = UNSET
    """ The cell, if the finding is about a single one. """
    expected: None | str | Unset = UNSET
    """ The expected value. """
    actual: None | str | Unset = UNSET
    """ The value that was sent. """
    fix: None | str | Unset = UNSET
    """ How to fix it. """
    justifiable: bool | Unset = False
    """ True if a justification that names this finding lets the submission pass. """
    justification: None | str | Unset = UNSET
    """ The justification that the submission gives. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.cell_name import CellName  # noqa: PLC0415

        code = self.code

        severity = self.severity.value

        message = self.message

        id: None | str | Unset
        if isinstance(self.id, Unset):
            id = UNSET
        else:
            id = self.id

        path: None | str | Unset
        if isinstance(self.path, Unset):
            path = UNSET
        else:
            path = self.path

        rows: list[int] | Unset = UNSET
        if not isinstance(self.rows, Unset):
            rows = self.rows

        row_count: int | None | Unset
        if isinstance(self.row_count, Unset):
            row_count = UNSET
        else:
            row_count = self.row_count

        column: None | str | Unset
        if isinstance(self.column, Unset):
            column = UNSET
        else:
            column = self.column

        cell: dict[str, Any] | None | Unset
        if isinstance(self.cell, Unset):
            cell = UNSET
        elif isinstance(self.cell, CellName):
            cell = self.cell.to_dict()
        else:
            cell = self.cell

        expected: None | str | Unset
        if isinstance(self.expected, Unset):
            expected = UNSET
        else:
            expected = self.expected

        actual: None | str | Unset
        if isinstance(self.actual, Unset):
            actual = UNSET
        else:
            actual = self.actual

        fix: None | str | Unset
        if isinstance(self.fix, Unset):
            fix = UNSET
        else:
            fix = self.fix

        justifiable = self.justifiable

        justification: None | str | Unset
        if isinstance(self.justification, Unset):
            justification = UNSET
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
        if id is not UNSET:
            field_dict["id"] = id
        if path is not UNSET:
            field_dict["path"] = path
        if rows is not UNSET:
            field_dict["rows"] = rows
        if row_count is not UNSET:
            field_dict["row_count"] = row_count
        if column is not UNSET:
            field_dict["column"] = column
        if cell is not UNSET:
            field_dict["cell"] = cell
        if expected is not UNSET:
            field_dict["expected"] = expected
        if actual is not UNSET:
            field_dict["actual"] = actual
        if fix is not UNSET:
            field_dict["fix"] = fix
        if justifiable is not UNSET:
            field_dict["justifiable"] = justifiable
        if justification is not UNSET:
            field_dict["justification"] = justification

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cell_name import CellName  # noqa: PLC0415

        d = dict(src_dict)
        code = d.pop("code")

        severity = Severity(d.pop("severity"))

        message = d.pop("message")

        def _parse_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        id = _parse_id(d.pop("id", UNSET))

        def _parse_path(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        path = _parse_path(d.pop("path", UNSET))

        rows = cast(list[int], d.pop("rows", UNSET))

        def _parse_row_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        row_count = _parse_row_count(d.pop("row_count", UNSET))

        def _parse_column(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        column = _parse_column(d.pop("column", UNSET))

        def _parse_cell(data: object) -> CellName | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                cell_type_0 = CellName.from_dict(data)

                return cell_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CellName | None | Unset, data)

        cell = _parse_cell(d.pop("cell", UNSET))

        def _parse_expected(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        expected = _parse_expected(d.pop("expected", UNSET))

        def _parse_actual(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        actual = _parse_actual(d.pop("actual", UNSET))

        def _parse_fix(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        fix = _parse_fix(d.pop("fix", UNSET))

        justifiable = d.pop("justifiable", UNSET)

        def _parse_justification(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        justification = _parse_justification(d.pop("justification", UNSET))

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
