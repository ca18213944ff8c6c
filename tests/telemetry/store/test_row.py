"""The columns of a record are named once as fields of its row."""

from __future__ import annotations

from telemetry.models import Record
from telemetry.store.row import COLUMNS, FROM, OF_OTHER_TABLES, PLACE, TO, RecordRow


def test_every_column_of_the_record_is_a_field_of_its_row() -> None:
    stored = {field.attname for field in Record._meta.concrete_fields}

    missing = dict.fromkeys(stored - set(COLUMNS) - set(PLACE), "is no field of telemetry/store/row.py")
    unknown = dict.fromkeys(set(COLUMNS) - stored, "is no column of telemetry/models/records.py")
    assert missing | unknown == {}


def test_what_other_tables_take_of_a_row_is_one_of_its_fields() -> None:
    assert RecordRow._fields[FROM : TO + 1] == OF_OTHER_TABLES
    assert set(OF_OTHER_TABLES).isdisjoint(field.attname for field in Record._meta.concrete_fields)
