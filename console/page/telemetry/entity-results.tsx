/** What other consumers know of an entity: rows of tables, and dead letters. */

import type { JSX } from 'preact'
import { buildAddress } from '../client/address.ts'
import { useLive } from '../client/api-queries.ts'
import { QuestionRows } from '../questions/question-list.tsx'
import { RowTable } from '../sql-tables/sql-tables.tsx'

/** Maximum number of tables that are searched, because each is a query. */
const MAX_TABLES = 10

/** Shows the rows whose key is the entity's subject, in each table that has any. */
export function EntityTables({ subject }: { readonly subject: string }): JSX.Element {
  const { answer } = useLive('/tables')
  const names = answer?.rows.flatMap(({ name, state }) => (state === 'active' ? [name] : [])) ?? []
  return (
    <>
      {names.slice(0, MAX_TABLES).map(name => (
        <RowsOfEntity key={name} table={name} subject={subject} />
      ))}
    </>
  )
}

interface RowsProps {
  readonly table: string
  readonly subject: string
}

function RowsOfEntity({ table, subject }: RowsProps): JSX.Element | null {
  const { answer } = useLive('/tables/rows', { table, key: subject })
  // The query also finds keys that contain the subject.
  const keys = answer?.columns.filter(({ isKey }) => isKey) ?? []
  const rows = answer?.rows.filter(({ values }) => keys.some(({ name }) => values[name] === subject)) ?? []
  if (!answer || rows.length === 0) return null
  return (
    <section>
      <h2>
        Table <a href={buildAddress('/tables', { table, key: subject })}>{table}</a>
      </h2>
      <RowTable name={`rows.${table}`} table={table} answer={{ ...answer, rows }} />
    </section>
  )
}

export function EntityDeadLetters({ entity }: { readonly entity: string }): JSX.Element {
  return (
    <section>
      <h2>Dead letters</h2>
      <QuestionRows path="/failures" filter={{ entity }}>
        {({ rows }) =>
          rows.length > 0 && (
            <p>
              <a href={buildAddress('/failures', { entity })}>Redrive or drop its dead letters</a>
            </p>
          )
        }
      </QuestionRows>
    </section>
  )
}
