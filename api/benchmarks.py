"""The published benchmarks: their recommendations in our words."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from api.errors import problems
from checks.catalogue import CIS_M365_5, Benchmark, benchmark, datasets_of, home_of, words
from contracts.errors import NotFound
from contracts.scan import PROFILES

router = APIRouter(tags=["Benchmarks"])

_KNOWN = (CIS_M365_5,)


class ProfileLine(BaseModel):
    name: str
    title: str
    recommendations: int


class BenchmarkLine(BaseModel):
    id: str
    name: str
    version: str
    recommendations: int
    profiles: list[ProfileLine]


class RecommendationLine(BaseModel):
    id: str
    check_id: str
    check: str
    title: str
    section: int
    level: int
    licences: list[str]
    severity: str
    assessment: str
    service: str
    passes_when: str
    rationale: str
    remediation: str
    prompt: str
    datasets: list[str]
    mappings: dict[str, list[str]]


class BenchmarkDetail(BenchmarkLine):
    items: list[RecommendationLine]


class BenchmarkList(BaseModel):
    items: list[BenchmarkLine]


@router.get(
    "/benchmarks",
    operation_id="list_benchmarks",
    summary="Benchmarks and their profiles",
    responses=problems(401),
)
async def get_benchmarks() -> BenchmarkList:
    return BenchmarkList(items=[_line(benchmark(name)) for name in _KNOWN])


@router.get(
    "/benchmarks/{benchmark_id}",
    operation_id="get_benchmark",
    summary="A benchmark with its recommendations",
    responses=problems(401, 404, 422),
)
async def get_benchmark(
    benchmark_id: Annotated[str, Path(max_length=60, examples=[CIS_M365_5])],
) -> BenchmarkDetail:
    if benchmark_id not in _KNOWN:
        raise NotFound("There is no such benchmark.")
    found = benchmark(benchmark_id)
    items = sorted(found.recommendations, key=lambda item: item.sort_key)
    texts = words()
    return BenchmarkDetail(
        **_line(found).model_dump(),
        items=[
            RecommendationLine(
                **item.model_dump(include={"id", "check", "level", "assessment", "mappings"}),
                **texts[item.check].model_dump(),
                licences=list(item.licences),
                check_id=item.public_id,
                section=item.section,
                service=home_of(item.check),
                datasets=datasets_of(item.check),
            )
            for item in items
        ],
    )


def _line(found: Benchmark) -> BenchmarkLine:
    return BenchmarkLine(
        id=found.id,
        name=found.name,
        version=found.version,
        recommendations=len(found.recommendations),
        profiles=[
            ProfileLine(
                name=profile.name,
                title=profile.title,
                recommendations=len(found.select(profile)),
            )
            for profile in PROFILES
        ],
    )
