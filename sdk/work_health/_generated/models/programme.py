from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.calendar import Calendar
    from ..models.document import Document
    from ..models.theme import Theme
    from ..models.window import Window


T = TypeVar("T", bound="Programme")


@_attrs_define(repr=False)
class Programme(ContractStruct):
    """A delivery plan with its owner and window."""

    slug: str
    """ A kebab-case code. It never changes once it is in use. """
    title: str
    sandbox: bool
    """ True for a copy for trying things out. """
    owner: str
    """ A kebab-case code. It never changes once it is in use. """
    area: str
    """ A GSS code such as `E06000018`. With `-unknown` it means *somewhere in that area, the finer area not known*.
    """
    document: Document
    """ The published plan from which the file was written. """
    window: Window
    """ The days that the programme covers. """
    calendar: Calendar
    """ The deadlines of returns, in days after the last day of the period, London time. """
    themes: list[Theme]
    plan_version: int
    """ The number of the plan version. Each load of a changed file adds 1. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        slug = self.slug

        title = self.title

        sandbox = self.sandbox

        owner = self.owner

        area = self.area

        document = self.document.to_dict()

        window = self.window.to_dict()

        calendar = self.calendar.to_dict()

        themes = []
        for themes_item_data in self.themes:
            themes_item = themes_item_data.to_dict()
            themes.append(themes_item)

        plan_version = self.plan_version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "slug": slug,
                "title": title,
                "sandbox": sandbox,
                "owner": owner,
                "area": area,
                "document": document,
                "window": window,
                "calendar": calendar,
                "themes": themes,
                "plan_version": plan_version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.calendar import Calendar  # noqa: PLC0415
        from ..models.document import Document  # noqa: PLC0415
        from ..models.theme import Theme  # noqa: PLC0415
        from ..models.window import Window  # noqa: PLC0415

        d = dict(src_dict)
        slug = d.pop("slug")

        title = d.pop("title")

        sandbox = d.pop("sandbox")

        owner = d.pop("owner")

        area = d.pop("area")

        document = Document.from_dict(d.pop("document"))

        window = Window.from_dict(d.pop("window"))

        calendar = Calendar.from_dict(d.pop("calendar"))

        themes = []
        _themes = d.pop("themes")
        for themes_item_data in _themes:
            themes_item = Theme.from_dict(themes_item_data)

            themes.append(themes_item)

        plan_version = d.pop("plan_version")

        programme = cls(
            slug=slug,
            title=title,
            sandbox=sandbox,
            owner=owner,
            area=area,
            document=document,
            window=window,
            calendar=calendar,
            themes=themes,
            plan_version=plan_version,
        )

        programme.additional_properties = d
        return programme

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
