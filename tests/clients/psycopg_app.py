"""An application of psycopg 3, which prepares a statement after five executions."""

import sys
from datetime import date
from decimal import Decimal

import psycopg

PART, PORT, USER, PASSWORD, DATABASE = sys.argv[1:6]
ROWS = [(i, f"name {i}", Decimal(i) / 4, date(2024, 1, 1)) for i in range(1, 101)]


def connect(**more):
    return psycopg.connect(
        host="127.0.0.1", port=PORT, user=USER, password=PASSWORD, dbname=DATABASE, **more
    )


def write():
    with connect() as connection:
        connection.execute("create table items (id int primary key, name text, price numeric, day date)")
        with connection.cursor() as cursor:
            cursor.executemany("insert into items values (%s, %s, %s, %s)", ROWS[:50])
            with cursor.copy("copy items from stdin") as copy:
                for row in ROWS[50:]:
                    copy.write_row(row)
            assert cursor.execute("select count(*) from items").fetchone() == (100,)
    with connect() as connection:
        try:
            with connection.transaction():
                connection.execute("update items set price = 0")
                raise ArithmeticError
        except ArithmeticError:
            pass
        try:
            connection.execute("insert into items values (1)")
        except psycopg.errors.UniqueViolation:
            connection.rollback()
        with connection.cursor(name="cursor", row_factory=psycopg.rows.tuple_row) as cursor:
            cursor.itersize = 7
            cursor.execute("select * from items order by id")
            assert cursor.fetchall() == ROWS
    with connect(autocommit=True) as connection, connection.pipeline():
        for i in range(1, 21):
            connection.execute("update items set name = name where id = %s", (i,))


def read():
    with connect(autocommit=True) as connection:
        connection.execute("set timezone = 'Asia/Kolkata'")
        for i in range(200):
            wanted = ROWS[i % 100]
            assert connection.execute("select * from items where id = %s", (wanted[0],)).fetchone() == wanted
        for _ in range(20):
            found = connection.execute("select to_char('2024-01-01 00:00Z'::timestamptz, 'HH24:MI') from items limit 1")
            assert found.fetchone() == ("05:30",), "the setting follows to the replica"
        with connection.cursor(binary=True) as cursor:
            for _ in range(40):
                assert cursor.execute("select sum(price) from items").fetchone() == (Decimal("1262.5"),)
        with connection.pipeline():
            found = [connection.execute("select id from items where id = %s", (i,)) for i in range(1, 51)]
        assert [cursor.fetchone()[0] for cursor in found] == list(range(1, 51))


write() if PART == "write" else read()
print("done")
