"""Which facts of records can be hints."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from diagnosis.detection.found_cluster import Cluster
from diagnosis.issues.extents import extent_of_cluster
from diagnosis.issues.hints.contents import span_attributes
from diagnosis.issues.hints.facts import CONTENT, LONGEST, FactReader, is_effect, text_of
from telemetry.otlp.values import plain_attributes
from tests.diagnosis.failing_records import failing


def test_what_the_failure_itself_wrote_is_no_fact() -> None:
    facts = FactReader().facts_of(
        {"error.type": "Lost", "llm.finish_reason": "stop", "app.result": "no", "zone": "eu", "n": 7}
    )

    assert facts == {"zone": "eu", "n": "7"}


def test_of_contents_only_that_they_are_set_is_a_fact() -> None:
    facts = FactReader().facts_of({"prompt": "x" * 101, "tags": ["a"], "share": 0.5, "nothing": None})

    assert set(facts) == {"prompt", "tags", "share", "nothing"}
    assert set(facts.values()) == {CONTENT}


def test_a_sample_of_failures_reaches_over_all_of_them() -> None:
    records = [failing(f"s{at}", at=at) for at in range(100)]

    sample = extent_of_cluster(Cluster(7, records), {}).spread(10)

    assert sample == [record.key for record in records[::10]]


NAMES = st.sampled_from(["zone", "error.type", "http.response.status_code", "prompt", ""])
ANY_VALUES = st.one_of(
    st.just(AnyValue()),
    st.text(max_size=3).map(lambda text: AnyValue(string_value=text)),
    st.just(AnyValue(string_value="x" * (LONGEST + 1))),
    st.integers(-5, 5).map(lambda number: AnyValue(int_value=number)),
    st.booleans().map(lambda flag: AnyValue(bool_value=flag)),
    st.just(AnyValue(double_value=0.5)),
    st.just(AnyValue(bytes_value=b"")),
    st.just(AnyValue(array_value=ArrayValue(values=[AnyValue()]))),
)


@given(st.lists(st.builds(lambda name, value: KeyValue(key=name, value=value), NAMES, ANY_VALUES)))
def test_the_facts_of_stored_attributes_are_those_of_their_values(pairs: list[KeyValue]) -> None:
    values = plain_attributes(pairs)

    facts = FactReader().facts_of(span_attributes(SpanMessage(attributes=pairs).SerializeToString()))

    assert facts == {name: text_of(value) for name, value in values.items() if not is_effect(name)}
