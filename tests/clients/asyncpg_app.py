"""An application of asyncpg, which prepares every statement under a name of its own."""

import asyncio
import sys
from datetime import date
from decimal import Decimal

import asyncpg

PART, PORT, USER, PASSWORD, DATABASE = sys.argv[1:6]
ROWS = [(i, f"name {i}", Decimal(i) / 4, date(2024, 1, 1)) for i in range(1, 101)]
PLACE = {"host": "127.0.0.1", "port": int(PORT), "user": USER, "password": PASSWORD, "database": DATABASE}


async def write():
    connection = await asyncpg.connect(**PLACE)
    await connection.execute("create table items (id int primary key, name text, price numeric, day date)")
    await connection.executemany("insert into items values ($1, $2, $3, $4)", ROWS[:50])
    await connection.copy_records_to_table("items", records=ROWS[50:])
    try:
        async with connection.transaction():
            await connection.execute("update items set price = 0")
            raise ArithmeticError
    except ArithmeticError:
        pass
    try:
        await connection.execute("insert into items values (1)")
    except asyncpg.UniqueViolationError:
        pass
    async with connection.transaction():
        found = [tuple(row) async for row in connection.cursor("select * from items order by id", prefetch=7)]
        assert found == ROWS, found
    heard = asyncio.Queue()
    await connection.add_listener("news", lambda *message: heard.put_nowait(message[3]))
    await connection.execute("notify news, 'hello'")
    assert await asyncio.wait_for(heard.get(), 10) == "hello"
    await connection.close()


async def read():
    async with asyncpg.create_pool(**PLACE, min_size=4, max_size=4) as pool:

        async def work(first):
            async with pool.acquire() as connection:
                for i in range(first, first + 50):
                    wanted = ROWS[i % 100]
                    found = await connection.fetchrow("select * from items where id = $1", wanted[0])
                    assert tuple(found) == wanted, found
                statement = await connection.prepare("select count(*) from items where id <= $1")
                for i in range(1, 26):
                    assert await statement.fetchval(i) == i

        await asyncio.gather(*(work(50 * i) for i in range(4)))


asyncio.run(write() if PART == "write" else read())
print("done")
