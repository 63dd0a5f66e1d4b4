/** Failures of PostgreSQL: whether the row or the database is at fault, and what to do. Pure. */
import type { DatabaseError } from 'pg'
import { CONNECTION_ROWS } from '#runtime/operating/servers'
import { NOTHING_YET } from '../storage.ts'

/** Parts of an error of the client or, with a severity, of the server. Its other parts, such as the detail, can contain values of rows. */
export type PostgresError = Error &
  Partial<Pick<DatabaseError, 'code' | 'severity' | 'table' | 'column' | 'constraint' | 'where' | 'routine'>>

/** Time limit of a question, in milliseconds. A person waits for its answer. */
export const READ_MS = 3_000

/** Time limits of the server, in milliseconds. They are shorter than those of the client, so that the server ends a statement first. */
export const SERVER_LIMITS = { lock_timeout: 5_000, statement_timeout: 8_000 }

/**
 * Returns true if the type of a column or a key of ours may refuse a value. Constraints, triggers and changed columns use the same
 * SQLSTATEs, so the values must be tried without the table.
 */
export function canBeOfRow({ code = '', severity }: PostgresError): boolean {
  return severity !== undefined && /^(22|54|23502$)/.test(code)
}

/** SQLSTATEs for which data, a statement or another transaction is at fault, not the session. Source: PostgreSQL, Appendix A. */
const SESSION_STAYS = /^(2[1237]|38|39|4[024](?!501)|53100|54|55006|55P03|57014|P0)/

/**
 * Returns true if an answer of the server ends the use of a session, because another session may be able to serve: its server is
 * read-only, recovers or stops, or its role or database was replaced. After an unknown error it costs one connection.
 */
export function endsSession({ code = '' }: PostgresError): boolean {
  return !SESSION_STAYS.test(code)
}

/** Returns true if rows were refused by an object of the database that the error does not name. */
export function isUnnamed(error: PostgresError): boolean {
  return error.severity !== undefined && findReason(error) === undefined && nameRefusal(error) === undefined
}

/**
 * Returns the reason for a failure, without data.
 *
 * @param user user of the connection
 * @param others objects of the database that Sluice has not made, if the error names none
 */
export function explain(error: PostgresError, user = '', others: readonly string[] = []): string {
  const { code = '', name, severity, where = '' } = error
  const known =
    findReason(error) ?? (severity === undefined && `the statement failed with the code ${code || name}.`)
  if (known) return known.replace('{user}', user)
  const caller = FUNCTION.exec(where.split('\n').at(-1) ?? '')?.[1]
  const refused = nameRefusal(error) ?? `refused by ${[caller ?? 'the database', ...others].join(', ')}`
  const hint =
    code === '42501' ? `Grant ${user} its rights, or the schema sluice.` : 'Undo this change of the database.'
  return `${refused} (SQLSTATE ${code}). The records wait. ${hint}`
}

/** Returns the reason why a question has no answer, without data. */
export function explainRead(error: PostgresError, user = ''): string {
  const { code = '' } = error
  if (/^(42P01|3F000)$/.test(code)) return NOTHING_YET
  if (code === '42501') return `the user ${user} may not read the tables. Grant it the rights of a reader.`
  if (code === '57014') return `the server has not answered within ${READ_MS / 1000} seconds.`
  return explain(error, user).replace(' The records wait.', '')
}

const FUNCTION = /^(?:PL\/\w+|SQL) (function "?[\w.$]+)/

/** Names what refuses rows. A function that raises an error chooses its parts, and statements of functions can contain data. */
function nameRefusal({ code = '', message, table, column, constraint, where, routine }: PostgresError) {
  if (routine === 'exec_stmt_raise') return undefined
  if (constraint ?? column)
    return `refused by ${constraint ? 'constraint' : 'column'} ${constraint ?? column} of table ${table ?? '?'}`
  return where === undefined && /^(0A|42|55)/.test(code) ? message : undefined
}

function findReason({ code = '', message, severity }: PostgresError): string | undefined {
  return REASONS.find(([codes]) => codes.test(code) || (severity === undefined && codes.test(message)))?.[1]
}

/** Reasons for failures other than a refusal, by the SQLSTATE, the code of Node or the message of the client. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^28P01$/, 'the password or the user is wrong. Correct STORAGE_URL and its secret.'],
  [/^28/, 'the server does not accept this user from here. Correct the user in STORAGE_URL, or pg_hba.conf.'],
  [/^3D000$/, 'the database does not exist. Create it, or correct STORAGE_URL.'],
  [/^25006$/, 'the server or the database is read-only. Use the address of the primary server.'],
  [/^53100$/, 'the disk of the server is full. Free it.'],
  [/^53200$/, 'the server has no memory left. Raise its memory, or lower its load.'],
  [/^53300$/, 'the server accepts no more connections. Raise max_connections, or end other sessions.'],
  [/^57P03$/, 'the server is starting or recovering. The records wait.'],
  [/^57P0[14]$/, 'an operator has ended the session, or the server is shutting down. Start it again.'],
  [/^57P02$/, 'the server ended all sessions after a crash. The records wait. Its log has the reason.'],
  [/^(58|XX|F0)/, 'the server reports a fault of its own. Its log has the reason.'],
  [/^08/, 'the server ended the connection. Check its log, and that STORAGE_URL names a PostgreSQL server.'],
  [
    /^55P03$/,
    'another session has locked the table. Find it with pg_blocking_pids(), and end its transaction.',
  ],
  [/^57014$/, `the statement was cancelled, after ${SERVER_LIMITS.statement_timeout / 1000} s or by hand.`],
  [/^40/, 'another transaction was in the way. The records wait.'],
  [/^Query read timeout$/, 'the server has not answered for 10 seconds. The records wait.'],
  [
    /^timeout exceeded when trying to connect$/,
    'other partitions have used all connections for 20 seconds, because the server is slow. The records wait.',
  ],
  [
    /SSL|^(DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_VERIFY|CERT_(?!HAS_EXPIRED|NOT_YET)|ERR_TLS)|certificate(?! has expired| is not yet valid)/,
    'the TLS connection failed. Check sslmode and sslrootcert in STORAGE_URL, and NODE_EXTRA_CA_CERTS.',
  ],
  ...CONNECTION_ROWS.map(([said, happened, todo]): [RegExp, string] => [
    said.source === '(?:)' ? /^ECONN|[Cc]onnection|not queryable/ : said,
    `the server ${happened}. ${todo.replace(' ({start} on this machine)', '').replace('{setting}', 'STORAGE_URL')}`,
  ]),
]
