"""Base class of everything a tenant told us: one model a row, tolerant of spelling, not of gaps."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel, to_pascal


class EvidenceMissing(Exception):
    """Something a verdict needs was not read, or not in a form that can be understood.

    `read_failed` tells a failed or empty read from a row that does not fit.
    """

    def __init__(self, dataset: str, why: str, *, kind: str = "unreadable") -> None:
        super().__init__(f"{dataset}: {why}" if dataset else why)
        self.dataset = dataset
        self.kind = kind

    @property
    def read_failed(self) -> bool:
        return self.kind != "unreadable"


class Wire(BaseModel):
    """A part of a row. Names are looked up case-insensitively; unknown ones are ignored.

    A field that is absent or unreadable leaves a gap in this row only: touching it raises
    EvidenceMissing, so checks that do not need it are not disturbed. An object with none of the
    names below says something that nobody understands: all its fields are gaps.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, arbitrary_types_allowed=True)

    may_hold_only_other_names: ClassVar[bool] = False
    _aliases: ClassVar[dict[str, str]] = {}
    _names: ClassVar[frozenset[str]] = frozenset()
    _adapters: ClassVar[dict[str, TypeAdapter[Any]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        cls._aliases = {
            (field.alias or name).lower(): field.alias or name
            for name, field in cls.model_fields.items()
        }
        cls._names = frozenset(cls._aliases.values())
        cls._adapters = {}

    @model_validator(mode="before")
    @classmethod
    def _fold_nested(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            return raw
        folded = cls._fold(raw)
        if cls._is_strange(folded):
            raise ValueError(f"an object without {', '.join(sorted(cls._names))}")
        return folded

    @classmethod
    def _fold(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        aliases = cls._aliases
        return {aliases.get(key.lower(), key): value for key, value in raw.items()}

    @classmethod
    def _is_strange(cls, folded: Mapping[str, Any]) -> bool:
        """Not empty, and not a name in it that is known; annotations say nothing."""
        if cls.may_hold_only_other_names or not cls._names.isdisjoint(folded):
            return False
        return any("@odata." not in name for name in folded)

    @classmethod
    def read_row(cls, raw: Mapping[str, Any]) -> Self:
        try:
            return cls.model_validate(raw)
        except ValidationError:
            return cls._read_with_gaps(raw)

    @classmethod
    def _read_with_gaps(cls, raw: Mapping[str, Any]) -> Self:
        folded = cls._fold(raw)
        is_strange = cls._is_strange(folded)
        values: dict[str, Any] = {}
        gaps: dict[str, str] = {}
        for name, field in cls.model_fields.items():
            alias = field.alias or name
            if alias not in folded:
                if field.is_required() or is_strange:
                    gaps[name] = f"{alias} is absent"
                else:
                    values[name] = field.get_default(call_default_factory=True)
                continue
            try:
                values[name] = cls._adapter(name).validate_python(folded[alias])
            except ValidationError as error:
                detail = error.errors(include_url=False)[0]["msg"]
                gaps[name] = f"{alias} cannot be read ({detail[:120]})"
        row = cls.__new__(cls)
        object.__setattr__(row, "__dict__", values | {"__gaps__": gaps})
        object.__setattr__(row, "__pydantic_fields_set__", set(values))
        object.__setattr__(row, "__pydantic_extra__", None)
        object.__setattr__(row, "__pydantic_private__", None)
        return row

    @classmethod
    def _adapter(cls, name: str) -> TypeAdapter[Any]:
        if name not in cls._adapters:
            field = cls.model_fields[name]
            annotation: Any = field.annotation
            for extra in field.metadata:
                annotation = Annotated[annotation, extra]
            cls._adapters[name] = TypeAdapter(annotation)
        return cls._adapters[name]

    @classmethod
    def dataset_name(cls) -> str:
        return ""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            gaps = self.__dict__.get("__gaps__")
            if gaps and name in gaps:
                raise EvidenceMissing(self.dataset_name(), gaps[name])
            return super().__getattr__(name)


def each_by_itself(model: type[Wire]) -> BeforeValidator:
    """For a part of a row: what it lacks is missed when asked for, and nothing else with it."""

    def read(raw: Any) -> Any:
        return model.read_row(raw) if isinstance(raw, Mapping) else raw

    return BeforeValidator(read)


class Dataset(Wire):
    """One row of a dataset. `key` is its name in the protocol, in packs and in the database."""

    key: ClassVar[str]
    phase: ClassVar[int] = 1  # 2: the read starts from rows of `depends_on`
    depends_on: ClassVar[tuple[str, ...]] = ()
    time_limit_s: ClassVar[int] = 300

    @classmethod
    def service(cls) -> str:
        return cls.key.partition(".")[0]

    @classmethod
    def select(cls) -> list[str]:
        """Top-level wire properties a collector keeps."""
        return [field.alias or name for name, field in cls.model_fields.items()]

    @classmethod
    def dataset_name(cls) -> str:
        return cls.key


class GraphDataset(Dataset):
    model_config = ConfigDict(alias_generator=to_camel)


class GraphPart(Wire):
    model_config = ConfigDict(alias_generator=to_camel)


class CmdletDataset(Dataset):
    model_config = ConfigDict(alias_generator=to_pascal)


class CmdletPart(Wire):
    model_config = ConfigDict(alias_generator=to_pascal)
