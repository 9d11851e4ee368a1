// Sessions as records of a database: the cookie holds an id alone.
import pg from 'pg';

const { DATABASE_URL: connectionString } = process.env;

/** create table auth0_session (id text primary key, sid text, sub text, session jsonb not null) */
function storeOf(pool) {
  return {
    async get(id) {
      const { rows } = await pool.query('select session from auth0_session where id = $1', [id]);
      return rows[0]?.session ?? null;
    },
    async set(id, session) {
      await pool.query(
        `insert into auth0_session (id, sid, sub, session) values ($1, $2, $3, $4)
         on conflict (id) do update set sid = excluded.sid, sub = excluded.sub, session = excluded.session`,
        [id, session.internal.sid, session.user.sub, session],
      );
    },
    /** A session that is renewed while its owner signs out does not come back: false says that it was gone. */
    async update(id, session) {
      const { rowCount } = await pool.query('update auth0_session set session = $2 where id = $1', [id, session]);
      return rowCount > 0;
    },
    async delete(id) {
      await pool.query('delete from auth0_session where id = $1', [id]);
    },
    async deleteByLogoutToken({ sid, sub }) {
      await pool.query('delete from auth0_session where sid = $1 or sub = $2', [sid ?? null, sub ?? null]);
    },
  };
}

export const sessionStore = connectionString ? storeOf(new pg.Pool({ connectionString })) : undefined;
