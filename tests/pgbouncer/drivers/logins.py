"""Logs in by psycopg and asyncpg, with each conninfo that is given, and says as whom, or why not."""

import asyncio
import ssl
import sys

import asyncpg
import psycopg
from psycopg.conninfo import conninfo_to_dict


def by_psycopg(conninfo):
    with psycopg.connect(conninfo, connect_timeout=20) as connection:
        return connection.execute("select current_user").fetchone()[0]


async def by_asyncpg(conninfo):
    words = conninfo_to_dict(conninfo)
    context = False
    if "sslrootcert" in words:
        context = ssl.create_default_context(cafile=words["sslrootcert"])
        if "sslcert" in words:
            context.load_cert_chain(words["sslcert"], words["sslkey"])
    connection = await asyncpg.connect(
        host=words["host"],
        port=int(words["port"]),
        user=words["user"],
        password=words.get("password"),
        database=words["dbname"],
        ssl=context,
        timeout=20,
    )
    try:
        return await connection.fetchval("select current_user")
    finally:
        await connection.close()


def said(log_in):
    try:
        return log_in()
    except (psycopg.Error, asyncpg.PostgresError, OSError) as error:
        return " ".join(f"{getattr(error, 'sqlstate', '')} {error}".split())


for each in sys.argv[1:]:
    print("psycopg:", said(lambda: by_psycopg(each)))
    print("asyncpg:", said(lambda: asyncio.run(by_asyncpg(each))))
