"""Every contract says enough, and the dictionary says what the contracts say."""

import pytest
from pyiceberg.types import StringType

import schemas
from schemas.contract import Column, Table
from schemas.dictionary import TARGET, markdown


def test_every_table_and_column_is_described_and_every_key_is_required():
    for name, contract in schemas.tables().items():
        assert contract.name == name
        assert len(contract.doc) > 20
        assert all(len(column.doc) > 5 for column in contract.columns), name
        assert all(contract.column(column).required for column in contract.key), name


def test_references_name_columns_that_exist():
    for contract in schemas.tables().values():
        for column in contract.columns:
            if column.references:
                table, _, target = column.references.partition(".")
                assert schemas.table(table).key == (target,)


def test_the_data_dictionary_is_the_one_that_the_contracts_give():
    assert TARGET.read_text(encoding="utf-8") == markdown(), "run `make docs`"


def test_a_contract_with_an_unknown_key_or_a_repeated_column_is_refused():
    column = Column("a", StringType(), "something")
    with pytest.raises(ValueError, match="unknown or repeated"):
        Table(name="t", doc="d", columns=[column], key=("b",))
    with pytest.raises(ValueError, match="unknown or repeated"):
        Table(name="t", doc="d", columns=[column, column], key=("a",))


def test_an_unknown_table_is_answered_with_the_ones_there_are():
    with pytest.raises(KeyError, match=r"there is no table .x.; the tables are: .*listens"):
        schemas.table("x")
