// Users and sessions as rows of PostgreSQL, if there is one.
import PostgresAdapter from '@auth/pg-adapter';
import pg from 'pg';

const { DATABASE_URL: connectionString } = process.env;

export const adapter = connectionString ? PostgresAdapter(new pg.Pool({ connectionString })) : undefined;
