"""Catalogues, counts and previews, for answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from egov.common.v1 import paging_pb2
from egov.grid.v1 import catalogue_pb2, clocks_pb2, grid_service_pb2, incidents_pb2, stages_pb2

from services.chassis.moments import stamp
from services.grid.domain.catalogue import Catalogue, CodeMapping, Stage, Urgency, stages_of
from services.grid.domain.counting import Apart, Counted, WhyUnmapped
from services.grid.domain.previewing import Difference, Previewed, late_in_all
from services.grid.domain.reference import Evidence, IncidentType, TypeKey
from services.grid.domain.retracing import Ruling
from services.grid.domain.versions import Outcome, Version
from services.grid.wire.clocks import UNITS_OUT, VERDICTS_OUT
from services.grid.wire.codes import KINDS_OUT, type_key
from services.grid.wire.progress import stage_message
from services.grid.wire.versions import OUTCOMES_OUT, fault_fields, version_message
from services.kernel.paging import Page
from services.kernel.sheets import Fault

URGENCIES = {
    stages_pb2.URGENCY_UNSPECIFIED: None,
    stages_pb2.URGENCY_NORMAL: Urgency.NORMAL,
    stages_pb2.URGENCY_URGENT: Urgency.URGENT,
    stages_pb2.URGENCY_VERY_URGENT: Urgency.VERY_URGENT,
}
EVIDENCE_OUT = {
    Evidence.PHOTO: stages_pb2.EVIDENCE_PHOTO,
    Evidence.PHOTO_AFTER: stages_pb2.EVIDENCE_PHOTO_AFTER,
    Evidence.VIDEO: stages_pb2.EVIDENCE_VIDEO,
    Evidence.DOCUMENT: stages_pb2.EVIDENCE_DOCUMENT,
}
REASONS_OUT = {
    WhyUnmapped.NO_MAPPING: catalogue_pb2.UNMAPPED_REASON_NO_MAPPING,
    WhyUnmapped.LOCAL: catalogue_pb2.UNMAPPED_REASON_LOCAL,
    WhyUnmapped.SEVERAL: catalogue_pb2.UNMAPPED_REASON_SEVERAL,
}
DIFFERENCES_OUT = {
    Difference.TYPE: catalogue_pb2.RULING_DIFFERENCE_TYPE,
    Difference.DEPARTMENT: catalogue_pb2.RULING_DIFFERENCE_DEPARTMENT,
    Difference.LIMIT: catalogue_pb2.RULING_DIFFERENCE_LIMIT,
    Difference.DEADLINE: catalogue_pb2.RULING_DIFFERENCE_DEADLINE,
    Difference.VERDICT: catalogue_pb2.RULING_DIFFERENCE_VERDICT,
    Difference.STAGES: catalogue_pb2.RULING_DIFFERENCE_STAGES,
    Difference.EVIDENCE: catalogue_pb2.RULING_DIFFERENCE_EVIDENCE,
}


def types_message(
    page: Page[IncidentType], stages: Sequence[Stage], mappings: Iterable[CodeMapping]
) -> grid_service_pb2.ListIncidentTypesResponse:
    """A page of incident types, with the stages and former codes of each."""
    former: dict[TypeKey, list[TypeKey]] = {}
    for each in mappings:
        former.setdefault(each.latter, []).append(each.former)
    return grid_service_pb2.ListIncidentTypesResponse(
        types=[_type_message(each, stages, former.get(each.key, ())) for each in page.rows],
        page=paging_pb2.PageResponse(next_page_token=page.next_token),
    )


def import_message(
    outcome: Outcome, version: Version | None, catalogue: Catalogue, faults: Sequence[Fault]
) -> grid_service_pb2.ImportCatalogueResponse:
    """What became of an import; where there are faults nothing is counted."""
    counted = Catalogue() if faults else catalogue
    return grid_service_pb2.ImportCatalogueResponse(
        outcome=OUTCOMES_OUT[outcome],
        version=version_message(catalogue_pb2.CatalogueVersion, version) if version else None,
        **fault_fields(faults),
        types=len(counted.types),
        rules=len(counted.rules),
        stages=len(counted.stages),
        mappings=len(counted.mappings),
    )


def versions_message(page: Page[Version]) -> grid_service_pb2.ListCataloguesResponse:
    """A page of catalogues."""
    return grid_service_pb2.ListCataloguesResponse(
        catalogues=[version_message(catalogue_pb2.CatalogueVersion, each) for each in page.rows],
        page=paging_pb2.PageResponse(next_page_token=page.next_token),
    )


def counted_message(
    counted: Counted, apart: Mapping[Apart, int], names: Mapping[TypeKey, str]
) -> grid_service_pb2.CountIncidentsByTypeResponse:
    """Counts by type and category, and what is in none; `names` of the types and categories that are known."""
    return grid_service_pb2.CountIncidentsByTypeResponse(
        total=counted.total,
        counts=[
            catalogue_pb2.TypeCount(type=type_key(key), name=names.get(key, ""), count=count)
            for key, count in counted.counts.items()
        ],
        unmapped=[
            catalogue_pb2.UnmappedCount(
                type=type_key(each.type),
                name=names.get(each.type, ""),
                count=each.cases,
                reason=REASONS_OUT[each.reason],
                candidates=map(type_key, each.candidates),
            )
            for each in counted.unmapped
        ],
        categories=[
            catalogue_pb2.CategoryCount(kind=KINDS_OUT[key.kind], code=key.code, name=names.get(key, ""), count=count)
            for key, count in counted.categories.items()
        ],
        without_category=counted.without_category,
        left_out=catalogue_pb2.LeftOut(
            not_filed_yet=apart.get(Apart.NOT_FILED_YET, 0),
            declined=apart.get(Apart.DECLINED, 0),
            duplicates=apart.get(Apart.DUPLICATE, 0),
            voided=apart.get(Apart.VOIDED, 0),
        ),
    )


def preview_message(tried: Sequence[Previewed], next_token: str) -> grid_service_pb2.PreviewCatalogueResponse:
    """What a page of past cases would have been; those that would have been the same are only counted."""
    turned = [each for each in tried if Difference.VERDICT in each.differences]
    return grid_service_pb2.PreviewCatalogueResponse(
        looked_at=len(tried),
        cases=[_previewed_message(each) for each in tried if each.differences],
        newly_missed=sum(bool(late_in_all(each.would)) for each in turned),
        newly_met=sum(not late_in_all(each.would) for each in turned),
        page=paging_pb2.PageResponse(next_page_token=next_token),
    )


def faulty_preview(faults: Sequence[Fault]) -> grid_service_pb2.PreviewCatalogueResponse:
    """Nothing was tried: the sheets have faults."""
    return grid_service_pb2.PreviewCatalogueResponse(**fault_fields(faults))


def _type_message(each: IncidentType, stages: Sequence[Stage], former: Iterable[TypeKey]) -> incidents_pb2.IncidentType:
    return incidents_pb2.IncidentType(
        key=type_key(each.key),
        category=each.category,
        name=each.name,
        name_en=each.name_en,
        local=each.local,
        shown_publicly=each.public,
        evidence=[EVIDENCE_OUT[kind] for kind in each.evidence],
        stages=map(stage_message, stages_of(each.key, stages)),
        former_keys=map(type_key, sorted(former)),
    )


def _previewed_message(each: Previewed) -> catalogue_pb2.PreviewedCase:
    return catalogue_pb2.PreviewedCase(
        incident_id=str(each.incident.id),
        case_number=each.incident.case_number,
        type=type_key(each.incident.report.type),
        region=each.incident.report.region,
        before=_ruling_message(each.before),
        after=_ruling_message(each.after),
        differences=[DIFFERENCES_OUT[difference] for difference in each.differences],
        stages_before=map(_ruling_message, each.was),
        stages_after=map(_ruling_message, each.would),
        evidence_before=[EVIDENCE_OUT[kind] for kind in each.demanded],
        evidence_after=[EVIDENCE_OUT[kind] for kind in each.would_demand],
        evidence_missing=[EVIDENCE_OUT[kind] for kind in each.missing],
    )


def _ruling_message(each: Ruling) -> catalogue_pb2.Ruling:
    return catalogue_pb2.Ruling(
        department=each.department,
        limit=int(each.limit.amount) if each.limit else 0,
        unit=UNITS_OUT[each.limit.unit] if each.limit else clocks_pb2.TIME_UNIT_UNSPECIFIED,
        due_at=stamp(each.due_at),
        verdict=VERDICTS_OUT[each.verdict][0] if each.verdict else clocks_pb2.CLOCK_VERDICT_UNSPECIFIED,
        stage=each.stage.position if each.stage else 0,
        stage_name=each.stage.name if each.stage else "",
        stage_name_en=each.stage.name_en if each.stage else "",
    )
