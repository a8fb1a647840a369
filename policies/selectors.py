"""Populations as the folder writes them: whom a district means, by platform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from policies import forms
from policies.district import FolderModel
from policies.duties import Population, Selector
from policies.kinds import Platform


class MicrosoftForm(FolderModel):
    """One way to name people or places in Microsoft 365; ``group`` takes an address, an object id or ``name:DISPLAY NAME``."""

    group: str | None = None
    all: Literal["users"] | None = None
    adaptive: bool = False
    users: tuple[str, ...] | None = None
    sites: tuple[str, ...] | None = None
    except_: MicrosoftForms | None = Field(default=None, alias="except")

    @model_validator(mode="after")
    def _one_form(self) -> MicrosoftForm:
        given = [name for name in ("group", "all", "users", "sites") if getattr(self, name) is not None]
        _check_form(given, except_given=self.except_ is not None, known="group, all, users or sites")
        if self.adaptive and (self.all is None or self.except_ is not None):
            raise ValueError("has adaptive beside something else: it goes with all: users alone, for a scope leaves nobody out")
        return self

    @model_serializer(mode="wrap")
    def _said(self, whole: SerializerFunctionWrapHandler) -> dict[str, object]:
        """The form without ``adaptive`` where it does not say it, so that a policy written before there was that word keeps its digest."""
        return {name: value for name, value in whole(self).items() if name != "adaptive" or value}

    def selector(self) -> Selector:
        """The form without its exception, as a selector."""
        return Selector(
            all_users=self.all is not None,
            adaptive=self.adaptive,
            groups=() if self.group is None else (self.group,),
            users=tuple(address.lower() for address in self.users or ()),
            sites=self.sites or (),
        )


class GoogleForm(FolderModel):
    """One way to name people in Google Workspace; ``ou`` is the path of an organisational unit and takes in the units under it."""

    ou: str | None = Field(default=None, pattern=forms.UNIT)
    group: str | None = None
    users: tuple[str, ...] | None = None
    except_: GoogleForms | None = Field(default=None, alias="except")

    @model_validator(mode="after")
    def _one_form(self) -> GoogleForm:
        given = [name for name in ("ou", "group", "users") if getattr(self, name) is not None]
        _check_form(given, except_given=self.except_ is not None, known="ou, group or users")
        return self

    def selector(self) -> Selector:
        """The form without its exception, as a selector."""
        return Selector(
            groups=() if self.group is None else (self.group,),
            org_units=() if self.ou is None else (self.ou,),
            users=tuple(address.lower() for address in self.users or ()),
        )


def _listed(forms: object) -> object:
    """One form standing alone is a list of one."""
    return [forms] if isinstance(forms, dict) else forms


MicrosoftForms: TypeAlias = Annotated[
    tuple[MicrosoftForm, ...], BeforeValidator(_listed, json_schema_input_type=MicrosoftForm | tuple[MicrosoftForm, ...])
]
GoogleForms: TypeAlias = Annotated[tuple[GoogleForm, ...], BeforeValidator(_listed, json_schema_input_type=GoogleForm | tuple[GoogleForm, ...])]


class PopulationForm(FolderModel):
    """Whose records, by platform; a platform that is left out has none of them."""

    m365: MicrosoftForms | None = None
    google: GoogleForms | None = None

    @model_validator(mode="after")
    def _exceptions_are_clear(self) -> PopulationForm:
        for given in (self.m365, self.google):
            if given is not None:
                _united(given)
        if self.m365 is None and self.google is None:
            raise ValueError("names nobody: write m365: or google:")
        return self

    def population(self, id_: str) -> Population:
        """The population as a value."""
        given = ((Platform.MICROSOFT365, self.m365), (Platform.GOOGLE_WORKSPACE, self.google))
        return Population(id=id_, selectors={platform: _united(forms) for platform, forms in given if forms is not None})


_Form: TypeAlias = MicrosoftForm | GoogleForm


def _united(forms: Sequence[_Form]) -> Selector:
    """The union of ``forms`` less their exception.

    In a list the exception stands as an entry of its own (``- except: {...}``) and is taken from the whole union: taken from one form only, it
    would leave in whoever another form names too, which nobody reads out of the text.
    """
    parts = [form.selector() for form in forms]
    exceptions = [form.except_ for form in forms if form.except_ is not None]
    named = [part for part in parts if part != Selector()]
    if not named:
        raise ValueError("names nobody: an exception needs somebody to be taken from")
    if len(named) > 1 and any(form.except_ is not None and part != Selector() for form, part in zip(forms, parts, strict=True)):
        raise ValueError("has an exception inside a list of several: give the exception an entry of its own, '- except: {...}'")
    if any(part.adaptive for part in named) and (len(named) > 1 or exceptions):
        raise ValueError("has adaptive in a list of several: it goes with all: users alone, for a scope leaves nobody out and takes in nobody else")
    taken_out = _merged([_united(forms) for forms in exceptions]) if exceptions else None
    whole = _merged(named)
    return Selector(
        all_users=whole.all_users,
        adaptive=whole.adaptive,
        groups=whole.groups,
        org_units=whole.org_units,
        users=whole.users,
        sites=whole.sites,
        except_=taken_out,
    )


def _merged(parts: list[Selector]) -> Selector:
    if any(part.except_ is not None for part in parts):
        raise ValueError("has an exception from an exception: write out who is meant")
    return Selector(
        all_users=any(part.all_users for part in parts),
        adaptive=any(part.adaptive for part in parts),
        groups=tuple(group for part in parts for group in part.groups),
        org_units=tuple(unit for part in parts for unit in part.org_units),
        users=tuple(user for part in parts for user in part.users),
        sites=tuple(site for part in parts for site in part.sites),
    )


def _check_form(given: list[str], *, except_given: bool, known: str) -> None:
    if len(given) > 1:
        raise ValueError(f"has {' and '.join(given)} at once: write them as a list of two")
    if not given and not except_given:
        raise ValueError(f"names nobody: write {known}")
