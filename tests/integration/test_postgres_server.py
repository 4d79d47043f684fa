"""What the tests take PostgreSQL for granted to do."""

import psycopg
import pytest

from tests.postgres_server import PostgresServer


def test_each_database_is_empty_and_has_no_part_in_the_others(postgres: PostgresServer) -> None:
    one, other = postgres.database(), postgres.database()
    with psycopg.connect(one) as connection:
        connection.execute("CREATE TABLE documents (id text)")
    with psycopg.connect(other) as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT * FROM documents")


def test_a_killed_server_comes_back_at_the_same_address_with_what_was_committed() -> None:
    with PostgresServer() as server:
        url = server.database()
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE documents AS SELECT 'contract' AS id")
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        server.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT id FROM documents").fetchall() == [("contract",)]


def test_a_database_can_be_read_only_for_a_while(postgres: PostgresServer) -> None:
    url = postgres.database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE documents (id text)")
    with postgres.read_only(url), psycopg.connect(url) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("INSERT INTO documents VALUES ('contract')")
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO documents VALUES ('contract')")
